"""The queue beside a model of it: whatever is done in whatever order, both say the same."""

import asyncio
import shutil
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from bot.domain.moderation.jobs import Job, JobKind
from bot.storage.database import Database
from bot.storage.moderation.jobs import SqlJobQueue
from bot.storage.moderation_tables import JobRow, JobState
from tests.storage.fakes import HandClock
from tests.storage.postgres import Postgres

T = TypeVar("T")

LEASE = timedelta(seconds=60)
KINDS = (JobKind.SCREEN, JobKind.JUDGE)
QUEUES = (0, 1)
"""Two are open at a time, as if in two processes."""

queues = st.sampled_from(QUEUES)
kinds = st.sampled_from(KINDS)
wanted_kinds = st.sampled_from([(JobKind.SCREEN,), (JobKind.JUDGE,), KINDS])
subjects = st.integers(1, 4)
places = st.integers(0, 7)


@dataclass
class Modelled:
    """A job as it should be."""

    place: int
    """In the order in which they were asked for first."""
    kind: JobKind
    subject_id: int
    priority: int
    run_at: datetime
    enqueued_at: datetime
    state: JobState = JobState.QUEUED
    attempts: int = 0
    serial: int = 0
    holder: int | None = None

    def free(self, now: datetime) -> None:
        self.state, self.holder, self.run_at = JobState.QUEUED, None, now


