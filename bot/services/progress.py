"""How far the pictures of a request have come."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.answer import Answer
from bot.domain.errors import LookoutError
from bot.domain.picture import Picture


class Stage(enum.StrEnum):
    """The stages of one picture or one turn, in order."""

    FETCHING = "fetching"
    FOLLOWING = "following"
    """Waits for the answer before this one in the conversation."""
    WAITING = "waiting"
    LOOKING = "looking"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture and the answer about it."""

    picture: Picture
    answer: Answer


Outcome = Seen | LookoutError


@dataclass(frozen=True, slots=True)
class Part:
    """The state of one picture; ``place`` is its place in the queue, 1 for the next."""

    stage: Stage = Stage.FETCHING
    place: int | None = None
    text: str = field(default="", repr=False)
    outcome: Outcome | None = None


Report = Callable[[tuple[Part, ...]], None]
"""Hears the state of every picture whenever one changes; must return at once."""
