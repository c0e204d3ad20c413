"""What belongs together has one case: pictures of one message, and copies."""

import asyncio

import pytest

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import ActionKind, CaseState
from bot.domain.moderation.fingerprint import Fingerprint
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import SPECIAL, Category, Step
from bot.storage.database import Database
from bot.storage.moderation_tables import (
    ActionRow,
    BankEntryRow,
    CaseRow,
    SightingRow,
)
from tests.storage.moderation.values import (
    ANNE,
    BERT,
    CLEO,
    OTHER_GUILD,
    Desk,
    acted,
    copy_of,
    finding,
    fingerprint,
    sha256,
    verdict,
)


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = Desk(database)
    await desk.policy()
    return desk


async def test_pictures_of_one_message_share_a_case(desk: Desk) -> None:
    first = await desk.opened(1, acted(), picture=1, key="m:1:a:1")
    second = await desk.opened(1, acted(), picture=2, key="m:1:a:2")

    assert second.id == first.id
    assert (second.sighting_count, second.people_count) == (2, 1)
    assert second.version == first.version + 1
    assert await desk.actions() == [(ActionKind.DELETE, 1, None), (ActionKind.TELL, 1, ANNE)]
    entries = await desk.rows(BankEntryRow, BankEntryRow.id)
    assert [entry.sha256 for entry in entries] == [sha256(1), sha256(2)]
    assert [entry.revision for entry in entries] == [1, 2]
    assert (await desk.counted())["flagged", Category.SEXUAL] == 1


async def test_a_copy_makes_a_case_no_surer_of_its_picture(desk: Desk) -> None:
    first = await desk.opened(1, picture=1)
    copied = await desk.opened(2, verdict(Outcome.FLAGGED, copy_of(first)), picture=1)
    assert (copied.id, copied.sighting_count, copied.score) == (first.id, 2, 0.9)
    surer = verdict(Outcome.FLAGGED, finding(score=0.95), copy_of(first))
    assert (await desk.opened(3, surer, picture=1)).score == 0.95


async def test_the_gravest_picture_of_a_message_speaks_for_the_case(desk: Desk) -> None:
    scam = finding(Category.SCAM, severity=3, score=0.8)
    noted = verdict(Outcome.NOTED, step=Step.NOTE)
    first = await desk.opened(1, noted, picture=1, key="m:1:a:1")
    graver = await desk.opened(1, acted(Step.DELETE, scam), picture=2, key="m:1:a:2")
    milder = await desk.opened(1, verdict(), picture=3, key="m:1:a:3")

    assert first.id == graver.id == milder.id
    for case in (graver, milder):
        assert (case.outcome, case.rule, case.score) == (Outcome.ACTED, Category.SCAM, 0.8)
        assert (case.step, case.automatic, case.severity) == (Step.DELETE, Step.DELETE, 3)
        assert case.thumbnail == b"thumbnail of 2"
        assert case.findings == (scam, finding())
    assert await desk.work(JobKind.CARD) == [first.id]
    assert (await desk.counted())["flagged", Category.SCAM] == 1


async def test_a_copy_that_the_bank_knows_joins_the_case(desk: Desk) -> None:
    first = await desk.opened(1, acted(), picture=1)
    desk.clock.advance(minutes=50)
    other = fingerprint(2)  # a crop, say: nothing of it is like the first

    copy = await desk.opened(2, acted(Step.DELETE, copy_of(first)), picture=other, author_id=BERT)

    assert copy.id == first.id
    assert (copy.sighting_count, copy.people_count) == (2, 2)
    assert [one.author_id for one in copy.sightings] == [BERT, ANNE]
    assert copy.findings == (finding(),), "that it is a copy of itself says nothing"
    assert await desk.actions() == [
        (ActionKind.DELETE, 1, None),
        (ActionKind.TELL, 1, ANNE),
        (ActionKind.DELETE, 2, None),
        (ActionKind.TELL, 2, BERT),
    ]
    assert len(await desk.rows(BankEntryRow)) == 1
    assert (await desk.counted())["outcome", "acted"] == 2


async def test_a_raid_is_one_case_one_card_and_one_word_to_each_person(desk: Desk) -> None:
    people = (ANNE, BERT, CLEO)
    for number in range(12):
        copy = fingerprint(1, changed_bits=number % 8, copy=number)
        await desk.judged(number, acted(Step.BAN), picture=copy, author_id=people[number % 3])
        desk.clock.advance(minutes=40)

    (row,) = await desk.rows(CaseRow)
    assert row.sighting_count == 12
    kinds = [row.kind for row in await desk.rows(ActionRow)]
    assert kinds.count(ActionKind.DELETE) == 12
    assert kinds.count(ActionKind.BAN) == kinds.count(ActionKind.TELL) == 3
    assert await desk.work(JobKind.CARD) == [row.id]