class Machine(RuleBasedStateMachine):
    """Two queues, a clock, and people who ask for work, do it, fail, die and come back."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self.clock = HandClock()
        self.database = Database(url)
        self.one_process = self.database.path is not None
        self.jobs: dict[tuple[JobKind, int], Modelled] = {}
        self.made = 0
        self.holders = 0
        self.run(self.empty())
        self.queue: list[SqlJobQueue] = []
        self.holder: list[int] = []
        self.claimed: list[list[tuple[Job, Modelled]]] = [[], []]
        for place in QUEUES:
            self.queue.append(self.open())
            self.holder.append(place)
        self.holders = len(QUEUES)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    async def empty(self) -> None:
        async with self.database.writing() as session:
            for row in await session.scalars(select(JobRow)):
                await session.delete(row)

    def open(self) -> SqlJobQueue:
        queue = SqlJobQueue(self.database, lease_seconds=LEASE.total_seconds(), clock=self.clock)
        if self.one_process:
            for job in self.jobs.values():
                if job.state is JobState.RUNNING:
                    job.free(self.clock())
        opened = self.run(queue.__aenter__())
        self.run(opened.claim((), 1))  # who claims first takes over what another process had
        return opened

    def teardown(self) -> None:
        for queue in self.queue:
            self.run(queue.__aexit__())
        self.run(self.database.__aexit__())

    @initialize(priorities=st.lists(st.integers(0, 2), min_size=3, max_size=3))
    def begin(self, priorities: list[int]) -> None:
        for subject_id, priority in enumerate(priorities, start=1):
            self.ask(JobKind.JUDGE, subject_id, priority)

    @rule(kind=kinds, subject_id=subjects, priority=st.integers(0, 2))
    def ask(self, kind: JobKind, subject_id: int, priority: int) -> None:
        self.run(self.queue[0].enqueue(kind, subject_id, priority=priority))
        job, now = self.jobs.get((kind, subject_id)), self.clock()
        if job is None:
            self.made += 1
            self.jobs[kind, subject_id] = Modelled(self.made, kind, subject_id, priority, now, now)
            return
        job.priority = max(job.priority, priority)
        job.serial += 1
        if job.state is JobState.DEAD:
            job.state, job.run_at, job.attempts = JobState.QUEUED, now, 0

    @rule(place=queues, wanted=wanted_kinds, limit=st.integers(1, 4), oldest=st.booleans())
    def claim(self, place: int, wanted: Sequence[JobKind], limit: int, oldest: bool) -> None:
        now, me = self.clock(), self.holder[place]
        ready = [
            job
            for job in self.jobs.values()
            if job.kind in wanted
            and job.state is not JobState.DEAD
            and job.run_at <= now
            and job.holder != me
        ]
        if oldest:
            ready.sort(key=lambda job: (job.enqueued_at, job.place))
        else:
            ready.sort(key=lambda job: (job.priority, job.enqueued_at, job.place), reverse=True)
        expected = ready[:limit]
        for job in expected:
            job.state, job.holder, job.run_at = JobState.RUNNING, me, now + LEASE
            job.attempts += 1

        claimed = self.run(self.queue[place].claim(wanted, limit, oldest_first=oldest))

        assert [(job.kind, job.subject_id, job.attempts, job.serial) for job in claimed] == [
            (job.kind, job.subject_id, job.attempts, job.serial) for job in expected
        ]
        self.claimed[place] += zip(claimed, expected, strict=True)

    @precondition(lambda self: any(self.claimed))
    @rule(which=places)
    def done(self, which: int) -> None:
        place, job, modelled = self.take(which)
        self.run(self.queue[place].done(job))
        if self.holds(place, modelled):
            if modelled.serial == job.serial:
                del self.jobs[job.kind, job.subject_id]
            else:
                modelled.free(self.clock())
                modelled.attempts = 0

    @precondition(lambda self: any(self.claimed))
    @rule(which=places, retry_seconds=st.sampled_from([None, 0, 30]), is_attempt=st.booleans())
    def fail(self, which: int, retry_seconds: int | None, is_attempt: bool) -> None:
        place, job, modelled = self.take(which)
        retry_in = None if retry_seconds is None else timedelta(seconds=retry_seconds)
        self.run(self.queue[place].fail(job, retry_in=retry_in, is_attempt=is_attempt))
        if not self.holds(place, modelled):
            return
        modelled.free(self.clock() + (retry_in or timedelta()))
        if not is_attempt:
            modelled.attempts -= 1
        if retry_in is None:
            if modelled.serial != job.serial:
                modelled.attempts = 0
            else:
                modelled.state = JobState.DEAD

    @rule(place=queues)
    def renew(self, place: int) -> None:
        self.run(self.queue[place].renew())
        for job in self.jobs.values():
            if job.holder == self.holder[place]:
                job.run_at = self.clock() + LEASE

    @rule(place=queues, politely=st.booleans())
    def restart(self, place: int, politely: bool) -> None:
        """Close a queue and open another in its place; or let its process die."""
        if politely:
            self.run(self.queue[place].__aexit__())
            for job in self.jobs.values():
                if job.holder == self.holder[place]:
                    job.free(self.clock())
                    job.attempts -= 1
        else:
            renewing = self.queue[place]._renewing
            assert renewing is not None
            renewing.cancel()
        self.claimed[place].clear()
        self.queue[place] = self.open()
        self.holder[place] = self.holders
        self.holders += 1

    @rule(seconds=st.sampled_from([1, 29, 30, 61]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @invariant()
    def the_table_says_what_the_model_says(self) -> None:
        async def rows() -> list[JobRow]:
            async with self.database.reading() as session:
                return list(await session.scalars(select(JobRow).order_by(JobRow.id)))

        def described(job: JobRow | Modelled) -> tuple[Any, ...]:
            lasts = job.run_at
            return (
                *(job.kind, job.subject_id, job.state, job.priority),
                *(lasts, job.enqueued_at, job.attempts, job.serial),
            )

        expected = sorted(self.jobs.values(), key=lambda job: job.place)
        found = self.run(rows())
        assert [described(job) for job in found] == [described(job) for job in expected]
        assert [bool(row.holder) for row in found] == [job.holder is not None for job in expected]
        pending = sum(job.state is not JobState.DEAD for job in expected)
        assert self.run(self.queue[0].pending()) == pending

    def take(self, which: int) -> tuple[int, Job, Modelled]:
        """Return one of the jobs that were claimed and not ended yet, be its lease over."""
        open_ones = [(place, one) for place in QUEUES for one in self.claimed[place]]
        place, one = open_ones[which % len(open_ones)]
        self.claimed[place].remove(one)
        return place, *one

    def holds(self, place: int, job: Modelled) -> bool:
        current = self.jobs.get((job.kind, job.subject_id))
        return current is job and job.holder == self.holder[place]


def try_out(url: str, examples: int) -> None:
    loop = asyncio.new_event_loop()
    try:
        run_state_machine_as_test(
            lambda: Machine(url, loop),  # type: ignore[arg-type]  # any callable will do
            settings=settings(
                max_examples=examples,
                stateful_step_count=40,
                phases=[Phase.generate],  # to shrink a failure takes minutes on a database
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.close()


def test_on_sqlite(tmp_path: Path, migrated_sqlite: Path) -> None:
    path = shutil.copy(migrated_sqlite, tmp_path / "lookout.sqlite3")

    try_out(f"sqlite:///{path}", examples=20)


def test_on_postgresql(postgres: Postgres, migrated_postgres: str) -> None:
    url = postgres.create("jobs_stateful", template=migrated_postgres)

    try_out(url, examples=20)

    postgres.drop("jobs_stateful")
