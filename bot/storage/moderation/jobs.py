"""Work that must not be lost, in a table of our own database."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import structlog
from sqlalchemy import ColumnElement, Update, and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.clock import utc_now
from bot.domain.errors import StorageFailed
from bot.domain.moderation.jobs import Job, JobKind, JobQueue
from bot.storage.database import Database
from bot.storage.moderation_tables import JobRow, JobState

_log = structlog.get_logger(__name__)

RENEWALS_PER_LEASE = 3
"""How often a lease is renewed before it would end: two may fail."""

NOBODY = ""
"""The holder of what nobody has leased."""

_ONE_LESS = JobRow.attempts - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Work to ask for. ``since`` says what is newer and older, where that is not the moment."""

    subject_id: int
    priority: int = 0
    since: datetime | None = None


async def enqueue_in(
    session: AsyncSession,
    database: Database,
    kind: JobKind,
    subject_id: int,
    *,
    priority: int = 0,
    now: datetime,
) -> None:
    """Ask for work within a transaction that is open; call the queue's ``wake`` after it."""
    await enqueue_all_in(session, database, kind, [Wanted(subject_id, priority)], now=now)


async def enqueue_all_in(
    session: AsyncSession,
    database: Database,
    kind: JobKind,
    wanted: Iterable[Wanted],
    *,
    now: datetime,
) -> None:
    """Ask for any amount of work of a kind, each subject once.

    What waits already keeps its time and the higher priority; what is under way is done once more;
    what rests as dead begins anew.
    """
    rows = [
        {
            "kind": kind,
            "subject_id": one.subject_id,
            "state": JobState.QUEUED,
            "priority": one.priority,
            "run_at": now,
            "enqueued_at": now if one.since is None else min(one.since, now),
            "attempts": 0,
            "serial": 0,
            "holder": NOBODY,
        }
        # Always in one order: else two that ask for the same could wait for one another.
        for one in sorted(wanted, key=lambda one: one.subject_id)
    ]
    if not rows:
        return
    asked = database.insert(JobRow)
    dead = JobRow.state == JobState.DEAD
    lower = JobRow.priority < asked.excluded.priority
    anew = {
        "priority": case((lower, asked.excluded.priority), else_=JobRow.priority),
        "serial": JobRow.serial + 1,
        "state": case((dead, JobState.QUEUED), else_=JobRow.state),
        "run_at": case((dead, asked.excluded.run_at), else_=JobRow.run_at),
        "attempts": case((dead, 0), else_=JobRow.attempts),
    }
    key = [JobRow.kind, JobRow.subject_id]
    await session.execute(asked.on_conflict_do_update(index_elements=key, set_=anew), rows)