async def test_copies_that_are_judged_at_once_have_one_case(desk: Desk) -> None:
    """Neither had a case when the bank was asked about the other."""
    copies = [
        desk.conclusion(await desk.posted(number), acted(), fingerprint(1, copy=number))
        for number in range(10)
    ]

    async with asyncio.timeout(60):
        cases = await asyncio.gather(*map(desk.uploads.conclude, copies))

    assert len(set(cases) - {None}) == 1
    (row,) = await desk.rows(CaseRow)
    assert row.sighting_count == 10
    assert row.version == 10
    assert len(await desk.rows(SightingRow)) == 10


async def test_a_film_with_one_known_frame_is_another_picture(desk: Desk) -> None:
    first = await desk.opened(1, picture=1)
    known, new = fingerprint(1, copy=2).hashes, fingerprint(2).hashes

    repeats = await desk.opened(2, picture=Fingerprint(sha256(77), (*known, *known)))
    film = await desk.opened(3, picture=Fingerprint(sha256(78), (*known, *new)))
    nothing_to_see = await desk.opened(4, picture=Fingerprint(sha256(79)))

    assert repeats.id == first.id
    assert len({first.id, film.id, nothing_to_see.id}) == 3


async def test_servers_count_and_fold_by_themselves(desk: Desk) -> None:
    first = await desk.opened(1, picture=1)
    second = await desk.opened(2, picture=1, guild_id=OTHER_GUILD)

    assert (first.number, second.number) == (1, 1)
    assert first.id != second.id


async def test_a_copy_that_comes_too_late_opens_a_case_that_knows_of_the_first(
    desk: Desk,
) -> None:
    first = await desk.opened(1, picture=1)
    desk.clock.advance(minutes=61)

    second = await desk.opened(2, verdict(Outcome.FLAGGED, copy_of(first)), picture=1)

    assert (second.number, second.seen_before) == (2, 1)
    desk.clock.advance(minutes=61)
    third = await desk.opened(3, verdict(Outcome.FLAGGED, copy_of(second)), picture=1)
    assert third.seen_before == 2


async def test_a_backlog_that_is_worked_off_late_folds_all_the_same(desk: Desk) -> None:
    first, second = await desk.posted(1), await desk.posted(2)
    await desk.uploads.conclude(desk.conclusion(second, acted(), 1))
    desk.clock.advance(days=1)

    case = await desk.concluded(desk.conclusion(first, acted(), 1))

    assert case is not None
    assert case.sighting_count == 2


async def test_a_decided_case_takes_nothing_in(desk: Desk) -> None:
    first = await desk.opened(1, picture=1)
    async with desk.database.writing() as session:
        row = await session.get_one(CaseRow, first.id)
        row.state = CaseState.DECIDED

    copy = await desk.opened(2, verdict(Outcome.FLAGGED, copy_of(first)), picture=1)
    same_message = await desk.opened(1, picture=3, key="m:1:a:2")

    assert len({first.id, copy.id, same_message.id}) == 3


async def test_a_report_on_what_has_a_case_is_no_second_sighting(desk: Desk) -> None:
    first = await desk.opened(1, picture=1)

    reported = await desk.opened(1, picture=1, prefix="r:")

    assert reported.id == first.id
    assert (reported.sighting_count, len(reported.sightings)) == (1, 1)
    assert len(await desk.rows(BankEntryRow)) == 1


async def test_a_special_case_takes_in_nothing_but_its_like(desk: Desk) -> None:
    special = verdict(Outcome.SPECIAL, finding(SPECIAL), step=Step.FLAG)
    plain = await desk.opened(1, picture=1, key="m:1:a:1")
    first = await desk.opened(1, special, picture=2, key="m:1:a:2")
    second = await desk.opened(1, special, picture=3, key="m:1:a:3")
    other = await desk.opened(1, picture=4, key="m:1:a:4")

    assert first.id == second.id != plain.id == other.id
    assert second.thumbnail is None
    copy = await desk.opened(2, verdict(Outcome.FLAGGED, copy_of(first)), picture=2)
    assert copy.id not in {first.id, plain.id}
