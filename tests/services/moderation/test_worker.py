"""The worker: order, attempts, outages of the database, an end that gives everything back."""

import asyncio
import itertools
import random
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.domain.errors import StorageFailed
from bot.domain.moderation.jobs import Job, JobKind
from bot.services.moderation.worker import (
    BACKOFF_SECONDS,
    MAX_BACKOFF_SECONDS,
    OLDEST_TURN,
    Later,
    Worker,
)
from tests.services.moderation.memory_queue import MemoryQueue
from tests.services.moderation.scripted import ATTEMPTS, Scripted, drain, lane, worker_of
from tests.services.moderation.virtual import virtually


def test_what_is_urgent_comes_first_then_what_is_new_and_the_oldest_does_not_starve() -> None:
    async def scenario() -> list[int]:
        queue, handler = MemoryQueue(), Scripted()
        for number in range(1, 9):
            queue.add(JobKind.JUDGE, number, priority=10 if number == 3 else 0)
        await drain(queue, lane(handler))
        return handler.subjects

    assert virtually(scenario()) == [3, 8, 7, 1, 6, 5, 4, 2]


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=40),
    st.integers(1, 4),
)
def test_every_job_is_done_once_and_none_waits_longer_than_its_turn(
    priorities: list[int], parallel: int
) -> None:
    async def scenario() -> list[int]:
        queue, handler = MemoryQueue(), Scripted()
        for number, priority in enumerate(priorities):
            queue.add(JobKind.JUDGE, number, priority=priority)
        await drain(queue, lane(handler, parallel))
        return handler.subjects

    done = virtually(scenario())
    assert sorted(done) == list(range(len(priorities)))
    assert done.index(0) <= OLDEST_TURN * parallel


def test_no_more_are_done_at_once_than_the_lane_allows() -> None:
    async def scenario() -> int:
        queue = MemoryQueue()
        handler = Scripted(lambda _: asyncio.sleep(5))
        for number in range(10):
            queue.add(JobKind.JUDGE, number)
        await drain(queue, lane(handler, 3))
        return handler.most_at_once

    assert virtually(scenario()) == 3


def test_what_fails_is_tried_again_later_and_later_and_then_given_up() -> None:
    async def fail(_: Job) -> None:
        raise ValueError("what somebody wrote")

    async def scenario() -> Scripted:
        queue, handler = MemoryQueue(), Scripted(fail)
        queue.add(JobKind.JUDGE, 7)
        await drain(queue, lane(handler))
        assert not queue.rows
        return handler

    handler = virtually(scenario())
    assert [job.attempts for job in handler.handled] == [1, 2, 3]
    assert handler.given_up == [7]
    waits = [late - early for early, late in zip(handler.at, handler.at[1:], strict=False)]
    assert waits[0] >= BACKOFF_SECONDS
    assert waits[1] >= 2 * BACKOFF_SECONDS


def test_a_failure_is_logged_by_class_and_place_and_never_in_its_words() -> None:
    async def fail(_: Job) -> None:
        raise ValueError("what somebody wrote")

    async def scenario() -> None:
        queue = MemoryQueue()
        queue.add(JobKind.JUDGE, 7)
        await drain(queue, lane(Scripted(fail)))

    with capture_logs() as logs:
        virtually(scenario())
    written = str(logs)
    assert "ValueError" in written
    assert "reference" in written
    assert "what somebody wrote" not in written


def test_what_killed_every_process_that_tried_it_is_given_up_without_another_try() -> None:
    async def scenario() -> Scripted:
        queue, handler = MemoryQueue(), Scripted()
        queue.add(JobKind.JUDGE, 7)
        for _ in range(ATTEMPTS):
            await queue.claim([JobKind.JUDGE], 1)
            queue.abandon()
        await drain(queue, lane(handler))
        return handler

    handler = virtually(scenario())
    assert not handler.handled
    assert handler.given_up == [7]


def test_what_is_no_attempt_is_tried_for_ever() -> None:
    tries = 0

    async def outage(_: Job) -> None:
        nonlocal tries
        tries += 1
        if tries < 50:
            raise Later(1.0, is_attempt=False)

    async def scenario() -> Scripted:
        queue, handler = MemoryQueue(), Scripted(outage)
        queue.add(JobKind.JUDGE, 7)
        await drain(queue, lane(handler))
        return handler

    handler = virtually(scenario())
    assert len(handler.handled) == 50
    assert {job.attempts for job in handler.handled} == {1}
    assert not handler.given_up


def test_no_wait_between_attempts_is_longer_than_the_longest() -> None:
    async def fail(_: Job) -> None:
        raise Later(is_attempt=True)

    async def scenario() -> list[float]:
        queue, handler = MemoryQueue(), Scripted(fail)
        queue.add(JobKind.JUDGE, 7)
        worker = Worker(queue, [lane(handler)], attempts=12, chance=random.Random(1))
        worker.start()
        await worker.idle()
        await worker.stop(0)
        return handler.at

    at = virtually(scenario())
    waits = [late - early for early, late in itertools.pairwise(at)]
    assert len(at) == 12
    assert max(waits) < MAX_BACKOFF_SECONDS * 1.25 + 2
    assert waits[-1] >= MAX_BACKOFF_SECONDS