class SqlJobQueue(JobQueue):
    """Leases rows; open it by ``async with``, which renews its leases and at the end returns them.

    Several may share a database. A lease is a time in the row: one that has passed makes the job
    ready again, so nobody has to clear up after a process that died. On SQLite, where one process
    has the file, whatever is leased when a queue is opened is left from one that died, and freed.

    ``clock`` gives UTC times; those of all processes should agree within a fraction of
    ``lease_seconds``. ``poll_seconds`` is how soon it sees what other processes asked for.
    """

    def __init__(
        self,
        database: Database,
        *,
        lease_seconds: float = 60.0,
        poll_seconds: float = 1.0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._lease = timedelta(seconds=lease_seconds)
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._holder = secrets.token_hex(16)
        self._out: dict[int, Job] = {}
        """What it handed out and has not heard of since. A lease of ours on anything else is one
        whose claim nobody heard the answer to: it has to end, or the job would rest for ever."""
        self._woken = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None
        self._took_over = False

    async def __aenter__(self) -> Self:
        """Begin to renew leases."""
        self._renewing = asyncio.create_task(self._renew_for_ever(), name="job-leases")
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing
        self._out.clear()
        try:
            await self._free(self._held(), attempts=_ONE_LESS)
        except StorageFailed as error:  # their leases end by themselves
            _log.warning("jobs_not_returned", reason=error.reason)

    def wake(self) -> None:
        """Let whoever waits in ``claim`` look again."""
        self._woken.set()
        self._woken = asyncio.Event()

    async def enqueue(self, kind: JobKind, subject_id: int, *, priority: int = 0) -> None:
        """Ask for work; for what waits already, the higher priority holds."""
        async with self._database.writing() as session:
            await enqueue_in(
                session, self._database, kind, subject_id, priority=priority, now=self._clock()
            )
        self.wake()

    async def claim(
        self,
        kinds: Collection[JobKind],
        limit: int,
        *,
        oldest_first: bool = False,
        wait_seconds: float = 0.0,
    ) -> tuple[Job, ...]:
        """Lease up to ``limit`` jobs: highest priority first, then newest (or oldest) first.

        Who claims first on SQLite takes over what another process had: one works at a time there.
        A command that opens the database beside it claims nothing, and takes nothing over.
        """
        if not self._took_over:
            if self._database.path is not None:
                others = JobRow.holder != self._holder
                await self._free(and_(JobRow.state == JobState.RUNNING, others))
            self._took_over = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while True:
            woken = self._woken  # before looking, so that nothing comes in between unheard
            jobs = await self._lease_or_return(kinds, limit, oldest_first=oldest_first)
            left = deadline - loop.time()
            if jobs or left <= 0:
                return jobs
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._poll_seconds)):
                    await woken.wait()

    async def done(self, job: Job) -> None:
        """Remove it, unless it was asked for again meanwhile."""
        ours = and_(JobRow.id == job.id, self._held())
        async with self._database.writing() as session:
            gone = await session.execute(
                delete(JobRow).where(ours, JobRow.serial == job.serial).returning(JobRow.id)
            )
            if gone.first() is None:
                await session.execute(self._freeing(ours, attempts=0))
        self._heard_of(job)
        self.wake()

    async def fail(self, job: Job, *, retry_in: timedelta | None, is_attempt: bool = True) -> None:
        """Give it back, to be claimed after ``retry_in``; None lets it rest as dead.

        One that was asked for again meanwhile does not rest: it is ready at once.
        """
        now = self._clock()
        again = JobRow.serial != job.serial
        values: dict[str, Any] = {
            "holder": NOBODY,
            "state": JobState.QUEUED,
            "run_at": now + (retry_in or timedelta()),
            "attempts": JobRow.attempts if is_attempt else _ONE_LESS,
        }
        if retry_in is None:
            values["state"] = case((again, JobState.QUEUED), else_=JobState.DEAD)
            values["attempts"] = case((again, 0), else_=values["attempts"])
        async with self._database.writing() as session:
            await session.execute(
                update(JobRow).where(JobRow.id == job.id, self._held()).values(values)
            )
        self._heard_of(job)
        if retry_in is None:
            _log.warning("job_dead", kind=job.kind, subject=job.subject_id, attempts=job.attempts)
        if not retry_in:
            self.wake()

    async def renew(self) -> None:
        """Put off the end of every lease it holds."""
        ours = and_(self._held(), JobRow.id.in_(self._out))
        mine = select(JobRow.id).where(ours).with_for_update(skip_locked=True)
        async with self._database.writing() as session:
            until = self._clock() + self._lease
            await session.execute(update(JobRow).where(JobRow.id.in_(mine)).values(run_at=until))

    async def counts(self) -> Mapping[tuple[JobKind, JobState], int]:
        """Return how many jobs there are of each kind and state; those DEAD want a look."""
        question = select(JobRow.kind, JobRow.state, func.count()).group_by(
            JobRow.kind, JobRow.state
        )
        async with self._database.reading() as session:
            return {(kind, state): count for kind, state, count in await session.execute(question)}

    async def pending(self) -> int:
        """Return how many jobs wait or are under way."""
        return sum(
            count for (_, state), count in (await self.counts()).items() if state != JobState.DEAD
        )

    async def _lease_or_return(
        self, kinds: Collection[JobKind], limit: int, *, oldest_first: bool
    ) -> tuple[Job, ...]:
        """Lease what is ready; where nobody waits for it any more, give it back."""
        leasing = asyncio.create_task(self._lease_ready(kinds, limit, oldest_first=oldest_first))
        try:
            return await asyncio.shield(leasing)
        except asyncio.CancelledError:
            with suppress(StorageFailed):
                leased = [job.id for job in await leasing]
                for job_id in leased:
                    self._out.pop(job_id, None)
                await self._free(and_(JobRow.id.in_(leased), self._held()), attempts=_ONE_LESS)
            raise

    async def _lease_ready(
        self, kinds: Collection[JobKind], limit: int, *, oldest_first: bool
    ) -> tuple[Job, ...]:
        now = self._clock()
        age = (
            (JobRow.enqueued_at, JobRow.id)
            if oldest_first
            else (JobRow.priority.desc(), JobRow.enqueued_at.desc(), JobRow.id.desc())
        )
        # A common table expression: PostgreSQL may run a subquery twice and lock too many. SQLite
        # has one writer, and SQLAlchemy leaves out FOR UPDATE there.
        ready = (
            select(JobRow.id)
            .where(
                JobRow.kind.in_(kinds),
                JobRow.state != JobState.DEAD,
                JobRow.run_at <= now,
                # Ours while we are at it, however late.
                or_(JobRow.holder != self._holder, JobRow.id.not_in(self._out)),
            )
            .order_by(*age)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("ready")
        )
        claimed = (
            update(JobRow)
            .where(JobRow.id.in_(select(ready.c.id)))
            .values(
                state=JobState.RUNNING,
                holder=self._holder,
                run_at=now + self._lease,
                attempts=JobRow.attempts + 1,
            )
            .returning(JobRow)
        )
        async with self._database.writing() as session:
            rows = list(await session.scalars(claimed))
        if oldest_first:
            rows.sort(key=lambda row: (row.enqueued_at, row.id))
        else:
            rows.sort(key=lambda row: (row.priority, row.enqueued_at, row.id), reverse=True)
        jobs = tuple(
            Job(row.id, row.kind, row.subject_id, row.attempts, row.serial) for row in rows
        )
        self._out.update((job.id, job) for job in jobs)
        return jobs

    def _heard_of(self, job: Job) -> None:
        if self._out.get(job.id) is job:  # not what came of it since
            del self._out[job.id]

    async def _renew_for_ever(self) -> None:
        pause_seconds = self._lease.total_seconds() / RENEWALS_PER_LEASE
        while True:
            await asyncio.sleep(pause_seconds)
            try:
                await self.renew()
            except StorageFailed as error:
                _log.warning("leases_not_renewed", reason=error.reason)

    def _held(self) -> ColumnElement[bool]:
        return and_(JobRow.holder == self._holder, JobRow.state == JobState.RUNNING)

    async def _free(self, which: ColumnElement[bool], **values: Any) -> None:
        async with self._database.writing() as session:
            await session.execute(self._freeing(which, **values))

    def _freeing(self, which: ColumnElement[bool], **values: Any) -> Update:
        """Make what was leased ready."""
        values |= {"state": JobState.QUEUED, "holder": NOBODY, "run_at": self._clock()}
        return update(JobRow).where(which).values(values)
