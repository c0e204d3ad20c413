"""What comes back from an engine."""

from dataclasses import dataclass, field

from bot.domain.picture import Note


@dataclass(frozen=True, slots=True)
class Table:
    """A table read from a picture: rows of cells as written; rows may differ in length."""

    rows: tuple[tuple[str, ...], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """The engine's own counters for one call; ``None`` where it does not count."""

    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    load_seconds: float | None = None
    total_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished, validated answer about one picture."""

    text: str = field(repr=False)
    engine: str
    """Which engine answered: ``ollama`` or ``builtin``."""
    model: str
    tables: tuple[Table, ...] = field(default=(), repr=False)
    decorative: bool = False
    notes: tuple[Note, ...] = ()
    usage: Usage = Usage()
    cached: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of a streamed answer, to be appended to what came before."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reset:
    """What was streamed so far is void: the engine begins again (repair or smaller picture)."""


EngineEvent = TextDelta | Reset | Answer
"""What an engine yields: deltas and resets, then exactly one Answer as the last item."""
