"""Work that must not be lost: the seam to a queue. Our own table fills it, a broker could."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


class JobKind(enum.StrEnum):
    """What is to be done; each names its subject by id."""

    SCREEN = "screen"
    """Fetch an upload, prepare it, and do all that needs no model."""
    JUDGE = "judge"
    """Ask the model about a screened upload, and decide."""
    ACT = "act"
    """Carry out one action of a case."""
    CARD = "card"
    """Post a case's card, or bring it up to date."""


@dataclass(frozen=True, slots=True)
class Job:
    """Claimed work. ``attempts`` counts this one; ``serial`` grows when it is asked for again."""

    id: int
    kind: JobKind
    subject_id: int
    attempts: int = 1
    serial: int = 0


class JobQueue(Protocol):
    """At least once, by lease. Every method raises StorageFailed.

    Whatever was claimed stays leased while the queue is open: the queue itself renews leases. A
    job whose worker died is claimed again once its lease is over.
    """

    async def enqueue(self, kind: JobKind, subject_id: int, *, priority: int = 0) -> None:
        """Ask for work; for what waits already, the higher priority holds.

        What is under way is done once more afterwards.
        """
        ...

    async def claim(
        self,
        kinds: Collection[JobKind],
        limit: int,
        *,
        oldest_first: bool = False,
        wait_seconds: float = 0.0,
    ) -> tuple[Job, ...]:
        """Lease up to ``limit`` jobs: highest priority first, then newest (or oldest) first.

        Waits up to ``wait_seconds`` until there is one.
        """
        ...

    async def done(self, job: Job) -> None:
        """Remove it, unless it was asked for again meanwhile."""
        ...

    async def fail(self, job: Job, *, retry_in: timedelta | None, is_attempt: bool = True) -> None:
        """Give it back, to be claimed after ``retry_in``; None lets it rest as dead.

        ``is_attempt=False`` (an outage, a shutdown) leaves its attempts as they were.
        """
        ...

    async def pending(self) -> int:
        """Return how many jobs wait or are under way; those at rest as dead do not count."""
        ...
