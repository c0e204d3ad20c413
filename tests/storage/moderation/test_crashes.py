"""Whoever dies between two steps leaves work that another finishes, once."""

import asyncio

import pytest

from bot.domain.moderation.case import ActionKind
from bot.domain.moderation.jobs import Job, JobKind
from bot.storage.database import Database
from bot.storage.moderation.cases import SqlCaseStore
from bot.storage.moderation.jobs import SqlJobQueue
from bot.storage.moderation_tables import ActionRow, CaseRow, JobRow
from tests.storage.moderation.values import Desk, acted, screened

LEASE_SECONDS = 60.0


class Process:
    """One that works on the table until it dies; nothing that it had in mind survives."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queue = SqlJobQueue(desk.database, lease_seconds=LEASE_SECONDS, clock=desk.clock)

    async def start(self) -> "Process":
        await self.queue.__aenter__()
        return self

    async def dies(self) -> "Process":
        """Return the one that is started in its place, once its leases are over."""
        assert self.queue._renewing is not None
        self.queue._renewing.cancel()
        await asyncio.sleep(0)
        self.desk.clock.advance(seconds=LEASE_SECONDS + 1)
        return await Process(self.desk).start()

    async def next(self, kind: JobKind) -> Job:
        # Actions are worked off in their order.
        (job,) = await self.queue.claim([kind], 1, oldest_first=kind is JobKind.ACT)
        return job


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_a_crash_after_every_step_loses_nothing_and_repeats_nothing(desk: Desk) -> None:
    await desk.policy()
    upload_id = await desk.posted(1)
    process = await Process(desk).start()

    # Claimed and nothing done; then spooled, and the job not ended.
    await process.next(JobKind.SCREEN)
    process = await process.dies()
    job = await process.next(JobKind.SCREEN)
    assert (job.subject_id, job.attempts) == (upload_id, 2)
    assert await desk.uploads.spool(upload_id, screened())
    process = await process.dies()

    # The same once more: what was spooled is replaced, the model is asked once.
    job = await process.next(JobKind.SCREEN)
    assert await desk.uploads.spool(upload_id, screened())
    await process.queue.done(job)
    job = await process.next(JobKind.JUDGE)
    process = await process.dies()
    job = await process.next(JobKind.JUDGE)
    assert await desk.uploads.spooled(upload_id) == screened()
    conclusion = desk.conclusion(upload_id, acted(), 1)
    case = await desk.uploads.conclude(conclusion)
    assert case is not None
    process = await process.dies()

    # There is a verdict: whoever takes the job up again finds it, and only ends the job.
    job = await process.next(JobKind.JUDGE)
    assert await desk.uploads.spooled(upload_id) is None
    assert await desk.uploads.conclude(conclusion) is None
    await process.queue.done(job)
    assert await process.queue.claim([JobKind.SCREEN, JobKind.JUDGE], 9) == ()
    assert [row.kind for row in await desk.rows(ActionRow, ActionRow.id)] == [
        ActionKind.DELETE,
        ActionKind.TELL,
    ]

    # An action was begun, and nobody knows whether it was done: the second one is told so.
    cases = SqlCaseStore(desk.database, clock=desk.clock)
    job = await process.next(JobKind.ACT)
    begun = await cases.begin_action(job.subject_id)
    assert begun is not None
    assert (begun.kind, begun.attempts_begun) == (ActionKind.DELETE, 1)
    process = await process.dies()
    again = await process.next(JobKind.ACT)
    assert again.subject_id == job.subject_id
    begun = await cases.begin_action(again.subject_id)
    assert begun is not None
    assert begun.attempts_begun == 2

    await process.queue.__aexit__()
    (row,) = await desk.rows(CaseRow)
    assert row.sighting_count == 1
    assert {job.kind for job in await desk.rows(JobRow)} == {JobKind.ACT, JobKind.CARD}


async def test_an_upload_that_was_recorded_is_worked_on_after_a_crash(desk: Desk) -> None:
    upload_id = await desk.posted(1)

    process = await Process(desk).start()

    assert (await process.next(JobKind.SCREEN)).subject_id == upload_id
    await process.queue.__aexit__()
