"""What a raid costs: every further copy as much as the first few, however many there are."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.policy import Step
from bot.storage.database import Database
from tests.storage.moderation.case_values import MEMBER, Server


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