def test_work_goes_on_after_the_database_was_away() -> None:
    async def scenario() -> Scripted:
        queue, handler = MemoryQueue(), Scripted()
        worker = worker_of(queue, lane(handler))
        queue.outage.reason = "locked"
        worker.start()
        await asyncio.sleep(60)
        queue.outage.reason = None
        queue.add(JobKind.JUDGE, 1)
        await worker.idle()
        await worker.stop(0)
        return handler

    assert virtually(scenario()).subjects == [1]


def test_what_was_done_while_the_database_was_away_is_told_to_it_and_not_done_again() -> None:
    async def scenario() -> Scripted:
        queue = MemoryQueue()

        async def lose_it(_: Job) -> None:
            queue.outage.reason = "unreachable"

        handler = Scripted(lose_it)
        queue.add(JobKind.JUDGE, 1)
        worker = worker_of(queue, lane(handler))
        worker.start()
        await asyncio.sleep(60)
        assert queue.rows
        queue.outage.reason = None
        await worker.idle()
        await worker.stop(0)
        assert not queue.rows
        return handler

    assert virtually(scenario()).subjects == [1]


@pytest.mark.parametrize(("reason", "attempts"), [("locked", 1), ("full", 1), ("failed", 2)])
def test_an_outage_of_the_database_is_no_attempt_but_a_failed_statement_is(
    reason: str, attempts: int
) -> None:
    async def scenario() -> list[int]:
        queue = MemoryQueue()
        reasons: list[str] = [reason]

        async def fail_once(_: Job) -> None:
            if reasons:
                raise StorageFailed(reasons.pop())

        handler = Scripted(fail_once)
        queue.add(JobKind.JUDGE, 1)
        await drain(queue, lane(handler))
        return [job.attempts for job in handler.handled]

    assert virtually(scenario()) == [1, attempts]


def test_giving_up_waits_for_the_database_too_and_rests_where_it_cannot() -> None:
    async def scenario() -> tuple[Scripted, MemoryQueue]:
        queue = MemoryQueue()
        troubles: list[Exception] = [ValueError(), StorageFailed("failed"), StorageFailed("full")]

        async def fail(_: Job) -> None:
            raise Later(0.0, is_attempt=True)

        async def trouble(job: Job) -> None:
            if troubles and job.subject_id == 1:
                raise troubles.pop()

        handler = Scripted(fail, on_give_up=trouble)
        queue.add(JobKind.JUDGE, 1)
        queue.add(JobKind.JUDGE, 2)
        await drain(queue, lane(handler))
        return handler, queue

    handler, queue = virtually(scenario())
    assert handler.given_up == [2]
    assert queue.rows[JobKind.JUDGE, 1].dead


def test_stopping_lets_what_is_under_way_finish_within_the_grace() -> None:
    async def scenario() -> MemoryQueue:
        queue = MemoryQueue()
        handler = Scripted(lambda job: asyncio.sleep(2 if job.subject_id == 2 else 3600))
        queue.add(JobKind.JUDGE, 1)
        queue.add(JobKind.JUDGE, 2)
        worker = worker_of(queue, lane(handler, 2))
        worker.start()
        await asyncio.sleep(0.1)
        await worker.stop(10)
        assert asyncio.get_running_loop().time() < 12
        return queue

    queue = virtually(scenario())
    (left,) = queue.rows.values()
    assert (left.subject_id, left.running, left.attempts) == (1, False, 0)


def test_what_is_claimed_while_stopping_goes_back_untouched() -> None:
    async def scenario() -> tuple[MemoryQueue, Scripted]:
        queue, handler = MemoryQueue(), Scripted()
        worker = worker_of(queue, lane(handler))
        worker.start()
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(worker.stop(10))
        await asyncio.sleep(0)
        queue.add(JobKind.JUDGE, 1)
        await stopping
        return queue, handler

    queue, handler = virtually(scenario())
    assert not handler.handled
    assert queue.rows[JobKind.JUDGE, 1].attempts == 0
    assert not queue.rows[JobKind.JUDGE, 1].running


def test_what_is_asked_for_again_while_it_is_done_is_done_once_more() -> None:
    async def scenario() -> list[int]:
        queue = MemoryQueue()

        async def ask_again(job: Job) -> None:
            if job.serial < 3:
                queue.add(JobKind.JUDGE, 1)
                queue.add(JobKind.JUDGE, 1)

        handler = Scripted(ask_again)
        queue.add(JobKind.JUDGE, 1)
        await drain(queue, lane(handler))
        return [job.serial for job in handler.handled]

    assert virtually(scenario()) == [0, 2, 4]


def test_a_lane_without_places_is_not_served() -> None:
    async def scenario() -> int:
        queue = MemoryQueue()
        worker = worker_of(queue, lane(Scripted(), 0))
        worker.start()
        queue.add(JobKind.JUDGE, 1)
        await asyncio.sleep(10)
        await worker.stop(0)
        return await queue.pending()

    assert virtually(scenario()) == 1


def test_a_fault_of_ours_between_jobs_does_not_end_the_work() -> None:
    class Faulty(MemoryQueue):
        faults = 3

        def _take(
            self, kinds: Collection[JobKind], limit: int, *, oldest_first: bool
        ) -> tuple[Job, ...]:
            if self.faults:
                self.faults -= 1
                raise KeyError
            return super()._take(kinds, limit, oldest_first=oldest_first)

    async def scenario() -> list[int]:
        queue, handler = Faulty(), Scripted()
        queue.add(JobKind.JUDGE, 1)
        await drain(queue, lane(handler))
        return handler.subjects

    assert virtually(scenario()) == [1]
