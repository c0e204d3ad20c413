"""What is over goes, in small steps; what is asked for goes at once."""

from typing import Any

import pytest
from sqlalchemy import delete, func, select

from bot.domain.conversation import Retention
from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import Appeal, Decision, Report
from bot.domain.moderation.fingerprint import BankEntry, BankKind, Views
from bot.domain.moderation.policy import Policy, PolicyChange, Step
from bot.domain.moderation.ports import CaseQuery
from bot.domain.moderation.upload import Cursor, NewUpload
from bot.storage import moderation_tables
from bot.storage.answers import SqlAnswerStore
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.housekeeping import Expired, expire_once
from bot.storage.moderation import forgetting
from bot.storage.moderation.forgetting import SqlModerationKeeper
from bot.storage.moderation_tables import (
    BankEntryRow,
    CaseEventRow,
    CaseRow,
    DayCountRow,
    JobRow,
    SightingRow,
    UploadFrameRow,
    UploadRow,
)
from bot.storage.posted import SqlPostedAnswerStore
from bot.storage.tables import Base
from tests.storage.fakes import attachment
from tests.storage.moderation.case_values import (
    CHANNEL,
    DAY,
    GUILD,
    MEMBER,
    MODERATOR,
    OTHER,
    Server,
    hashes_of,
)

ALL: tuple[type[Base], ...] = tuple(
    mapper.class_
    for mapper in Base.registry.mappers
    if mapper.class_.__module__ == moderation_tables.__name__
)
GONE = BankEntry(0, GUILD, BankKind.BLOCKED, (), "a" * 64, Views(hashes_of(9)))


async def rows(database: Database, table: type[Base] | None = None) -> dict[str, int]:
    """Count what is in the tables."""
    async with database.reading() as session:
        counts = {
            one.__tablename__: await session.scalar(select(func.count()).select_from(one)) or 0
            for one in (ALL if table is None else (table,))
        }
    return {name: count for name, count in counts.items() if count}


async def fill(server: Server, guild: int) -> None:
    """Let everything there is happen in a server."""
    change = PolicyChange(MODERATOR, "enabled", "no", "yes")
    await server.policies.save(guild, Policy(enabled=True, dry_run=False), [change])
    await server.uploads.record([], [Cursor(guild, guild + 1, 5)])
    case = await server.open(
        guild=guild, picture=guild % 97, outcome=Outcome.ACTED, automatic=Step.BAN
    )
    await server.cases.appeal(case.id, Appeal(MEMBER, "it was a joke", server.clock()))
    await server.decide(case, Decision.BLOCK)
    await server.clean(guild=guild)
    waiting = await server.upload(guild=guild)
    new = NewUpload(f"r:{guild}", guild, CHANNEL, 7, OTHER, attachment(), server.clock())
    await server.uploads.record_report([new], Report(MEMBER, "look at this", server.clock()))
    async with server.database.writing() as session:
        session.add(
            UploadFrameRow(
                upload_id=waiting,
                dark=False,
                position=0,
                media_type="image/png",
                width=1,
                height=1,
                at_seconds=None,
                data=b"\x00x",
            )
        )


