"""How a command ends, and how it says what went wrong."""

import enum

from bot.cli.files import FileUnreadable
from bot.domain.errors import EngineError, LookoutError, ModelMissing
from bot.ui.sentences import sentence


class Exit(enum.IntEnum):
    """Exit codes; the higher one wins where several apply."""

    OK = 0
    PICTURE = 1
    USAGE = 2
    CONFIGURATION = 3
    SERVICE = 4
    INTERRUPTED = 130


def say(error: LookoutError) -> str:
    """Put an error into words for the operator."""
    match error:
        case FileUnreadable():
            return f"The file cannot be read: {error.reason}."
        case ModelMissing():
            return (
                f"The model {error.model} is not installed. Install it with "
                f"`python -m bot models pull {error.model}`."
            )
        case EngineError():
            return f"{sentence(error, 'en-US')} `python -m bot doctor` finds out more."
        case _:
            return sentence(error, "en-US")
