"""What a case is: a way in which Ollama fails, with the error that has to come of it."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.errors import EngineError
from bot.domain.task import Question
from tests.vision.imitation.questions import question
from tests.vision.imitation.server import MODEL, ImitationOllama, Reply

FIRST_WORD_SECONDS = 0.2
NEXT_WORD_SECONDS = 0.1
STOPPED = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal "
    "error, check ollama server logs for details"
)
_DESCRIBE = question()


@dataclass(frozen=True)
class Case:
    """What the server does, in words and in deed, and what becomes of it."""

    name: str
    does: str
    expected: EngineError
    prepare: Callable[[ImitationOllama], None]
    model: str = MODEL
    asked: Question = _DESCRIBE
    impatient: bool = False


def chat(*replies: Reply) -> Callable[[ImitationOllama], None]:
    """Reply so to the next chats."""
    return lambda server: server.chats.extend(replies)


def path(name: str, reply: Reply) -> Callable[[ImitationOllama], None]:
    """Reply so whenever ``name`` is asked for."""
    return lambda server: server.overrides.update({name: reply})


def hangs(*lines: bytes) -> Callable[[ImitationOllama], None]:
    """Send ``lines`` to the next chat and then nothing more."""
    return lambda server: server.chats.append(server.hangs(*lines))


def nothing(_: ImitationOllama) -> None:
    """Leave the server as it is: the model is the matter."""
