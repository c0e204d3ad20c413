"""A verdict is kept once, whole, with its case and with what is done about it."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.errors import StorageFailed
from bot.domain.moderation.assessment import WITH_CASE, Assessment, Outcome, Source
from bot.domain.moderation.case import ActionKind, ActionState, CaseState, EventKind
from bot.domain.moderation.fingerprint import BankKind
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import SPECIAL, UNANSWERED, Category, Step
from bot.domain.moderation.upload import Author, Subject, UploadState
from bot.storage.database import Database
from bot.storage.moderation import opening
from bot.storage.moderation_tables import (
    ActionRow,
    BankEntryRow,
    CaseEventRow,
    CaseRow,
    DayCountRow,
    JobRow,
    SightingRow,
    UploadFrameRow,
    UploadRow,
)
from tests.storage.moderation.values import (
    ANNE,
    BERT,
    CHANNEL,
    FIRST_MESSAGE,
    GUILD,
    Desk,
    acted,
    finding,
    halves,
    screened,
    sha256,
    verdict,
    views,
)


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = Desk(database)
    await desk.policy()
    return desk


async def test_a_clean_picture_is_counted_and_forgotten(desk: Desk) -> None:
    upload_id = await desk.posted(1)
    desk.clock.advance(seconds=3)

    concluded = desk.conclusion(upload_id, verdict(Outcome.CLEAN), 1)
    assert await desk.uploads.conclude(concluded) is None

    assert await desk.counted() == {
        ("outcome", "clean"): 1,
        ("seconds", ""): 3,
        ("verdicts", ""): 1,
    }
    for table in (CaseRow, BankEntryRow, ActionRow, SightingRow):
        assert await desk.rows(table) == []


async def test_a_flagged_picture_opens_a_case_with_a_card(desk: Desk) -> None:
    upload_id = await desk.posted(1)
    found = (finding(), finding(Category.NUDITY, score=0.7, severity=1))
    more = finding(Category.SPAM, source=Source.WORDS, score=0.2, severity=0)
    given = verdict(Outcome.FLAGGED, *found)
    assessment = Assessment(findings=(more, *found))

    case = await desk.concluded(desk.conclusion(upload_id, given, 1, assessment=assessment))

    assert case is not None
    assert (case.guild_id, case.number, case.state) == (GUILD, 1, CaseState.OPEN)
    assert (case.outcome, case.rule, case.score) == (Outcome.FLAGGED, Category.SEXUAL, 0.9)
    assert (case.severity, case.step, case.automatic, case.dry_run) == (2, Step.FLAG, None, False)
    assert case.findings == (*found, more)
    assert case.thumbnail == b"thumbnail of 1"
    assert (case.sighting_count, case.people_count, case.seen_before, case.version) == (1, 1, 0, 1)
    (sighting,) = case.sightings
    assert (sighting.upload_id, sighting.author_id) == (upload_id, ANNE)
    assert (sighting.message_id, sighting.channel_id) == (FIRST_MESSAGE + 1, CHANNEL)
    assert (case.opened_at, sighting.posted_at) == (desk.clock(), desk.clock())
    assert await desk.work(JobKind.CARD) == [case.id]
    assert await desk.actions() == []
    (event,) = await desk.rows(CaseEventRow)
    assert (event.case_id, event.kind, event.at) == (case.id, EventKind.OPENED, desk.clock())
    recorded = await desk.uploads.get(upload_id)
    assert recorded is not None
    assert recorded.case_id == case.id
    assert (await desk.counted())["flagged", Category.SEXUAL] == 1
    assert desk.woken == 2


async def test_the_picture_of_a_case_is_remembered(desk: Desk) -> None:
    case = await desk.opened(1)

    (entry,) = await desk.rows(BankEntryRow)
    assert (entry.kind, entry.case_id, entry.revision) == (BankKind.SEEN, case.id, 1)
    assert (entry.rules, entry.sha256, entry.pdq) == ("sexual", sha256(1), "ab" * 32)
    assert entry.whole_count == 2
    assert entry.hashes == b"".join(one.to_bytes(8, "big") for one in views(1).hashes)


async def test_what_has_no_views_is_remembered_by_its_fingerprint(desk: Desk) -> None:
    await desk.judged(1, conclusion={"views": None})
    await desk.judged(2, conclusion={"views": None, "fingerprint": None})

    (entry,) = await desk.rows(BankEntryRow)
    assert entry.hashes == b"".join(half.to_bytes(8, "big") for half in halves(1))
    assert entry.whole_count == 2


async def test_a_noted_picture_has_a_case_and_no_card(desk: Desk) -> None:
    case = await desk.opened(1, verdict(Outcome.NOTED, step=Step.NOTE))

    assert case.outcome is Outcome.NOTED
    assert await desk.work(JobKind.CARD) == []
    assert ("flagged", Category.SEXUAL) not in await desk.counted()


async def test_each_verdict_is_given_once(desk: Desk) -> None:
    upload_id = await desk.posted(1)
    conclusion = desk.conclusion(upload_id, acted(Step.BAN), 1)

    first = await desk.uploads.conclude(conclusion)
    again = await desk.uploads.conclude(conclusion)
    other = await desk.uploads.conclude(desk.conclusion(upload_id, verdict(Outcome.CLEAN), 1))

    assert first is not None
    assert again is other is None
    assert len(await desk.rows(CaseRow)) == 1
    assert [kind for kind, *_ in await desk.actions()] == [
        ActionKind.DELETE,
        ActionKind.BAN,
        ActionKind.TELL,
    ]
    assert (await desk.counted())["verdicts", ""] == 1


async def test_verdicts_of_many_at_once_are_one(desk: Desk) -> None:
    upload_id = await desk.posted(1)
    conclusion = desk.conclusion(upload_id, acted(), 1)

    async with asyncio.timeout(60):
        cases = await asyncio.gather(*(desk.uploads.conclude(conclusion) for _ in range(8)))

    assert sum(case is not None for case in cases) == 1
    assert len(await desk.rows(CaseRow)) == len(await desk.rows(SightingRow)) == 1
    assert len(await desk.rows(BankEntryRow)) == 1


async def test_an_unknown_upload_has_no_verdict(desk: Desk) -> None:
    assert await desk.uploads.conclude(desk.conclusion(77, acted(), 1)) is None


async def test_the_message_goes_first_then_it_is_about_the_person_then_they_are_told(
    desk: Desk,
) -> None:
    case = await desk.opened(1, acted(Step.TIME_OUT))

    assert await desk.actions() == [
        (ActionKind.DELETE, 1, None),
        (ActionKind.TIME_OUT, 1, ANNE),
        (ActionKind.TELL, 1, ANNE),
    ]
    deletion, time_out, tell = case.actions
    assert {one.state for one in case.actions} == {ActionState.PENDING}
    assert (deletion.case_number, deletion.rule) == (case.number, case.rule)
    assert deletion.channel_id == CHANNEL
    assert time_out.until == desk.clock() + timedelta(hours=1), "the policy's time"
    assert time_out.requested_by is None
    jobs = [job for job in await desk.rows(JobRow) if job.kind is JobKind.ACT]
    jobs.sort(key=lambda job: job.enqueued_at)
    assert [job.subject_id for job in jobs] == [deletion.id, time_out.id, tell.id]


async def test_a_time_out_lasts_as_long_as_the_verdict_says(desk: Desk) -> None:
    until = desk.clock() + timedelta(days=2)

    case = await desk.opened(1, acted(Step.TIME_OUT), conclusion={"time_out_until": until})

    assert {one.until for one in case.actions if one.kind is ActionKind.TIME_OUT} == {until}


@pytest.mark.parametrize(
    ("automatic", "changes"),
    [
        (None, {"outcome": Outcome.FLAGGED}),
        (Step.NOTE, {}),
        (Step.FLAG, {}),
        (Step.BAN, {"dry_run": True}),
    ],
    ids=["nothing", "note", "flag", "dry run"],
)
async def test_nothing_is_done_where_nothing_is_to_be_done(
    desk: Desk, automatic: Step | None, changes: dict[str, Any]
) -> None:
    outcome = changes.pop("outcome", Outcome.ACTED)

    await desk.judged(1, verdict(outcome, automatic=automatic, step=Step.BAN, **changes))

    assert await desk.actions() == []
    assert await desk.work(JobKind.ACT) == []


@pytest.mark.parametrize("author", [Author.BOT, Author.WEBHOOK])
async def test_nothing_but_deleting_is_done_about_a_machine(desk: Desk, author: Author) -> None:
    await desk.judged(1, acted(Step.BAN), author=author)

    assert await desk.actions() == [(ActionKind.DELETE, 1, None)]


async def test_nobody_is_told_where_the_policy_wants_no_messages(desk: Desk) -> None:
    await desk.policy(tell_person=False)

    await desk.judged(1, acted())

    assert await desk.actions() == [(ActionKind.DELETE, 1, None)]


async def test_a_server_without_a_policy_is_served_by_the_default(database: Database) -> None:
    desk = Desk(database)

    await desk.judged(1, acted())

    assert [kind for kind, *_ in await desk.actions()] == [ActionKind.DELETE, ActionKind.TELL]


async def test_an_emoji_is_deleted_as_what_it_is(desk: Desk) -> None:
    case = await desk.opened(1, acted(), subject=Subject.EMOJI, key="emoji:9")

    (deletion, _tell) = case.actions
    assert (deletion.subject, deletion.message_id) == (Subject.EMOJI, FIRST_MESSAGE + 1)
    (row, _) = await desk.rows(ActionRow, ActionRow.id)
    assert row.key == f"delete:emoji:{FIRST_MESSAGE + 1}"


async def test_different_pictures_that_are_judged_at_once_are_numbered_each(desk: Desk) -> None:
    """Cases have numbers without gaps, and the bank revisions without a second of its kind."""
    different = [
        desk.conclusion(
            await desk.posted(number), acted(), number, views=None, assessment=Assessment()
        )
        for number in range(10)
    ]

    async with asyncio.timeout(60):
        await asyncio.gather(*map(desk.uploads.conclude, different))

    assert sorted(row.number for row in await desk.rows(CaseRow)) == list(range(1, 11))
    assert sorted(row.revision for row in await desk.rows(BankEntryRow)) == list(range(1, 11))


async def test_the_special_path_keeps_nothing_of_the_picture(desk: Desk) -> None:
    upload_id = await desk.posted(1)
    await desk.uploads.spool(upload_id, screened())
    found = (
        finding(SPECIAL, severity=3, evidence="words"),
        finding(source=Source.BANK, evidence="", case_id=5),
    )
    given = verdict(Outcome.SPECIAL, *found, automatic=Step.DELETE, step=Step.DELETE)

    case = await desk.concluded(desk.conclusion(upload_id, given, 1))

    assert case is not None
    assert case.special
    assert case.thumbnail is None
    assert {one.evidence for one in case.findings} == {""}
    assert [one.rule for one in case.findings] == [SPECIAL, Category.SEXUAL]
    assert await desk.rows(BankEntryRow) == []
    assert await desk.rows(UploadFrameRow) == []
    assert await desk.actions() == [(ActionKind.DELETE, 1, None)], "and nobody is warned"
    assert await desk.work(JobKind.CARD) == [case.id]


async def test_a_case_without_a_rule_says_that_a_person_has_to_look(desk: Desk) -> None:
    case = await desk.opened(1, verdict(Outcome.NEEDS_HUMAN, rule=None, reasons=()))

    assert case.rule == UNANSWERED


async def test_a_case_holds_so_many_findings(desk: Desk) -> None:
    many = [finding(f"custom:{number}", score=0.5) for number in range(30)]

    case = await desk.opened(1, verdict(Outcome.FLAGGED, *many))

    assert case.findings == tuple(many[: opening.MAX_FINDINGS])


@pytest.mark.parametrize("outcome", [Outcome.WITHDRAWN, Outcome.EXPIRED, Outcome.GONE])
async def test_endings_without_a_verdict_make_no_case(desk: Desk, outcome: Outcome) -> None:
    assert await desk.judged(1, verdict(outcome)) is None

    seconds = ("seconds", "") in await desk.counted()
    assert seconds is (outcome is Outcome.GONE)


async def test_every_outcome_ends_the_upload(desk: Desk) -> None:
    for number, outcome in enumerate(Outcome):
        case = await desk.judged(number, verdict(outcome))
        assert (case is not None) is (outcome in WITH_CASE)

    assert {row.state for row in await desk.rows(UploadRow)} == {UploadState.DONE}
    figures = await desk.counted()
    assert {name for what, name in figures if what == "outcome"} == set(Outcome)


async def test_days_are_those_of_utc(desk: Desk) -> None:
    await desk.judged(1)
    desk.clock.advance(hours=12)
    await desk.judged(2, verdict(Outcome.CLEAN))

    days = {(row.day, row.name) for row in await desk.rows(DayCountRow) if row.what == "outcome"}
    assert days == {(date(2026, 1, 1), "flagged"), (date(2026, 1, 2), "clean")}


async def test_a_verdict_that_cannot_be_kept_whole_is_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await desk.posted(1)
    await desk.uploads.spool(upload_id, screened())
    conclusion = desk.conclusion(upload_id, acted(), 1)

    async def dies(*_: object, **__: object) -> None:
        raise StorageFailed("full")

    for step in ("next_case_number", "next_revision", "add_action", "redraw"):
        with monkeypatch.context() as patched:
            patched.setattr(opening, step, dies)
            with pytest.raises(StorageFailed):
                await desk.uploads.conclude(conclusion)
        recorded = await desk.uploads.get(upload_id)
        assert recorded is not None
        assert recorded.state is UploadState.SCREENED
        assert (await desk.uploads.spooled(upload_id)) == screened()
        for table in (CaseRow, ActionRow, BankEntryRow, SightingRow, DayCountRow):
            assert await desk.rows(table) == []

    case = await desk.concluded(conclusion)
    assert case is not None
    assert case.number == 1


async def test_cases_are_sealed(sealed_sqlite: Database) -> None:
    desk = Desk(sealed_sqlite)
    secret = finding(evidence="SECRETEVIDENCE")

    case = await desk.opened(
        1, verdict(Outcome.FLAGGED, secret), conclusion={"thumbnail": b"SECRETTHUMBNAIL"}
    )

    assert case.findings == (secret,)
    assert case.thumbnail == b"SECRETTHUMBNAIL"
    assert sealed_sqlite.path is not None
    await sealed_sqlite.scrub()
    assert b"SECRET" not in sealed_sqlite.path.read_bytes()
    async with Database(f"sqlite:///{sealed_sqlite.path}") as without_key:
        other = Desk(without_key)
        joined = await other.opened(1, picture=2, key="m:1:a:2", author_id=BERT)
    assert joined.id == case.id
    assert joined.findings == (finding(),), "what no key opens is replaced by what is known"
