"""What a raid costs: every further copy as much as the first few, however many there are."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import ActionKind, ActionState, Decision
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import Step
from bot.domain.moderation.upload import Author
from bot.storage.database import Database
from bot.storage.moderation import case_reading, finding
from bot.storage.moderation.jobs import SqlJobQueue
from tests.storage.moderation.case_values import GUILD, MEMBER, Server


@pytest.fixture
async def server(database: Database) -> Server:
    server = Server(database)
    await server.enable()
    return server


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect what is asked of a database."""
    asked: list[str] = []
    engines = {database._read.sync_engine, database._write.sync_engine}

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


async def test_a_verdict_on_a_copy_never_reads_the_other_copies(server: Server) -> None:
    case = await server.open(outcome=Outcome.ACTED, automatic=Step.DELETE)
    upload_id = await server.upload(person=MEMBER + 1)

    with statements(server.database) as asked:
        conclusion = server.conclusion(
            upload_id, copy_of=case, outcome=Outcome.ACTED, automatic=Step.DELETE
        )
        assert await server.uploads.conclude(conclusion) == case.id
        assert await server.cases.severity(case.id) == 2

    reading = [one for one in asked if "count(distinct" in one or "row_number" in one]
    assert reading == []


async def test_everybody_in_a_raid_is_known_however_many_are_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_reading, "ACTIONS_SHOWN", 2)
    monkeypatch.setattr(finding, "PEOPLE_SHOWN", 2)
    case = await server.open(person=1, message=1)
    for person in range(2, 6):
        await server.open(person=person, message=person, copy_of=case)
    await server.open(person=9, message=9, author=Author.WEBHOOK, copy_of=case)
    decided = await server.decide(case, Decision.BAN)

    assert len(decided.case.actions) == len(await server.cases.people(case.id)) == 2
    assert {(one.kind, one.state, one.count) for one in decided.case.action_counts} == {
        (ActionKind.DELETE, ActionState.PENDING, 6),
        (ActionKind.BAN, ActionState.PENDING, 5),
        (ActionKind.TELL, ActionState.PENDING, 5),
    }
    for person in range(1, 6):
        assert await server.cases.concerns(case.id, person)
        about_them = await server.cases.actions_on(case.id, person)
        assert [(one.kind, one.person_id) for one in about_them] == [
            (ActionKind.DELETE, person),
            (ActionKind.BAN, person),
            (ActionKind.TELL, person),
        ]
    assert not await server.cases.concerns(case.id, 9), "a webhook is nobody"
    assert not await server.cases.concerns(case.id + 1, 1)
    assert await server.cases.actions_on(case.id, 77) == []


async def test_of_what_was_done_to_somebody_again_the_newest_counts(server: Server) -> None:
    case = await server.open()
    for _ in range(2):
        await server.decide(case, Decision.TIME_OUT)
        await server.carry_out(case)
        await server.undo(case)

    newest = await server.cases.actions_on(case.id, MEMBER)

    assert [one.kind for one in newest] == [
        ActionKind.DELETE,
        ActionKind.TIME_OUT,
        ActionKind.TELL,
        ActionKind.END_TIME_OUT,
    ]
    assert newest[-1].state is ActionState.PENDING
    now = await server.cases.get(case.id)
    assert now is not None
    assert {one.kind: one.count for one in now.action_counts} == {one.kind: 1 for one in newest}


async def test_a_raid_s_messages_to_people_keep_up_nobody_else_s_deletion(server: Server) -> None:
    raid = await server.open(person=1, message=1)
    for person in range(2, 6):
        await server.open(person=person, message=person, copy_of=raid)
    await server.decide(raid, Decision.BAN)
    server.clock.advance(minutes=50)
    other = await server.open(message=90, picture=2, outcome=Outcome.ACTED, automatic=Step.BAN)

    queue = SqlJobQueue(server.database, clock=server.clock)
    jobs = await queue.claim([JobKind.ACT], 20, oldest_first=True)

    begun = [await server.cases.begin_action(job.subject_id) for job in jobs]
    order = [(one.case_id, one.kind) for one in begun if one is not None]
    assert order == [
        *[(raid.id, ActionKind.DELETE)] * 5,
        (other.id, ActionKind.DELETE),
        *[(raid.id, ActionKind.BAN)] * 5,
        (other.id, ActionKind.BAN),
        *[(raid.id, ActionKind.TELL)] * 5,
        (other.id, ActionKind.TELL),
    ]


async def test_what_is_asked_at_every_verdict_and_for_figures_finds_its_rows_by_an_index(
    server: Server,
) -> None:
    if server.database.path is None:
        pytest.skip("among so few rows PostgreSQL needs no index")
    with statements(server.database) as asked:
        await server.open()
        await server.cases.stats(GUILD, 1)
        await server.uploads.withdraw(GUILD)
    for index, named in (
        ("ix_moderation_case_sighted", "bank_entry.kind = ? AND"),
        ("ix_upload_ended", "ORDER BY upload.done_at DESC"),
        ("ix_upload_ended", "count(upload.id)"),
    ):
        (question,) = {one for one in asked if named in one and one.startswith("SELECT")}
        async with server.database.reading() as session:
            connection = await session.connection()
            values = ("",) * question.count("?")
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", values)
            assert any(index in str(row) for row in plan), question
