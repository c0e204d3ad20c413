"""Uploads are on the disk with their work, and once, before anything else happens."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, update

from bot.domain.errors import StorageFailed
from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import MAX_REPORT_CHARACTERS, Report
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.ports import Postponed
from bot.domain.moderation.upload import MAX_TEXT_CHARACTERS, Cursor, UploadState
from bot.storage.database import Database
from bot.storage.moderation.reporting import REPORT_PRIORITY
from bot.storage.moderation.uploads import SqlUploadStore
from bot.storage.moderation_tables import (
    JobRow,
    JobState,
    ReportRow,
    UploadFrameRow,
    UploadRow,
)
from tests.storage.fakes import HandClock
from tests.storage.moderation.values import (
    ANNE,
    BERT,
    CHANNEL,
    CLEO,
    GUILD,
    LINK,
    OTHER_GUILD,
    Desk,
    screened,
    upload,
    verdict,
)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def report(reporter_id: int = BERT, reason: str = "this is a scam") -> Report:
    return Report(reporter_id, reason, HandClock().now)


async def jobs(desk: Desk) -> list[tuple[JobKind, int, int]]:
    """What is asked for: kind, subject, priority."""
    return [(job.kind, job.subject_id, job.priority) for job in await desk.rows(JobRow, JobRow.id)]


async def test_an_upload_comes_back_as_it_was_told_of(desk: Desk) -> None:
    new = upload(1, text="x" * (MAX_TEXT_CHARACTERS + 5), age_restricted=True, priority=3)

    assert await desk.uploads.record([new]) == 1

    upload_id = await desk.id_of(new.key)
    found = await desk.uploads.get(upload_id)
    assert found is not None
    assert found.new == replace(new, text="x" * MAX_TEXT_CHARACTERS)
    assert (found.state, found.recorded_at, found.reports) == (UploadState.QUEUED, desk.clock(), 0)
    assert await jobs(desk) == [(JobKind.SCREEN, upload_id, 3)]
    assert desk.woken == 1
    assert await desk.uploads.get(upload_id + 1) is None


async def test_what_is_told_of_again_changes_nothing(desk: Desk) -> None:
    first = upload(1)
    await desk.uploads.record([first])
    (job,) = await desk.rows(JobRow)

    again = replace(first, text="edited")
    assert await desk.uploads.record([upload(2), again, upload(2)]) == 1
    assert await desk.uploads.record([again]) == 0

    found = await desk.uploads.get(await desk.id_of(first.key))
    assert found is not None
    assert found.new == first
    assert len(await desk.rows(UploadRow)) == 2
    assert (await desk.rows(JobRow, JobRow.id))[0].serial == job.serial
    assert desk.woken == 2


async def test_a_whole_history_is_recorded_at_once(desk: Desk) -> None:
    history = [upload(number) for number in range(700)]

    assert await desk.uploads.record(history, [Cursor(GUILD, CHANNEL, 700)]) == 700
    assert await desk.uploads.record(history) == 0

    assert len(await desk.rows(JobRow)) == 700
    assert desk.woken == 1


async def test_many_that_are_told_of_at_once_by_several_are_recorded_once(desk: Desk) -> None:
    both_ways = [[upload(number) for number in range(20)] for _ in range(2)]
    both_ways[1].reverse()

    async with asyncio.timeout(60):
        new = await asyncio.gather(*(desk.uploads.record(some) for some in both_ways * 4))

    assert sum(new) == 20
    assert len(await desk.rows(JobRow)) == 20


async def test_a_cursor_moves_forward_only_and_with_what_was_heard(desk: Desk) -> None:
    await desk.uploads.record([upload(1)], [Cursor(GUILD, CHANNEL, 10)])
    await desk.uploads.record([], [Cursor(GUILD, CHANNEL, 5)])
    await desk.uploads.record([], [Cursor(GUILD, CHANNEL + 1, 9), Cursor(GUILD, CHANNEL + 1, 7)])
    await desk.uploads.record([], [Cursor(OTHER_GUILD, CHANNEL + 2, 9), Cursor(GUILD, CHANNEL, 4)])

    assert await desk.uploads.cursors(GUILD) == [
        Cursor(GUILD, CHANNEL, 10),
        Cursor(GUILD, CHANNEL + 1, 9),
    ]
    assert await desk.uploads.cursors(3) == []


async def test_one_upload_costs_few_statements_however_many_come_with_it(sqlite: Database) -> None:
    """They are not written one by one."""
    desk = Desk(sqlite)
    counted: list[int] = []
    for count in (1, 10):
        statements = await _statements(
            sqlite,
            lambda count=count: desk.uploads.record(
                [upload(100 * count + number) for number in range(count)],
                [Cursor(GUILD, CHANNEL, 100 * count)],
            ),
        )
        counted.append(len(statements))

    assert counted[0] == counted[1] <= 4


async def _statements(database: Database, work: Any) -> Sequence[str]:
    heard: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        heard.append(text)

    engine = database._write.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return heard


async def test_nothing_is_recorded_in_part(desk: Desk) -> None:
    broken: Any = {"author_id": None}  # which the database refuses

    with pytest.raises(StorageFailed):
        await desk.uploads.record([upload(1), upload(2, **broken)], [Cursor(GUILD, CHANNEL, 10)])

    assert await desk.rows(UploadRow) == []
    assert await desk.rows(JobRow) == []
    assert await desk.uploads.cursors(GUILD) == []
    assert desk.woken == 0


async def test_a_report_gets_a_fresh_look_before_all_others(desk: Desk) -> None:
    await desk.posted(1)
    reported = upload(1, prefix="r:")

    assert await desk.uploads.record_report([reported], report()) == 1

    upload_id = await desk.id_of(reported.key)
    found = await desk.uploads.get(upload_id)
    assert found is not None
    assert (found.reports, found.new.priority) == (1, REPORT_PRIORITY)
    assert (await jobs(desk))[1] == (JobKind.SCREEN, upload_id, REPORT_PRIORITY)
    assert desk.woken == 2


async def test_each_reporter_counts_once_and_each_makes_it_more_urgent(desk: Desk) -> None:
    reported = [upload(1, prefix="r:"), upload(2, prefix="r:")]

    assert await desk.uploads.record_report(reported[:1], report()) == 1
    assert await desk.uploads.record_report(reported, report(reason="again")) == 1
    assert await desk.uploads.record_report(reported, report(CLEO)) == 2
    assert await desk.uploads.record_report(reported, report(CLEO)) == 0
    assert await desk.uploads.record_report([], report(ANNE)) == 0

    first, second = [await desk.id_of(new.key) for new in reported]
    assert await jobs(desk) == [
        (JobKind.SCREEN, first, REPORT_PRIORITY + 1),
        (JobKind.SCREEN, second, REPORT_PRIORITY + 1),
    ]
    assert len(await desk.rows(ReportRow)) == 4
    found = await desk.uploads.get(first)
    assert found is not None
    assert found.reports == 2


async def test_a_report_on_what_waits_for_the_model_is_judged_sooner(desk: Desk) -> None:
    reported = upload(1, prefix="r:")
    await desk.uploads.record_report([reported], report())
    upload_id = await desk.id_of(reported.key)
    await desk.uploads.spool(upload_id, screened())

    await desk.uploads.record_report([reported], report(CLEO))

    assert (JobKind.JUDGE, upload_id, REPORT_PRIORITY + 1) in await jobs(desk)


async def test_a_report_on_what_has_a_case_shows_on_its_card(desk: Desk) -> None:
    reported = upload(1, prefix="r:")
    await desk.uploads.record_report([reported], report())
    upload_id = await desk.id_of(reported.key)
    case = await desk.concluded(desk.conclusion(upload_id, verdict(), 1))
    assert case is not None
    reason = "x" * MAX_REPORT_CHARACTERS

    await desk.uploads.record_report([reported], report(CLEO, reason))

    (shown,) = await desk.cases()
    assert shown.version == case.version + 1
    assert [(one.reporter_id, one.reason) for one in shown.reports] == [
        (BERT, "this is a scam"),
        (CLEO, reason),
    ]


async def test_reports_by_many_at_once_all_count(desk: Desk) -> None:
    reported = [upload(1, prefix="r:"), upload(2, prefix="r:")]

    async with asyncio.timeout(60):
        await asyncio.gather(
            *(desk.uploads.record_report(reported, report(CLEO + place)) for place in range(6))
        )

    assert [row.reports for row in await desk.rows(UploadRow)] == [6, 6]


async def test_what_screening_found_is_kept_for_the_model(desk: Desk) -> None:
    upload_id = await desk.posted(1, priority=4)
    found = screened()

    assert await desk.uploads.spooled(upload_id) is None
    assert await desk.uploads.spool(upload_id, found)

    assert await desk.uploads.spooled(upload_id) == found
    recorded = await desk.uploads.get(upload_id)
    assert recorded is not None
    assert recorded.state is UploadState.SCREENED
    assert (JobKind.JUDGE, upload_id, 4) in await jobs(desk)


async def test_spooling_again_after_a_crash_replaces_what_was_kept(desk: Desk) -> None:
    upload_id = await desk.posted(1)
    await desk.uploads.spool(upload_id, screened(1, b"a", b"b", b"c"))
    found = screened(2, b"d")

    assert await desk.uploads.spool(upload_id, found)

    assert await desk.uploads.spooled(upload_id) == found
    assert len(await desk.rows(UploadFrameRow)) == 2


async def test_what_is_done_is_not_spooled(desk: Desk) -> None:
    upload_id = await desk.posted(1)
    await desk.uploads.conclude(desk.conclusion(upload_id, verdict(Outcome.CLEAN), 1))

    assert not await desk.uploads.spool(upload_id, screened())

    assert await desk.uploads.spooled(upload_id) is None
    assert await desk.rows(UploadFrameRow) == []
    assert [kind for kind, *_ in await jobs(desk)] == [JobKind.SCREEN]


async def test_a_full_spool_lets_uploads_wait_until_verdicts_make_room(desk: Desk) -> None:
    small = SqlUploadStore(desk.database, clock=desk.clock, spool_max_bytes=1000)
    first, second = await desk.posted(1), await desk.posted(2)
    assert await small.spool(first, screened(1, b"x" * 2000)), "else it never could be"

    with pytest.raises(Postponed) as postponed:
        await small.spool(second, screened(2))

    assert postponed.value.outage
    waiting = await small.get(second)
    assert waiting is not None
    assert waiting.state is UploadState.QUEUED
    await small.conclude(desk.conclusion(first, verdict(Outcome.CLEAN), 1))
    assert await small.spool(second, screened(2))


async def test_a_verdict_erases_frames_link_and_words(desk: Desk) -> None:
    upload_id = await desk.posted(1)
    await desk.uploads.spool(upload_id, screened())

    await desk.uploads.conclude(desk.conclusion(upload_id, verdict(Outcome.CLEAN), 1))

    (row,) = await desk.rows(UploadRow)
    assert (row.source, row.text, row.screened, row.spooled_bytes) == (None, None, None, 0)
    assert await desk.rows(UploadFrameRow) == []
    found = await desk.uploads.get(upload_id)
    assert found is not None
    assert (found.new.text, found.new.ref.url) == ("", "")
    assert (found.state, found.outcome) == (UploadState.DONE, Outcome.CLEAN)


async def test_nothing_of_it_is_left_on_the_disk_after_scrubbing(sqlite: Database) -> None:
    desk = Desk(sqlite)
    upload_id = await desk.posted(1, text="SECRETWORDS")
    await desk.uploads.spool(upload_id, screened(1, b"SECRETFRAME" * 2000))
    await desk.uploads.conclude(desk.conclusion(upload_id, verdict(Outcome.CLEAN), 1))

    assert await desk.uploads.scrub()

    assert sqlite.path is not None
    for file in sqlite.path.parent.iterdir():
        data = file.read_bytes()
        assert b"SECRET" not in data
        assert LINK.encode() not in data


async def test_the_disk_is_scrubbed_only_where_something_was_erased(sqlite: Database) -> None:
    class Noting(Database):
        scrubs = 0
        readers = False

        async def scrub(self) -> bool:
            self.scrubs += 1
            return await super().scrub() and not self.readers

    async with Noting(f"sqlite:///{sqlite.path}") as database:
        desk = Desk(database)
        assert await desk.uploads.scrub()
        await desk.posted(1)
        assert await desk.uploads.scrub()
        assert database.scrubs == 1

        await desk.judged(2)
        database.readers = True
        assert not await desk.uploads.scrub()
        database.readers = False
        assert await desk.uploads.scrub()
        assert await desk.uploads.scrub()
        assert database.scrubs == 3
        await desk.uploads.withdraw(GUILD)
        assert await desk.uploads.scrub()
        assert database.scrubs == 4


async def test_leaving_a_server_withdraws_what_waits_there(desk: Desk) -> None:
    done = await desk.posted(0)
    await desk.uploads.conclude(desk.conclusion(done, verdict(Outcome.CLEAN), 1))
    queued, spooled = await desk.posted(1), await desk.posted(2)
    elsewhere = await desk.posted(3, guild_id=OTHER_GUILD)
    await desk.uploads.spool(spooled, screened())
    async with desk.database.writing() as session:
        running = update(JobRow).where(JobRow.subject_id == spooled, JobRow.kind == JobKind.JUDGE)
        await session.execute(running.values(state=JobState.RUNNING, holder="somebody"))

    assert await desk.uploads.withdraw(GUILD) == 2
    assert await desk.uploads.withdraw(GUILD) == 0

    outcomes = {row.id: row.outcome for row in await desk.rows(UploadRow)}
    assert outcomes == {
        done: Outcome.CLEAN,
        queued: Outcome.WITHDRAWN,
        spooled: Outcome.WITHDRAWN,
        elsewhere: None,
    }
    assert await desk.rows(UploadFrameRow) == []
    left = {(kind, subject_id) for kind, subject_id, _ in await jobs(desk)}
    assert (JobKind.SCREEN, queued) not in left
    assert {(JobKind.JUDGE, spooled), (JobKind.SCREEN, elsewhere)} <= left
    assert await desk.uploads.conclude(desk.conclusion(queued, verdict(), 1)) is None


async def test_more_than_a_batch_is_withdrawn(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.moderation.withdrawing.AT_ONCE", 3)
    await desk.uploads.record([upload(number) for number in range(10)])

    assert await desk.uploads.withdraw(GUILD) == 10


async def test_what_no_key_opens_is_an_upload_without_its_link(sealed_sqlite: Database) -> None:
    desk = Desk(sealed_sqlite)
    upload_id = await desk.posted(1)
    await desk.uploads.spool(upload_id, screened())
    assert sealed_sqlite.path is not None

    async with Database(f"sqlite:///{sealed_sqlite.path}") as without_key:
        store = SqlUploadStore(without_key)
        found = await store.get(upload_id)
        assert found is not None
        assert (found.new.ref.url, found.new.text) == ("", "")
        assert found.new.ref.message_id == found.new.message_id
        assert await store.spooled(upload_id) is None


async def test_what_is_kept_is_sealed(sealed_sqlite: Database) -> None:
    desk = Desk(sealed_sqlite)
    upload_id = await desk.posted(1, text="SECRETWORDS")
    found = screened(1, b"SECRETFRAME")
    await desk.uploads.spool(upload_id, found)
    await desk.uploads.record_report([upload(2, prefix="r:")], report(reason="SECRETREASON"))

    assert await desk.uploads.spooled(upload_id) == found
    assert sealed_sqlite.path is not None
    await sealed_sqlite.scrub()
    assert b"SECRET" not in sealed_sqlite.path.read_bytes()
