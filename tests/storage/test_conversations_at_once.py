"""Many at once: nobody's turn is lost, doubled or mixed up with another's."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import TypeVar

import pytest

from bot.domain.conversation import Retention, TurnState
from bot.domain.errors import Expired
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from tests.storage.conversation_values import (
    DAY,
    GUEST,
    OWNER,
    Talk,
    answer,
    asked,
    new_picture,
)
from tests.storage.fakes import HandClock

T = TypeVar("T")


@pytest.fixture
def talk(database: Database) -> Talk:
    clock = HandClock()
    longest = Retention(365 * DAY, 365 * DAY)
    store = SqlConversationStore(
        database, longest=longest, picture_store_max_bytes=2**20, now=clock
    )
    return Talk(store, clock)


async def at_once(work: Iterable[Coroutine[None, None, T]]) -> list[T]:
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
    return [task.result() for task in tasks]


async def test_a_message_that_comes_several_times_is_asked_once(talk: Talk) -> None:
    parent = await talk.ask()
    for message, one in ((5, None), (6, parent)):
        turns = await at_once(talk.try_to_ask(asked(message=message, parent=one)) for _ in range(6))

        assert sum(turn is not None for turn in turns) == 1
    assert len(await talk.store.of_person(OWNER, limit=10)) == 2
    assert len(await talk.store.pending()) == 3


async def test_trying_again_twice_at_once_is_once(talk: Talk) -> None:
    failed = await talk.ask(message=5)

    turns = await at_once(talk.try_to_ask(asked(message=5, replaces=failed)) for _ in range(4))

    assert sum(turn is not None for turn in turns) == 1


async def test_messages_of_a_thread_follow_one_another(talk: Talk) -> None:
    first = await talk.ask()
    await talk.store.open_thread(100, first.id)

    await at_once(talk.ask(thread=100, person=person) for person in (OWNER, GUEST, 7) * 3)

    newest = await talk.store.turn_of_thread(100)
    assert newest is not None
    path = await talk.store.path(newest.id)
    assert len(path) == 10
    speakers: dict[int | None, int] = {}
    for turn in path:
        assert turn.speaker == speakers.setdefault(turn.person_id, len(speakers))


async def test_replies_to_the_same_answer_are_branches(talk: Talk) -> None:
    first = await talk.answered()

    turns = await at_once(talk.ask(parent=first) for _ in range(8))

    assert {turn.parent_id for turn in turns} == {first.id}
    assert len({turn.id for turn in turns}) == 8


async def test_pictures_that_come_at_once_have_different_numbers(talk: Talk) -> None:
    first = await talk.ask()
    turns = [await talk.ask(parent=first) for _ in range(5)]

    shown = await at_once(
        talk.show(turn, new_picture(b"same", "one"), new_picture(b"%d" % turn.id, "two"))
        for turn in turns
    )

    numbers = Counter(kept.number for pictures in shown for kept in pictures)
    assert sorted(numbers.elements()) == list(range(1, 11))
    for turn, pictures in zip(turns, shown, strict=True):
        loaded = await talk.store.load(pictures)
        assert [one.frames[0].data for one in loaded.values()] == [b"same", b"%d" % turn.id]


async def test_what_is_forgotten_while_it_is_answered_stays_forgotten(talk: Talk) -> None:
    first = await talk.answered()
    turn = await talk.ask(parent=first)
    await talk.ask(parent=turn, person=GUEST)

    async def reply() -> None:
        with contextlib.suppress(Expired):
            await talk.show(turn)
        await talk.store.answered(turn.id, answer("too late"), window_id=None, again=())

    await at_once([reply(), talk.store.forget_turn(turn.id), talk.store.told(turn.id)])

    kept = await talk.present(turn)
    assert (kept.state, kept.answer, kept.pictures) == (TurnState.FORGOTTEN, "", ())


async def test_asking_while_everything_is_deleted_leaves_all_or_nothing(talk: Talk) -> None:
    turns = [await talk.ask() for _ in range(4)]

    async def follow(parent_id: int) -> None:
        parent = turns[parent_id]
        with contextlib.suppress(Expired):
            await talk.show(await talk.ask(parent=parent))

    await at_once([follow(0), follow(1), talk.store.delete_person(OWNER), follow(2), follow(3)])

    assert await talk.store.of_person(OWNER, limit=10) == ()
    assert [await talk.store.turn(turn.id) for turn in turns] == [None] * 4
    assert await talk.store.pending() == ()


async def test_a_still_that_one_drops_while_another_takes_it_is_there(talk: Talk) -> None:
    for _ in range(5):
        old = await talk.ask()
        await talk.show(old)
        new = await talk.ask(person=GUEST)

        _, kept = await asyncio.gather(talk.store.delete(old.conversation_id), talk.show(new))

        assert list(await talk.store.load(kept)) == [1]
        await talk.store.delete(new.conversation_id)
        assert await talk.store.load(kept) == {}
