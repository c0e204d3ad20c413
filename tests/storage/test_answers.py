"""Answers are kept per question and picture: one contract for every store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.domain.ports import AnswerKey, AnswerStore
from bot.domain.task import Parameters, TaskName
from bot.storage.answers import SqlAnswerStore, digest
from bot.storage.database import Database
from bot.storage.seal import Seal
from bot.storage.tables import AnswerRow
from tests.storage.fakes import HandClock, MemoryAnswerStore, answer_key, full_answer

RETENTION = timedelta(hours=1)


class Store(AnswerStore, Protocol):
    """An answer store with its housekeeping."""

    async def expire(self, batch: int = 200) -> int: ...


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


Build = Callable[..., Store]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def build(request: pytest.FixtureRequest, clock: HandClock) -> Build:
    """Make stores over the same data."""
    if request.param == "memory":
        memory = MemoryAnswerStore(now=clock)

        def in_memory(retention: timedelta = RETENTION, max_rows: int = 1000) -> Store:
            memory.retention, memory.max_rows = retention, max_rows
            return memory

        return in_memory
    database: Database = request.getfixturevalue(request.param)

    def in_database(retention: timedelta = RETENTION, max_rows: int = 1000) -> Store:
        return SqlAnswerStore(database, retention=retention, max_rows=max_rows, now=clock)

    return in_database


async def test_an_answer_comes_back_whole_and_marked_as_kept(build: Build) -> None:
    store = build()
    await store.put(answer_key(), full_answer())

    assert await store.get(answer_key()) == replace(full_answer(), cached=True)


async def test_an_unknown_question_has_no_answer(build: Build) -> None:
    store = build()
    await store.put(answer_key("a"), full_answer())

    assert await store.get(answer_key("b")) is None
    assert await store.get(answer_key("a", focus="the cat")) is None
    assert await store.get(answer_key("a", model="glm-ocr")) is None


async def test_a_newer_answer_replaces_the_older_and_lives_its_own_time(
    build: Build, clock: HandClock
) -> None:
    store = build()
    await store.put(answer_key(), full_answer("old"))
    clock.advance(minutes=59)
    await store.put(answer_key(), full_answer("new"))
    clock.advance(minutes=59)

    kept = await store.get(answer_key())

    assert kept is not None
    assert kept.text == "new"


async def test_an_answer_that_was_kept_is_not_marked_so_when_it_is_put_again(build: Build) -> None:
    store = build()
    await store.put(answer_key(), replace(full_answer(), cached=True))
    assert await store.expire() == 0

    kept = await store.get(answer_key())
    assert kept == replace(full_answer(), cached=True)


async def test_an_expired_answer_is_never_returned_and_is_deleted_in_batches(
    build: Build, clock: HandClock
) -> None:
    store = build()
    for picture in "abcde":
        await store.put(answer_key(picture), full_answer())
    clock.advance(minutes=30)
    await store.put(answer_key("f"), full_answer())
    clock.advance(minutes=30)

    assert await store.get(answer_key("a")) is None
    assert await store.expire(batch=2) == 5
    assert await store.expire(batch=2) == 0
    assert await store.get(answer_key("f")) is not None


async def test_a_shorter_retention_holds_for_what_was_kept_before(
    build: Build, clock: HandClock
) -> None:
    await build(timedelta(days=7)).put(answer_key(), full_answer())
    clock.advance(hours=2)

    shorter = build(timedelta(hours=1))

    assert await shorter.get(answer_key()) is None
    assert await shorter.expire() == 1


async def test_over_the_limit_the_oldest_go_first(build: Build, clock: HandClock) -> None:
    store = build(max_rows=2)
    for picture in "abcde":
        clock.advance(seconds=1)
        await store.put(answer_key(picture), full_answer())

    assert await store.expire(batch=2) == 3

    kept = [picture for picture in "abcde" if await store.get(answer_key(picture))]
    assert kept == ["d", "e"]


@pytest.mark.parametrize(
    "values", [{"version": 2}, {"body": Seal().seal_json({"text": "no engine, no model"})}]
)
async def test_an_answer_of_another_version_is_as_good_as_none(
    database: Database, values: dict[str, object]
) -> None:
    store = SqlAnswerStore(database, retention=RETENTION)
    await store.put(answer_key(), full_answer())
    async with database.writing() as session:
        await session.execute(update(AnswerRow).values(values))

    with capture_logs() as logs:
        assert await store.get(answer_key()) is None

    assert [entry["event"] for entry in logs] in ([], ["answer_unreadable"])
    await store.put(answer_key(), full_answer())
    assert await store.get(answer_key()) is not None


keys = st.builds(
    AnswerKey,
    picture_sha256=st.sampled_from(["a" * 64, "b" * 64]),
    task=st.sampled_from(TaskName),
    task_version=st.integers(1, 2),
    engine=st.sampled_from(["ollama", "builtin"]),
    model=st.text(max_size=3),
    parameters=st.builds(Parameters, focus=st.text(max_size=3), language=st.text(max_size=3)),
)


@given(keys, keys)
def test_digests_are_equal_exactly_when_the_questions_are(one: AnswerKey, other: AnswerKey) -> None:
    assert (digest(one) == digest(other)) == (one == other)
    assert len(digest(one)) == 64


def test_a_digest_does_not_change_between_runs() -> None:
    assert digest(answer_key()) == (
        "02a04991861f01942753f3002a74f286c3163bcad5178036d38c0e5632e5c5aa"
    )
