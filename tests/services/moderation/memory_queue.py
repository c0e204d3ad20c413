"""A queue in memory, as simple as its contract allows."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.errors import StorageFailed
from bot.domain.moderation.jobs import Job, JobKind
from tests.services.moderation.virtual import virtual_now


@dataclass
class Outage:
    """Whether the database works; everything in memory asks here first."""

    reason: str | None = None

    def check(self) -> None:
        if self.reason is not None:
            raise StorageFailed(self.reason)


@dataclass
class _Row:
    id: int
    kind: JobKind
    subject_id: int
    priority: int
    run_at: datetime
    enqueued_at: datetime
    attempts: int = 0
    serial: int = 0
    running: bool = False
    dead: bool = False


@dataclass
class MemoryQueue:
    """Leases never end: a test says when a worker died (``abandon``)."""

    outage: Outage = field(default_factory=Outage)
    rows: dict[tuple[JobKind, int], _Row] = field(default_factory=dict)
    claimed: list[Job] = field(default_factory=list)
    deaths: Counter[JobKind] = field(default_factory=Counter)
    """How often a worker still dies when it would say that such a job is done."""
    _ids: int = 0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def enqueue(self, kind: JobKind, subject_id: int, *, priority: int = 0) -> None:
        self.outage.check()
        self.add(kind, subject_id, priority=priority)

    def add(self, kind: JobKind, subject_id: int, *, priority: int = 0) -> None:
        row = self.rows.get((kind, subject_id))
        now = virtual_now()
        if row is None:
            self._ids += 1
            row = _Row(self._ids, kind, subject_id, priority, now, now)
            self.rows[kind, subject_id] = row
        else:
            row.priority = max(row.priority, priority)
            row.serial += 1
            if row.dead:
                row.dead, row.run_at, row.attempts = False, now, 0
        self.wake()

    def wake(self) -> None:
        self._woken.set()
        self._woken = asyncio.Event()

    async def claim(
        self,
        kinds: Collection[JobKind],
        limit: int,
        *,
        oldest_first: bool = False,
        wait_seconds: float = 0.0,
    ) -> tuple[Job, ...]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while True:
            self.outage.check()
            woken = self._woken
            jobs = self._take(kinds, limit, oldest_first=oldest_first)
            left = deadline - loop.time()
            if jobs or left <= 0:
                return jobs
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._ready_in(kinds))):
                    await woken.wait()

    def _take(
        self, kinds: Collection[JobKind], limit: int, *, oldest_first: bool
    ) -> tuple[Job, ...]:
        now = virtual_now()
        ready = [
            row
            for row in self.rows.values()
            if row.kind in kinds and not row.running and not row.dead and row.run_at <= now
        ]
        if oldest_first:
            ready.sort(key=lambda row: row.id)
        else:
            ready.sort(key=lambda row: (-row.priority, -row.id))
        jobs = []
        for row in ready[:limit]:
            row.running = True
            row.attempts += 1
            jobs.append(Job(row.id, row.kind, row.subject_id, row.attempts, row.serial))
        self.claimed += jobs
        return tuple(jobs)

    def _ready_in(self, kinds: Collection[JobKind]) -> float:
        """Return in how many seconds the next of what waits for its time is ready."""
        waits = [
            (row.run_at - virtual_now()).total_seconds()
            for row in self.rows.values()
            if row.kind in kinds and not row.running and not row.dead
        ]
        return max(0.001, min(waits, default=3600.0))

    async def done(self, job: Job) -> None:
        self.outage.check()
        if self.deaths[job.kind]:
            self.deaths[job.kind] -= 1
            raise asyncio.CancelledError
        row = self.rows[job.kind, job.subject_id]
        if row.serial == job.serial:
            del self.rows[job.kind, job.subject_id]
        else:
            row.running, row.attempts, row.run_at = False, 0, virtual_now()
        self.wake()

    async def fail(self, job: Job, *, retry_in: timedelta | None, is_attempt: bool = True) -> None:
        self.outage.check()
        row = self.rows[job.kind, job.subject_id]
        row.running = False
        row.attempts -= 0 if is_attempt else 1
        row.dead = retry_in is None and row.serial == job.serial
        row.run_at = virtual_now() + (retry_in or timedelta())
        self.wake()

    async def pending(self) -> int:
        self.outage.check()
        return sum(not row.dead for row in self.rows.values())

    def abandon(self) -> None:
        """Let every lease lapse: whoever held one died."""
        for row in self.rows.values():
            row.running = False
