"""The queue: nothing is lost, nothing is under way twice, everything comes in its order."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import StorageFailed
from bot.domain.moderation.jobs import Job, JobKind, JobQueue
from bot.storage.database import Database
from bot.storage.moderation.jobs import SqlJobQueue, Wanted, enqueue_all_in
from bot.storage.moderation_tables import JobRow, JobState
from tests.storage.fakes import HandClock

ALL = tuple(JobKind)
LEASE_SECONDS = 60.0


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def new_queue(database: Database, clock: HandClock, poll_seconds: float = 1.0) -> SqlJobQueue:
    return SqlJobQueue(
        database, lease_seconds=LEASE_SECONDS, poll_seconds=poll_seconds, clock=clock
    )


@pytest.fixture
async def queue(database: Database, clock: HandClock) -> AsyncIterator[SqlJobQueue]:
    async with new_queue(database, clock) as opened:
        yield opened


def subjects(jobs: tuple[Job, ...]) -> list[int]:
    return [job.subject_id for job in jobs]


async def one(queue: JobQueue, *kinds: JobKind) -> Job:
    (job,) = await queue.claim(kinds or ALL, 1)
    return job


async def rows(database: Database) -> list[JobRow]:
    async with database.reading() as session:
        return list(await session.scalars(select(JobRow).order_by(JobRow.id)))


async def test_what_is_asked_for_is_claimed_once_and_gone_when_done(
    queue: SqlJobQueue, database: Database
) -> None:
    await queue.enqueue(JobKind.SCREEN, 7)

    job = await one(queue)
    assert (job.kind, job.subject_id, job.attempts) == (JobKind.SCREEN, 7, 1)
    assert await queue.claim(ALL, 5) == ()
    assert await queue.pending() == 1
    await queue.done(job)

    assert await rows(database) == []
    assert await queue.pending() == 0


async def test_only_the_kinds_that_are_wanted_are_claimed(queue: SqlJobQueue) -> None:
    for kind in JobKind:
        await queue.enqueue(kind, 1)

    claimed = await queue.claim([JobKind.ACT, JobKind.CARD], 9)

    assert {job.kind for job in claimed} == {JobKind.ACT, JobKind.CARD}


async def test_the_highest_priority_comes_first_then_the_newest(
    queue: SqlJobQueue, clock: HandClock
) -> None:
    for subject_id, priority in ((1, 0), (2, 5), (3, 0), (4, 5)):
        await queue.enqueue(JobKind.JUDGE, subject_id, priority=priority)
        clock.advance(seconds=1)
    await queue.enqueue(JobKind.JUDGE, 5)
    await queue.enqueue(JobKind.JUDGE, 6)  # at the same moment: the later one is newer

    assert subjects(await queue.claim(ALL, 2)) == [4, 2]
    assert subjects(await queue.claim(ALL, 3)) == [6, 5, 3]
    assert subjects(await queue.claim(ALL, 3)) == [1]


async def test_the_oldest_come_first_where_that_is_wanted_whatever_their_priority(
    queue: SqlJobQueue, clock: HandClock
) -> None:
    for subject_id, priority in ((1, 0), (2, 5), (3, 0)):
        await queue.enqueue(JobKind.JUDGE, subject_id, priority=priority)
        clock.advance(seconds=1)

    assert subjects(await queue.claim(ALL, 2, oldest_first=True)) == [1, 2]


async def test_what_was_posted_long_ago_is_old_though_it_was_heard_of_just_now(
    queue: SqlJobQueue, database: Database, clock: HandClock
) -> None:
    await queue.enqueue(JobKind.SCREEN, 1)
    clock.advance(minutes=1)
    long_ago, soon = clock() - timedelta(days=1), clock() + timedelta(seconds=30)
    async with database.writing() as session:
        wanted = [Wanted(2, since=long_ago), Wanted(3, since=soon)]
        await enqueue_all_in(session, database, JobKind.SCREEN, wanted, now=clock())

    assert subjects(await queue.claim(ALL, 3)) == [3, 1, 2]


async def test_asking_again_for_what_waits_changes_nothing_but_its_priority(
    queue: SqlJobQueue, clock: HandClock
) -> None:
    await queue.enqueue(JobKind.SCREEN, 1, priority=3)
    await queue.enqueue(JobKind.SCREEN, 2, priority=5)
    clock.advance(seconds=1)
    await queue.enqueue(JobKind.SCREEN, 1, priority=9)
    await queue.enqueue(JobKind.SCREEN, 2)

    first, second = await queue.claim(ALL, 5)
    assert subjects((first, second)) == [1, 2]
    await queue.done(first)
    await queue.done(second)

    assert await queue.pending() == 0


async def test_what_is_asked_for_while_it_is_under_way_is_done_once_more(
    queue: SqlJobQueue,
) -> None:
    await queue.enqueue(JobKind.CARD, 1)
    first = await one(queue)
    await queue.enqueue(JobKind.CARD, 1)
    await queue.enqueue(JobKind.CARD, 1)

    assert await queue.claim(ALL, 1) == ()
    await queue.done(first)
    again = await one(queue)

    assert (again.subject_id, again.attempts) == (1, 1)
    await queue.done(again)
    assert await queue.claim(ALL, 1) == ()


async def test_a_job_that_failed_comes_back_when_its_time_has_come(
    queue: SqlJobQueue, clock: HandClock
) -> None:
    await queue.enqueue(JobKind.ACT, 1)
    await queue.fail(await one(queue), retry_in=timedelta(seconds=30))

    clock.advance(seconds=29)
    assert await queue.claim(ALL, 1) == ()
    clock.advance(seconds=1)
    assert (await one(queue)).attempts == 2


async def test_an_outage_is_no_attempt(queue: SqlJobQueue) -> None:
    await queue.enqueue(JobKind.JUDGE, 1)
    for _ in range(3):
        job = await one(queue)
        assert job.attempts == 1
        await queue.fail(job, retry_in=timedelta(), is_attempt=False)


async def test_a_dead_job_rests_and_is_seen_until_it_is_asked_for_again(
    queue: SqlJobQueue, clock: HandClock
) -> None:
    await queue.enqueue(JobKind.CARD, 1)
    await queue.fail(await one(queue), retry_in=None)

    clock.advance(days=30)
    assert await queue.claim(ALL, 1) == ()
    assert await queue.counts() == {(JobKind.CARD, JobState.DEAD): 1}
    assert await queue.pending() == 0

    await queue.enqueue(JobKind.CARD, 1)
    assert (await one(queue)).attempts == 1


async def test_a_job_that_was_asked_for_again_does_not_rest(queue: SqlJobQueue) -> None:
    await queue.enqueue(JobKind.CARD, 1)
    job = await one(queue)
    await queue.enqueue(JobKind.CARD, 1)

    await queue.fail(job, retry_in=None)

    assert (await one(queue)).attempts == 1


async def test_a_lease_that_is_over_is_taken_by_another(
    database: Database, queue: SqlJobQueue, clock: HandClock
) -> None:
    other = new_queue(database, clock)
    assert await other.claim(ALL, 1) == (), "what it may take over, it takes over now"
    await queue.enqueue(JobKind.JUDGE, 1)
    lost = await one(queue)

    clock.advance(seconds=LEASE_SECONDS - 1)
    assert await other.claim(ALL, 1) == ()
    clock.advance(seconds=1)
    job = await one(other)
    assert job.attempts == 2

    # What the one that lost it says of it counts no more.
    await queue.fail(lost, retry_in=None)
    await queue.done(lost)
    assert await queue.claim(ALL, 1) == ()
    await other.done(job)
    assert await rows(database) == []


async def test_a_queue_keeps_what_it_claimed_however_long_it_takes(
    database: Database, queue: SqlJobQueue, clock: HandClock
) -> None:
    other = new_queue(database, clock)
    assert await other.claim(ALL, 1) == (), "what it may take over, it takes over now"
    await queue.enqueue(JobKind.JUDGE, 1)
    await one(queue)
    for _ in range(5):
        clock.advance(seconds=LEASE_SECONDS - 1)
        await queue.renew()
        assert await other.claim(ALL, 1) == ()

    clock.advance(seconds=LEASE_SECONDS + 1)

    assert await queue.claim(ALL, 1) == (), "it is under way here"


async def test_leases_are_renewed_while_the_queue_is_open(database: Database) -> None:
    renewed = asyncio.Event()

    class Counting(SqlJobQueue):
        async def renew(self) -> None:
            await super().renew()
            renewed.set()

    async with Counting(database, lease_seconds=0.05) as queue:
        await queue.enqueue(JobKind.JUDGE, 1)
        await one(queue)
        (before,) = await rows(database)
        renewed.clear()
        async with asyncio.timeout(10):
            await renewed.wait()
        (after,) = await rows(database)

    assert after.run_at > before.run_at


async def test_closing_gives_back_what_was_claimed_without_an_attempt(
    database: Database, clock: HandClock
) -> None:
    async with new_queue(database, clock) as first:
        await first.enqueue(JobKind.JUDGE, 1)
        await one(first)

    async with new_queue(database, clock) as second:
        assert (await one(second)).attempts == 1


async def test_what_a_process_that_died_had_on_sqlite_is_free_at_once(
    sqlite: Database, clock: HandClock
) -> None:
    dead = new_queue(sqlite, clock)
    await dead.enqueue(JobKind.JUDGE, 1)
    await one(dead)

    async with new_queue(sqlite, clock) as alive:
        assert (await one(alive)).attempts == 2


async def test_a_command_beside_the_bot_takes_nothing_over(
    sqlite: Database, clock: HandClock
) -> None:
    """It opens the same database, and claims nothing."""
    async with new_queue(sqlite, clock) as busy:
        await busy.enqueue(JobKind.JUDGE, 1)
        await one(busy)
        async with new_queue(sqlite, clock) as command:
            assert await command.pending() == 1
        assert await busy.claim(ALL, 1) == ()


async def test_what_another_process_has_on_postgresql_is_left_alone(
    postgresql: Database, clock: HandClock
) -> None:
    async with new_queue(postgresql, clock) as busy:
        await busy.enqueue(JobKind.JUDGE, 1)
        await one(busy)

        async with new_queue(postgresql, clock) as newcomer:
            assert await newcomer.claim(ALL, 1) == ()


async def test_who_waits_is_woken(queue: SqlJobQueue) -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        waiting = [group.create_task(queue.claim(ALL, 1, wait_seconds=60)) for _ in range(3)]
        await asyncio.sleep(0)
        for subject_id in range(3):
            await queue.enqueue(JobKind.SCREEN, subject_id)

    claimed = [job.subject_id for task in waiting for job in task.result()]
    assert sorted(claimed) == [0, 1, 2]


async def test_who_waits_sees_what_another_process_asked_for(
    database: Database, clock: HandClock
) -> None:
    async with new_queue(database, clock, poll_seconds=0.01) as queue, asyncio.timeout(10):
        waiting = asyncio.create_task(queue.claim(ALL, 1, wait_seconds=60))
        await asyncio.sleep(0)
        await new_queue(database, clock).enqueue(JobKind.SCREEN, 1)

        assert subjects(await waiting) == [1]


async def test_who_waits_in_vain_gets_nothing(database: Database, clock: HandClock) -> None:
    async with new_queue(database, clock, poll_seconds=0.01) as queue:
        assert await queue.claim(ALL, 1, wait_seconds=0.03) == ()


async def test_a_claim_that_nobody_waits_for_any_more_takes_nothing(
    queue: SqlJobQueue,
) -> None:
    await queue.enqueue(JobKind.SCREEN, 1)
    for turns in range(12):
        claiming = asyncio.create_task(queue.claim(ALL, 1))
        for _ in range(turns):
            await asyncio.sleep(0)
        claiming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            for job in await claiming:
                await queue.fail(job, retry_in=timedelta(), is_attempt=False)

    assert (await one(queue)).attempts == 1


async def test_queues_side_by_side_never_share_a_job(
    postgresql: Database, clock: HandClock
) -> None:
    jobs = 120
    seen: Counter[int] = Counter()

    async def work(queue: SqlJobQueue) -> None:
        while claimed := await queue.claim(ALL, 3):
            for job in claimed:
                seen[job.subject_id] += 1
                await queue.done(job)

    async with contextlib.AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(_again(postgresql)) for _ in range(3)]
        queues = [await stack.enter_async_context(new_queue(one, clock)) for one in databases]
        for subject_id in range(jobs):
            await queues[0].enqueue(JobKind.JUDGE, subject_id)
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for queue in queues * 2:
                group.create_task(work(queue))

    assert seen == Counter(range(jobs))


def _again(database: Database) -> Database:
    """The same database, as another process opens it."""
    return Database(database._address.url.render_as_string(hide_password=False))


async def test_claiming_among_many_reads_little(sqlite: Database, clock: HandClock) -> None:
    """A backlog is not sorted for every claim."""
    queue = new_queue(sqlite, clock)
    async with sqlite.writing() as session:
        wanted = [Wanted(subject_id) for subject_id in range(1000)]
        await enqueue_all_in(session, sqlite, JobKind.JUDGE, wanted, now=clock())
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, text: str, values: Any, *_: object) -> None:
        statements.append((text, values))

    engine = sqlite._write.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await queue.claim([JobKind.JUDGE], 2)
    await queue.claim([JobKind.JUDGE], 2, oldest_first=True)
    event.remove(engine, "before_cursor_execute", note)

    claims = [(text, values) for text, values in statements if "WITH ready" in text]
    assert len(claims) == 2
    async with sqlite.reading() as session:
        connection = await session.connection()
        for text, values in claims:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
            assert not any("TEMP B-TREE" in str(row) for row in plan)


class LosesAnswers:
    """A database whose answer to what it has kept is lost on the way, once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.loses = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        async with self._database.writing() as session:
            yield session
        if self.loses:
            self.loses = False
            raise StorageFailed("unreachable")


async def test_a_job_whose_claim_was_not_heard_of_is_claimed_again_when_its_lease_is_over(
    database: Database, clock: HandClock
) -> None:
    losing = LosesAnswers(database)
    async with new_queue(cast("Database", losing), clock) as queue:
        assert await queue.claim(ALL, 1) == ()
        await queue.enqueue(JobKind.ACT, 1)
        losing.loses = True
        with pytest.raises(StorageFailed):
            await queue.claim(ALL, 1)
        clock.advance(seconds=LEASE_SECONDS / 2)
        await queue.renew()
        assert await queue.claim(ALL, 1) == ()
        clock.advance(seconds=LEASE_SECONDS / 2)

        job = await one(queue)

        assert (job.subject_id, job.attempts) == (1, 2)
        clock.advance(seconds=LEASE_SECONDS / 2)
        await queue.renew()
        clock.advance(seconds=LEASE_SECONDS)
        assert await queue.claim(ALL, 1) == (), "and whoever is at it keeps it"
        losing.loses = True
        with pytest.raises(StorageFailed):
            await queue.done(job)
        await queue.done(job)
        assert await rows(database) == []
