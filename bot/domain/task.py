"""What is asked of an engine: a task, its parameters and the pictures it is about."""

import enum
from dataclasses import dataclass, field

from bot.domain.picture import Picture


class TaskName(enum.StrEnum):
    """The tasks Lookout knows; each is one file in ``bot.tasks``."""

    DESCRIBE = "describe"
    ALT = "alt"
    OCR = "ocr"
    ASK = "ask"
    MODERATE = "moderate"


class Detail(enum.StrEnum):
    """How much a description says."""

    BRIEF = "brief"
    STANDARD = "standard"
    DETAILED = "detailed"


class Layout(enum.StrEnum):
    """How read text is laid out."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a person chose. ``language`` is a Discord locale (``en-US``, ``ja``, ``zh-CN`` …).

    An empty ``language`` means that of the question (ASK only).

    ``focus`` is what to look at most, in the person's words; ``text_language`` is the language the
    text in the picture is believed to be in (OCR only).
    """

    language: str = "en-US"
    detail: Detail = Detail.STANDARD
    layout: Layout = Layout.PLAIN
    focus: str = field(default="", repr=False)
    text_language: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One call of an engine: a task about one picture (still or animation)."""

    task: TaskName
    parameters: Parameters
    picture: Picture
    seed: int | None = None


class Speaker(enum.StrEnum):
    """Who says a line of a dialogue."""

    PERSON = "person"
    LOOKOUT = "lookout"


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in a dialogue under the name the model knows it by (``Picture 3``)."""

    name: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a dialogue: its pictures, then its words. It never changes again."""

    speaker: Speaker
    text: str = field(repr=False)
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One call of an engine: a conversation so far, ending with what a person asks now."""

    parameters: Parameters
    lines: tuple[Line, ...]
    seed: int | None = None
    task: TaskName = field(default=TaskName.ASK, init=False)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule that a picture is held against: its name, and what it says.

    ``quoted`` says that people of a server wrote it: it is data then, and no instruction.
    """

    name: str
    text: str = field(repr=False)
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """One call of an engine: which of all rules a picture breaks, seen with its message."""

    criteria: tuple[Criterion, ...]
    picture: Picture
    text: str = field(default="", repr=False)
    """What the message around the picture says."""
    age_restricted: bool = False
    """Whether only adults can open the place where it was posted."""
    seed: int | None = None
    parameters: Parameters = field(default=Parameters(), init=False)
    task: TaskName = field(default=TaskName.MODERATE, init=False)


Asked = Question | Dialogue | Review
"""What an engine can be asked."""