async def test_nothing_of_a_server_is_left_and_nothing_of_another_is_touched(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    await fill(server, GUILD)
    alone = await rows(server.database)
    assert set(alone) == {table.__tablename__ for table in ALL}
    await fill(server, GUILD + 1)

    assert await server.keeper.delete_guild(GUILD) == 1

    assert await rows(server.database) == alone
    assert await server.keeper.delete_guild(GUILD + 1) == 1
    assert await rows(server.database) == {}


async def test_a_persons_words_go_and_the_servers_cases_stay(server: Server) -> None:
    for guild in (GUILD, GUILD + 1):
        await fill(server, guild)
    await server.clean(person=OTHER)
    before = await rows(server.database)

    deleted = await server.keeper.delete_person(MEMBER)

    after = await rows(server.database)
    gone = {name: count - after.get(name, 0) for name, count in before.items()}
    assert {name: count for name, count in gone.items() if count} == {
        "appeal": 2,
        "report": 2,
        "upload": 2,  # those without a case; what waits is looked at first
    }
    assert deleted == 6
    assert await server.keeper.delete_person(MEMBER) == 0


async def test_verdicts_go_before_cases(server: Server) -> None:
    await server.clean()
    case = await server.open(message=50)
    waiting = await server.upload()
    server.clock.advance(days=7, seconds=-1)
    assert await server.keeper.expire(1) == 0
    server.clock.advance(seconds=1)

    assert await server.keeper.expire(1) == 1, "whoever is to decide may need its reports"
    await server.decide(case, Decision.KEEP)
    assert await server.keeper.expire(1) == 1

    assert await server.uploads.get(waiting) is not None
    kept = await server.cases.get(case.id)
    assert kept is not None
    assert [sighting.message_id for sighting in kept.sightings] == [50]


async def test_cases_go_with_all_that_is_theirs_after_their_last_change(server: Server) -> None:
    cases = [await server.open(picture=number) for number in range(1, 6)]
    await server.decide(cases[0], Decision.BLOCK)
    await server.decide(cases[1], Decision.NOT_VIOLATION)
    await server.decide(cases[2], Decision.BAN)
    server.clock.advance(days=15)
    await server.decide(cases[3], Decision.KEEP)
    known = await server.bank.revision(GUILD)
    server.clock.advance(days=15)

    assert await server.keeper.expire(2) == 5 + 4  # uploads and cases

    left = [case.id for case in (await server.cases.find(CaseQuery(GUILD)))[1]]
    assert left == [cases[3].id]
    async with server.database.reading() as session:
        theirs = await session.scalars(select(CaseEventRow.case_id).distinct())
        jobs = await session.execute(select(JobRow.kind, JobRow.subject_id))
        assert list(theirs) == left
        assert {subject for kind, subject in jobs if kind == "card"} == set(left)
    # What moderators blocked and allowed stays; what was seen goes with its case.
    assert await server.banked() == [
        (BankKind.ALLOWED, f"{2:064x}"),
        (BankKind.BLOCKED, f"{1:064x}"),
    ]
    _, (blocked,) = await server.bank.listed(GUILD, BankKind.BLOCKED)
    assert (blocked.case_id, blocked.views.hashes) == (None, hashes_of(1))
    assert len((await server.bank.changes(GUILD, known)).removed_ids) == 3
    async with server.database.reading() as session:
        set_aside = await session.scalars(
            select(BankEntryRow).where(BankEntryRow.removed, BankEntryRow.hashes != b"")
        )
        assert [row.case_id for row in set_aside] == left, "an undo can bring it back"


async def test_a_case_that_changes_meanwhile_stays(server: Server) -> None:
    case = await server.open()
    server.clock.advance(days=29)
    await server.decide(case, Decision.KEEP)
    server.clock.advance(days=29)
    await server.keeper.expire(9)
    assert await server.cases.get(case.id) is not None


async def test_large_cases_go_a_few_at_a_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "SIGHTINGS_AT_ONCE", 3)
    for guild in (GUILD, GUILD + 1):
        for picture in range(1, 4):
            case = await server.open(picture=picture, guild=guild)
            await server.open(copy_of=case, guild=guild)
    server.clock.advance(days=30)
    assert await server.keeper.expire(100) == 12 + 6
    assert await rows(server.database, SightingRow) == {}


async def test_what_was_removed_is_told_for_a_week_and_revisions_never_come_twice(
    server: Server,
) -> None:
    await server.bank.add([GONE])
    (entry,) = (await server.bank.changes(GUILD, 0)).added
    await server.bank.remove(GUILD, [entry.id])
    revision = await server.bank.revision(GUILD)
    server.clock.advance(days=8)

    assert await server.keeper.expire(9) == 0, "the newest revision stays"
    assert await server.bank.revision(GUILD) == revision
    await server.bank.add([GONE])
    assert await server.bank.revision(GUILD) == revision + 1
    assert await server.keeper.expire(9) == 1
    assert (await server.bank.changes(GUILD, 0)).removed_ids == []


async def test_changes_of_a_policy_and_figures_go_in_their_time(server: Server) -> None:
    await server.policies.save(GUILD, Policy(), [PolicyChange(1, "preset", "", "strict")])
    await server.clean()
    server.clock.advance(days=30)
    assert await server.keeper.expire(9) == 2  # the change and the upload
    assert await server.policies.changes(GUILD, 9) == []
    server.clock.advance(days=369)
    assert await server.keeper.expire(9) == 0
    server.clock.advance(days=1)
    assert await server.keeper.expire(9) == 3
    assert await rows(server.database, DayCountRow) == {}


