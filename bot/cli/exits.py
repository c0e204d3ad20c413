"""How a command ends, and how it says what went wrong."""

import enum
from dataclasses import dataclass

from bot.cli.files import FileUnreadable
from bot.domain.errors import EngineError, LookoutError, ModelMissing, ServiceError, StorageFailed
from bot.storage.trouble import ADVICE, trouble_sentence
from bot.ui.sentences import sentence


class Exit(enum.IntEnum):
    """Exit codes; the higher one wins where several apply."""

    OK = 0
    PICTURE = 1
    USAGE = 2
    CONFIGURATION = 3
    SERVICE = 4
    INTERRUPTED = 130


@dataclass(eq=False)
class DiscordUnreachable(ServiceError):
    """Discord did not answer when the bot wanted to log in."""


@dataclass(eq=False)
class OllamaUnreachable(ServiceError):
    """Nothing answered at ``host`` when Ollama's own models were asked for."""

    host: str


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
        case DiscordUnreachable():
            return "Discord cannot be reached from here. `python -m bot doctor` finds out more."
        case OllamaUnreachable():
            return (
                f"No Ollama answers at {error.host}. Start it with `ollama serve`, or set "
                "vision.host."
            )
        case StorageFailed():
            return f"The database does not work. {trouble_sentence(error.reason)} {ADVICE}"
        case _:
            more = " `python -m bot doctor` finds out more." * isinstance(error, EngineError)
            return sentence(error, "en-US") + more
