"""What buttons need is kept until it expires: one contract for every store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update
from structlog.testing import capture_logs

from bot.domain.picture import PictureRef
from bot.domain.ports import PostedAnswerStore
from bot.storage.database import Database
from bot.storage.posted import SqlPostedAnswerStore, link_expiry, unsigned
from bot.storage.seal import Seal
from bot.storage.tables import PostedAnswerRow
from tests.storage.fakes import HandClock, MemoryPostedAnswerStore, attachment, posted_answer


class Store(PostedAnswerStore, Protocol):
    """A store of posted answers with its housekeeping."""

    async def expire(self, batch: int = 200) -> int: ...


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, clock: HandClock) -> Store:
    if request.param == "memory":
        return MemoryPostedAnswerStore(now=clock)
    return SqlPostedAnswerStore(request.getfixturevalue(request.param), now=clock)


async def test_it_comes_back_whole(store: Store, clock: HandClock) -> None:
    posted = posted_answer(now=clock())
    await store.add(posted)

    assert await store.get(posted.id) == posted
    assert await store.get(1) is None


async def test_a_posted_answer_outside_a_server_has_none(store: Store, clock: HandClock) -> None:
    posted = posted_answer(now=clock(), guild_id=None, sources=())
    await store.add(posted)

    assert await store.get(posted.id) == posted


async def test_one_is_forgotten(store: Store, clock: HandClock) -> None:
    await store.add(posted_answer(1, now=clock()))
    await store.add(posted_answer(2, now=clock()))

    await store.delete(1)
    await store.delete(99)

    assert await store.get(1) is None
    assert await store.get(2) is not None


async def test_a_person_or_a_server_is_forgotten_and_nobody_else(
    store: Store, clock: HandClock
) -> None:
    for posted_id, (asker_id, guild_id) in enumerate([(1, 10), (1, 11), (2, 10), (2, None)]):
        await store.add(posted_answer(posted_id, now=clock(), asker_id=asker_id, guild_id=guild_id))

    assert await store.delete_person(1) == 2
    assert await store.delete_person(1) == 0
    assert [bool(await store.get(posted_id)) for posted_id in range(4)] == [0, 0, 1, 1]
    assert await store.delete_guild(10) == 1
    assert [bool(await store.get(posted_id)) for posted_id in range(4)] == [0, 0, 0, 1]


async def test_the_expired_are_never_returned_and_deleted_in_batches(
    store: Store, clock: HandClock
) -> None:
    for posted_id in range(5):
        await store.add(posted_answer(posted_id, now=clock(), lifetime=timedelta(hours=1)))
    await store.add(posted_answer(9, now=clock()))
    clock.advance(hours=1)

    assert await store.get(0) is None
    assert await store.expire(batch=2) == 5
    assert await store.expire(batch=2) == 0
    assert await store.get(9) is not None


async def test_a_link_is_dropped_once_it_has_died_and_the_others_stay(
    store: Store, clock: HandClock
) -> None:
    start = clock()
    sources = (
        attachment(start + timedelta(hours=1), 1),
        attachment(None, 2),
        attachment(start + timedelta(hours=5), 3),
    )
    for posted_id in range(3):
        await store.add(posted_answer(posted_id, now=start, sources=sources))

    signed = {source.url for source in sources}

    async def left() -> list[list[int | None]]:
        await store.expire(batch=2)
        found = [await store.get(posted_id) for posted_id in range(3)]
        return [[ref.item_id for ref in one.sources if ref.url in signed] for one in found if one]

    assert await left() == [[1, 2, 3]] * 3
    clock.advance(hours=1)
    assert await left() == [[2, 3]] * 3
    clock.advance(hours=4)
    assert await left() == [[2]] * 3
    found = await store.get(0)
    assert found is not None
    assert found.sources == (
        replace(sources[0], url=unsigned(sources[0].url)),
        sources[1],
        replace(sources[2], url=unsigned(sources[2].url)),
    )


@pytest.mark.parametrize(
    "change",
    [
        text("UPDATE posted_answer SET task = 'a task of the future'"),
        update(PostedAnswerRow).values(parameters=Seal().seal_json({"detail": "more than ever"})),
    ],
)
async def test_what_a_newer_version_wrote_is_as_good_as_unknown(
    database: Database, change: object
) -> None:
    clock = HandClock()
    store = SqlPostedAnswerStore(database, now=clock)
    await store.add(posted_answer(1, now=clock()))
    async with database.writing() as session:
        await session.execute(change)  # type: ignore[call-overload]  # both kinds execute

    with capture_logs() as logs:
        assert await store.get(1) is None

    assert [(entry["event"], entry["posted_id"]) for entry in logs] == [
        ("posted_answer_unreadable", 1)
    ]
    assert await store.delete_person(2**63 - 1) == 1


def test_a_link_says_when_it_dies() -> None:
    link = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=65d903de&is=65c68ede&hm=2481f3"

    assert link_expiry(link) == datetime(2024, 2, 23, 20, 45, 18, tzinfo=UTC)


@given(st.text() | st.from_regex(r"https://[a-z.]{1,9}/\?ex=[0-9a-fA-FxX+_-]{0,40}"))
def test_any_other_link_does_not(url: str) -> None:
    expiry = link_expiry(url)
    assert expiry is None or expiry.tzinfo is UTC


def test_links_never_show_in_what_is_printed() -> None:
    source: PictureRef = attachment(datetime(2026, 1, 2, tzinfo=UTC))
    assert "ex=" not in repr(posted_answer(now=datetime(2026, 1, 1, tzinfo=UTC), sources=(source,)))