async def test_a_server_that_is_absent_for_long_is_forgotten(server: Server) -> None:
    keeper, policies = server.keeper, server.policies
    gone, back, elsewhere, there = GUILD, GUILD + 1, GUILD + 2, GUILD + 3
    for guild in (gone, back, elsewhere, there):
        await policies.save(guild, Policy(enabled=True), [])
    await server.open()

    assert await keeper.note_presence({there}, lambda guild_id: guild_id != elsewhere) == 2
    server.clock.advance(days=13)
    assert await keeper.note_presence({there, back}, lambda guild_id: guild_id != elsewhere) == 1
    await keeper.expire(9)
    assert len(await policies.enabled()) == 4
    server.clock.advance(days=1)
    await keeper.expire(9)

    assert sorted(await policies.enabled()) == [back, elsewhere, there]
    assert await rows(server.database, CaseRow) == {}


async def test_a_server_that_came_back_while_nobody_was_there_is_not_forgotten_at_the_start(
    server: Server,
) -> None:
    """Expiry runs at the start, before it is known which servers there are."""
    await server.policies.save(GUILD, Policy(enabled=True), [])
    await server.keeper.note_presence(set(), lambda _: True)
    server.clock.advance(days=30)
    started = SqlModerationKeeper(
        server.database, case_retention=DAY, upload_retention=DAY, clock=server.clock
    )
    await started.expire(9)
    assert list(await server.policies.enabled()) == [GUILD]
    await started.note_presence({GUILD}, lambda _: True)
    await started.expire(9)
    assert list(await server.policies.enabled()) == [GUILD]


async def test_a_server_that_chooses_its_rules_is_there(server: Server) -> None:
    await server.policies.save(GUILD, Policy(enabled=True), [])
    await server.keeper.note_presence(set(), lambda _: True)
    await server.policies.save(GUILD, Policy(enabled=True), [])
    server.clock.advance(days=30)
    assert await server.keeper.expire(9) == 0


async def test_how_far_a_channel_was_heard_goes_with_the_servers_policy(server: Server) -> None:
    await server.policies.save(GUILD, Policy(), [])
    for guild in (GUILD, GUILD + 1):
        await server.uploads.record([], [Cursor(guild, guild + 9, 5)])
    assert await server.keeper.expire(9) == 1
    assert len(await server.uploads.cursors(GUILD)) == 1


async def test_housekeeping_lets_go_of_moderation_as_well(server: Server) -> None:
    database, clock = server.database, server.clock
    others: Any = (
        SqlAnswerStore(database, retention=DAY, now=clock),
        SqlPostedAnswerStore(database, now=clock),
        SqlConversationStore(
            database, longest=Retention(DAY, DAY), picture_store_max_bytes=9, now=clock
        ),
    )
    await server.open()
    server.clock.advance(days=30)

    expired = await expire_once(database, *others, moderation=server.sql_keeper)

    assert expired == Expired(0, 0, 0, 0, 0, 0, moderation=2)


async def test_whether_verdicts_erased_something_is_told_once(server: Server) -> None:
    keeper = server.sql_keeper
    assert await keeper.erased_by_verdicts(), "what was before is not known"
    server.clock.advance(minutes=1)
    assert not await keeper.erased_by_verdicts()
    server.clock.advance(minutes=1)
    await server.clean()
    server.clock.advance(minutes=1)
    assert await keeper.erased_by_verdicts()
    server.clock.advance(minutes=1)
    assert not await keeper.erased_by_verdicts()


async def test_the_cards_that_quote_a_forgotten_person_are_drawn_anew(server: Server) -> None:
    appealed, other = await server.open(message=1), await server.open(message=2, picture=2)
    await server.cases.appeal(appealed.id, Appeal(MEMBER, "it was a joke", server.clock()))
    new = NewUpload("r:9", GUILD, CHANNEL, 9, OTHER, attachment(), server.clock())
    await server.uploads.record_report([new], Report(MEMBER, "look at this", server.clock()))
    async with server.database.reading() as session:
        upload_id = (await session.scalars(select(UploadRow.id).filter_by(key="r:9"))).one()
    reported = await server.conclude(upload_id, picture=3)
    async with server.database.writing() as session:
        await session.execute(delete(JobRow))
    before = {case.id: await server.cases.get(case.id) for case in (appealed, other, reported)}

    assert await server.keeper.delete_person(MEMBER) == 2
    again = Appeal(MEMBER, "once more", server.clock())
    assert not await server.cases.appeal(appealed.id, again), "once for each case and person"

    for case_id, shown in before.items():
        now = await server.cases.get(case_id)
        assert shown is not None
        assert now is not None
        assert now.version == shown.version + (case_id != other.id)
        assert (now.appeals, now.reports) == ((), ())
    async with server.database.reading() as session:
        drawn = set(await session.scalars(select(JobRow.subject_id)))
    assert drawn == {appealed.id, reported.id}
