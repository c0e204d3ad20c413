"""A question that is tried again stays one question: one answer stands for it."""

import pytest

from bot.domain.conversation import Turn, TurnState
from bot.domain.conversation_ports import Forgotten
from tests.storage.conversation_values import GUEST, OWNER, Talk, answer, asked


async def tried_again(talk: Talk, turn: Turn) -> Turn:
    return await talk.answered(asked(replaces=turn, message=turn.question_message_id))


async def ids(talk: Talk, turn: Turn) -> list[int]:
    """Return what is kept of a conversation; what is only there for the tree is negative."""
    turns = await talk.store.turns(turn.conversation_id)
    return [-one.id if one.state is TurnState.FORGOTTEN else one.id for one in turns]


async def test_a_newer_answer_that_was_shown_takes_the_older_away(talk: Talk) -> None:
    first = await talk.ask(message=5)
    await talk.show(first)
    await talk.answer(first, "the older words")
    again = await talk.ask(replaces=first, message=5)
    await talk.store.answered(again.id, answer("the newer words"), window_id=None, again=())
    assert await ids(talk, first) == [first.id, again.id]

    await talk.store.told(again.id)

    assert await ids(talk, first) == [again.id]
    assert (await talk.present(again)).first_try_id == first.id
    assert [kept.number for kept in await talk.store.pictures(again.id)] == [1]
    assert list(await talk.store.load(await talk.store.pictures(again.id))) == [1]
    third = await tried_again(talk, again)
    assert await ids(talk, first) == [third.id]
    assert await talk.store.turn_of_message(5) == third


async def test_what_was_followed_up_stays_as_the_past_of_what_followed(talk: Talk) -> None:
    first = await talk.answered()
    follow_up = await talk.answered(parent=first, person=GUEST)
    last = await talk.answered(parent=follow_up, person=GUEST)

    again = await tried_again(talk, first)

    assert await ids(talk, first) == [first.id, follow_up.id, last.id, again.id]
    assert [one.id for one in await talk.store.path(last.id)] == [first.id, follow_up.id, last.id]
    listed = await talk.store.conversation(first.conversation_id)
    assert listed is not None
    assert (listed.turns, listed.last_turn_id) == (3, again.id)
    await talk.store.forget_turn(follow_up.id)
    assert await ids(talk, first) == [first.id, -follow_up.id, last.id, again.id]
    assert await talk.store.forget_turn(last.id) == Forgotten(0, 1, 0)
    assert await ids(talk, first) == [again.id]


@pytest.mark.parametrize("which", range(3))
async def test_whichever_try_is_forgotten_all_are(talk: Talk, which: int) -> None:
    before = await talk.answered()
    first = await talk.answered(parent=before, message=5)
    (kept,) = await talk.show(first)
    follow_up = await talk.answered(parent=first)
    second = await tried_again(talk, first)
    other = await talk.answered(parent=second)
    third = await talk.ask(replaces=second, message=5)
    tries = [first, second, third]

    assert await talk.store.forget_turn(tries[which].id) == Forgotten(0, 1, 1)

    left = [before.id, -first.id, follow_up.id, -second.id, other.id]
    assert await ids(talk, first) == left
    assert await talk.store.turn_of_message(5) is None
    assert await talk.store.load([kept]) == {}
    assert [one.turn for one in await talk.store.pending()] == []


async def test_nothing_of_a_person_stays_however_often_they_tried(talk: Talk) -> None:
    begun = await talk.answered(person=GUEST)
    first = await talk.answered(parent=begun)
    await talk.answered(parent=first, person=GUEST)
    await tried_again(talk, first)

    assert await talk.store.delete_person(OWNER) == Forgotten(0, 1, 0)

    turns = await talk.store.turns(begun.conversation_id)
    assert {turn.person_id for turn in turns} == {GUEST, None}


async def test_a_conversation_counts_what_was_tried_again_once(talk: Talk) -> None:
    first = await talk.answered()
    await talk.answered(parent=first)
    again = await tried_again(talk, first)

    assert await talk.store.delete(again.conversation_id) == Forgotten(1, 2, 0)


@pytest.mark.parametrize("state", [TurnState.FAILED, TurnState.STOPPED, TurnState.INTERRUPTED])
async def test_a_try_without_an_answer_leaves_the_older_one(talk: Talk, state: TurnState) -> None:
    first = await talk.answered()
    again = await talk.ask(replaces=first)
    await talk.store.ended(again.id, state)
    await talk.store.told(again.id)

    assert await talk.present(first) == first
    listed = await talk.store.conversation(first.conversation_id)
    assert listed is not None
    assert (listed.turns, listed.last_turn_id) == (1, first.id)
    third = await tried_again(talk, again)
    assert await ids(talk, first) == [third.id]


@pytest.mark.parametrize("answered", [True, False])
async def test_an_answer_that_is_put_back_has_everything_again(talk: Talk, answered: bool) -> None:
    first = await talk.answered(message=5)
    shown = await talk.show(first)
    await talk.store.shown(first.id, 66)
    await talk.store.open_thread(100, first.id)
    again = await talk.ask(replaces=first, message=5)
    await talk.store.shown(again.id, 66)
    if answered:
        await talk.store.answered(again.id, answer("never seen"), window_id=None, again=())

    await talk.store.put_back(again.id, 66)
    await talk.store.told(again.id)

    assert await ids(talk, first) == [first.id]
    present = await talk.present(first)
    assert (present.answer, present.pictures) == (first.answer, shown)
    assert (present.question_message_id, present.answer_message_id) == (5, 66)
    assert await talk.store.turn_of_message(66) == present
    assert await talk.store.turn_of_thread(100) == present
    assert list(await talk.store.load(shown)) == [1]


async def test_a_try_that_something_hangs_on_is_put_back_without_being_forgotten(
    talk: Talk,
) -> None:
    first = await talk.answered(message=5)
    again = await talk.ask(replaces=first, message=5)
    waiting = await talk.ask(parent=again, person=GUEST)

    await talk.store.put_back(again.id, 66)

    assert await ids(talk, first) == [first.id, again.id, waiting.id]
    found = await talk.store.turn_of_message(5)
    assert found is not None
    assert found.id == first.id


async def test_there_is_nothing_to_put_back_for_a_turn_that_is_no_other_try(talk: Talk) -> None:
    first = await talk.answered()

    await talk.store.put_back(first.id, 66)
    await talk.store.put_back(999, 66)

    assert await talk.present(first) == first


async def test_whoever_still_waits_keeps_their_try(talk: Talk) -> None:
    first = await talk.answered()
    one, two = await talk.ask(replaces=first), await talk.ask(replaces=first)

    await talk.answer(two)

    assert await ids(talk, first) == [one.id, two.id]
    await talk.store.ended(one.id, TurnState.STOPPED)
    await talk.store.told(one.id)
    assert await ids(talk, first) == [two.id]
