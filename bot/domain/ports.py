"""The seams: what services ask of rooms below them. One real adapter and one fake each."""

import enum
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.domain.answer import Answer, EngineEvent
from bot.domain.picture import Picture, PictureNeeds, PictureRef, Region
from bot.domain.task import Asked, Parameters, TaskName


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What an engine says of itself right now."""

    name: str
    """``ollama`` or ``builtin``."""
    ready: bool
    version: str = ""
    models: tuple[tuple[TaskName, str], ...] = ()
    """Which model answers which task."""
    down_since: datetime | None = None
    last_outage: tuple[datetime, datetime] | None = None
    """Start and end (UTC) of the last outage that is over."""
    standing_in: bool = False
    """Whether a second engine answers some tasks meanwhile."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much the model that answers a Dialogue takes in at once."""

    context_tokens: int
    spare_tokens: int
    """Set aside for what the model may write besides its answer (thoughts)."""
    picture_tokens: Callable[[int, int], int]
    """A safe first estimate of what a still of this width and height costs."""


class Engine(Protocol):
    """Something that can answer a Question."""

    name: str

    def model_for(self, task: TaskName) -> str:
        """Name the model that would answer ``task`` (part of the cache key)."""
        ...

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        """Say what a picture must be for ``task`` and the model that answers it."""
        ...

    def room(self) -> Room | None:
        """Say how much a Dialogue may hold; None for an engine that cannot hold one."""
        ...

    def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        """Yield deltas, then exactly one Answer. Closing the generator stops the engine's work.

        Raises EngineError or CannotAnswer, during iteration.
        """
        ...

    async def status(self) -> EngineStatus:
        """Ask the engine how it is; never raises, within its connect timeout."""
        ...


@runtime_checkable
class ChoosingEngine(Engine, Protocol):
    """An engine that is really several, one of which answers at a given moment."""

    def would_use(self, task: TaskName) -> Engine:
        """Return the engine that would be asked for ``task`` now."""
        ...


class Fetcher(Protocol):
    """Gets the bytes of a picture."""

    async def fetch(self, ref: PictureRef) -> bytes:
        """Return the original bytes, within the byte cap and the deadline.

        Raises HostRefused, PictureTooLarge, PictureGone, NotAPicture, FetchFailed.
        """
        ...


class Preparer(Protocol):
    """Turns original bytes into a Picture, in a process of its own."""

    async def prepare(self, data: bytes, needs: PictureNeeds) -> Picture:
        """Decode, set upright, flatten, scale and encode.

        Raises a PictureError; never anything else for bad bytes.
        """
        ...


class TextFinder(Protocol):
    """Finds where in a picture there is text; reads none of it."""

    async def find_text(self, picture: Picture) -> Region | None:
        """Return the part that holds all the text, with a margin; None where there is none.

        Raises EngineError.
        """
        ...


class WordReader(Protocol):
    """Reads words for rules, not for people."""

    async def words(self, picture: Picture) -> str:
        """Return whatever can be made out, also of a text that as a whole cannot be read.

        Raises EngineError.
        """
        ...


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What makes two questions the same question."""

    picture_sha256: str
    task: TaskName
    task_version: int
    engine: str
    model: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class PostedAnswer:
    """What the buttons under an answer need to work after a restart. No pixels, no answer text."""

    id: int
    task: TaskName
    parameters: Parameters
    sources: tuple[PictureRef, ...]
    asker_id: int
    guild_id: int | None
    private: bool
    created_at: datetime
    expires_at: datetime


class AnswerStore(Protocol):
    """Finished answers per picture, with an expiry."""

    async def get(self, key: AnswerKey) -> Answer | None:
        """Return the kept answer with ``cached=True``, or None when absent or expired."""
        ...

    async def put(self, key: AnswerKey, answer: Answer) -> None:
        """Keep ``answer`` until the store's retention is over; replaces an older one."""
        ...


class PostedAnswerStore(Protocol):
    """What was posted, for the buttons."""

    async def add(self, posted: PostedAnswer) -> None:
        """Keep ``posted``; its ``id`` is new."""
        ...

    async def get(self, posted_id: int) -> PostedAnswer | None:
        """Return it, or None when unknown or expired."""
        ...

    async def delete(self, posted_id: int) -> None:
        """Forget one; unknown ids are fine."""
        ...

    async def delete_person(self, person_id: int) -> int:
        """Forget everything ``person_id`` asked; return how many."""
        ...

    async def delete_guild(self, guild_id: int) -> int:
        """Forget everything asked in a server; return how many."""
        ...


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, for fairness and limits. Ids only."""

    person_id: int
    guild_id: int | None = None


@dataclass(frozen=True, slots=True)
class GateState:
    """How busy the one door to the engine is."""

    running: int
    waiting: int
    capacity: int
    queue_limit: int
    places: dict[int, int] = field(default_factory=dict)
    """Best place in the queue (1 = next) per waiting person."""


class Priority(enum.Enum):
    """Whether a person is looking at the clock."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


class Gate(Protocol):
    """The one door to the engine: order, fairness, limits."""

    def charge(self, asker: Asker, pictures: int = 1) -> None:
        """Count ``pictures`` against the asker's limits; raises RateLimited, then counts none."""
        ...

    def admit(
        self,
        asker: Asker,
        *,
        priority: Priority = Priority.INTERACTIVE,
        on_place: Callable[[int], None] | None = None,
        on_wanted: Callable[[], None] | None = None,
    ) -> AbstractAsyncContextManager[None]:
        """Wait for a turn and hold it; ``on_place`` hears each new place (1 = next).

        ``on_wanted`` is called, at most once, when a person begins to wait for what this BACKGROUND
        request holds: it may give way by leaving the block early.

        Raises QueueFull at once, and Interrupted when the gate closes.
        """
        ...

    def state(self) -> GateState:
        """Say how busy the door is."""
        ...
