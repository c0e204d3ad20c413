"""Conversations end in time or when somebody says so: one contract for every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.conversation import KeptPicture, Retention, TurnState
from bot.domain.conversation_ports import Forgotten
from bot.domain.errors import Expired
from bot.domain.task import Parameters
from tests.storage.conversation_values import (
    DAY,
    GUEST,
    GUILD,
    OWNER,
    Build,
    Talk,
    answer,
    new_picture,
)
from tests.storage.fakes import HandClock


async def test_pictures_end_before_words(talk: Talk, clock: HandClock) -> None:
    turn = await talk.ask()
    kept = await talk.store.attach(turn.id, [new_picture(description="a cat")])
    clock.advance(days=7)

    in_words = (replace(kept[0], frames=()),)
    assert (await talk.present(turn)).pictures == in_words
    assert await talk.store.pictures(turn.id) == in_words
    await talk.store.expire()
    assert (await talk.present(turn)).pictures == in_words
    assert await talk.store.load(kept) == {}


async def test_following_up_keeps_a_conversation(talk: Talk, clock: HandClock) -> None:
    first = await talk.ask()
    kept = await talk.show(first)
    clock.advance(days=6)
    last = await talk.ask(parent=first)
    clock.advance(days=6)
    await talk.store.expire()

    assert await talk.store.pictures(last.id) == kept
    clock.advance(days=23, hours=23)
    await talk.store.expire()
    assert len(await talk.store.path(last.id)) == 2
    clock.advance(hours=1)
    assert await talk.store.turn(last.id) is None
    assert await talk.store.conversation(first.conversation_id) is None
    assert await talk.store.of_person(OWNER, limit=10) == ()
    with pytest.raises(Expired):
        await talk.ask(parent=last)
    assert await talk.store.expire() == Forgotten(1, 2, 1)
    assert await talk.store.expire() == Forgotten(0, 0, 0)


async def test_a_conversation_ends_with_what_its_owner_has_in_it(
    talk: Talk, clock: HandClock
) -> None:
    first = await talk.ask()
    clock.advance(days=29)
    await talk.ask(parent=first, person=GUEST)
    clock.advance(days=1)

    assert await talk.store.turns(first.conversation_id) == ()
    assert await talk.store.expire() == Forgotten(1, 2, 0)


async def test_what_a_guest_said_ends_in_the_guests_own_time(talk: Talk, clock: HandClock) -> None:
    first = await talk.answered()
    talk.text = 2 * DAY
    guest = await talk.answered(parent=first, person=GUEST)
    await talk.show(guest)
    talk.text = 30 * DAY
    last = await talk.answered(parent=guest)
    clock.advance(days=2)

    for _ in range(2):
        path = await talk.store.path(last.id)
        assert [turn.state for turn in path] == [
            TurnState.ANSWERED,
            TurnState.FORGOTTEN,
            TurnState.ANSWERED,
        ]
        assert (path[1].question, path[1].answer, path[1].pictures) == ("", "", ())
        assert path[1].person_id is None
        listed = await talk.store.conversation(first.conversation_id)
        assert listed is not None
        assert (listed.turns, listed.pictures) == (2, 0)
        await talk.store.expire()
    with pytest.raises(Expired):
        await talk.ask(parent=guest)


async def test_who_waits_keeps_what_should_not_be_kept(talk: Talk, clock: HandClock) -> None:
    talk.text = talk.pictures = timedelta(0)
    turn = await talk.ask()
    (kept,) = await talk.show(turn)

    assert kept.frames == ()
    assert (await talk.present(turn)).pictures == (kept,)
    assert await talk.store.load([kept]) == {}
    assert len(await talk.store.pending()) == 1
    assert await talk.store.expire() == Forgotten(0, 0, 0)
    clock.advance(days=1)
    assert await talk.store.turn(turn.id) is None
    assert await talk.store.expire() == Forgotten(1, 1, 1)


async def test_choosing_less_ends_what_is_kept_sooner(talk: Talk, clock: HandClock) -> None:
    turn = await talk.ask()
    kept = await talk.show(turn)
    other = await talk.ask(person=GUEST)
    clock.advance(days=2)

    await talk.store.set_retention(OWNER, Retention(pictures=DAY, text=3 * DAY))

    assert await talk.store.pictures(turn.id) == (replace(kept[0], frames=()),)
    clock.advance(days=1)
    assert await talk.store.turn(turn.id) is None
    assert await talk.store.turn(other.id) == other
    await talk.store.set_retention(OWNER, Retention(pictures=90 * DAY, text=90 * DAY))
    assert await talk.store.turn(turn.id) is None


async def test_a_lower_limit_of_the_operator_holds_for_what_was_kept_before(
    talk: Talk, build: Build, clock: HandClock
) -> None:
    turn = await talk.ask()
    await talk.show(turn)
    clock.advance(days=2)

    store = build(longest=Retention(pictures=DAY, text=5 * DAY))

    assert [kept.frames for kept in await store.pictures(turn.id)] == [()]
    listed = await store.conversation(turn.conversation_id)
    assert listed is not None
    assert listed.expires_at == turn.created_at + 5 * DAY
    store = build(longest=Retention(pictures=DAY, text=2 * DAY))
    assert await store.turn(turn.id) is None
    assert await store.expire() == Forgotten(1, 1, 1)


async def test_a_deleted_conversation_is_gone_and_others_stay(talk: Talk) -> None:
    first, other = await talk.ask(message=5), await talk.ask()
    last = await talk.ask(parent=first)
    kept = await talk.show(last, new_picture(b"shared"), new_picture(b"own", "own"))
    await talk.show(other, new_picture(b"shared"))
    window = await talk.store.open_window(first.conversation_id, 1, "recap", (1,))
    await talk.store.open_thread(100, last.id)

    assert await talk.store.delete(first.conversation_id) == Forgotten(1, 2, 2)

    assert await talk.store.turn(last.id) is None
    assert await talk.store.window(window.id) is None
    assert not await talk.store.is_thread(100)
    assert [one.turn.id for one in await talk.store.pending()] == [other.id]
    assert list(await talk.store.load(kept)) == [1]
    await talk.store.delete(other.conversation_id)
    assert await talk.store.load(kept) == {}
    assert (await talk.ask(message=5)).id > other.id


async def test_a_forgotten_turn_holds_the_tree_together(talk: Talk) -> None:
    first = await talk.answered(message=5)
    await talk.store.shown(first.id, 6)
    kept = await talk.show(first)
    last = await talk.answered(parent=first, person=GUEST)

    assert await talk.store.forget_turn(first.id) == Forgotten(0, 1, 1)
    assert await talk.store.forget_turn(first.id) == Forgotten(0, 0, 0)

    forgotten, present = await talk.store.path(last.id)
    assert present == replace(last, prompt_tokens=None, answer_tokens=None)
    assert forgotten.state is TurnState.FORGOTTEN
    assert (forgotten.question, forgotten.answer, forgotten.pictures) == ("", "", ())
    assert (forgotten.person_id, forgotten.question_message_id) == (None, None)
    assert forgotten.parameters == Parameters()
    assert await talk.store.turn_of_message(6) == forgotten
    assert await talk.store.turn_of_message(5) is None
    assert await talk.store.load(kept) == {}
    await talk.store.answered(first.id, answer("late"), window_id=None, again=())
    assert (await talk.present(first)).answer == ""
    with pytest.raises(Expired):
        await talk.show(first)
    listed = await talk.store.conversation(first.conversation_id)
    assert listed is not None
    assert (listed.turns, listed.pictures, listed.last_turn_id) == (1, 0, last.id)
    assert await talk.store.forget_turn(last.id) == Forgotten(1, 1, 0)
    assert await talk.store.turn(first.id) is None


async def test_threads_step_back_from_a_forgotten_turn(talk: Talk) -> None:
    first = await talk.ask()
    second = await talk.ask(parent=first)
    third = await talk.ask(parent=second)
    branch = await talk.ask(parent=second)
    await talk.store.open_thread(100, third.id)
    await talk.store.forget_turn(second.id)

    await talk.store.forget_turn(third.id)

    assert await talk.store.turn_of_thread(100) == first
    await talk.store.forget_turn(first.id)
    assert not await talk.store.is_thread(100)
    assert (await talk.present(branch)).state is TurnState.WAITING


async def test_windows_go_with_the_turns_they_tell_of(talk: Talk) -> None:
    first = await talk.answered()
    second = await talk.answered(parent=first)
    early = await talk.store.open_window(first.conversation_id, 1, "of the first", ())
    late = await talk.store.open_window(first.conversation_id, 2, "of both", ())
    third = await talk.ask(parent=second)
    await talk.store.answered(third.id, answer(), window_id=late.id, again=())

    await talk.store.forget_turn(second.id)

    assert await talk.store.window(early.id) == early
    assert await talk.store.window(late.id) is None
    present = await talk.present(third)
    assert (present.window_id, present.prompt_tokens) == (None, None)
    assert present.state is TurnState.ANSWERED


async def test_an_answer_from_a_window_that_was_closed_meanwhile_is_kept(talk: Talk) -> None:
    first = await talk.answered()
    turn = await talk.ask(parent=first)
    window = await talk.store.open_window(first.conversation_id, 1, "of the first", ())
    await talk.store.forget_turn(first.id)

    await talk.store.answered(turn.id, answer("Ja."), window_id=window.id, again=())

    present = await talk.present(turn)
    assert (present.answer, present.window_id, present.prompt_tokens) == ("Ja.", None, None)


async def test_a_person_is_forgotten_everywhere(talk: Talk) -> None:
    mine = await talk.ask()
    await talk.ask(parent=mine, person=GUEST)
    other = await talk.ask(person=GUEST)
    said = await talk.ask(parent=other)
    await talk.show(said)
    last = await talk.ask(parent=said, person=GUEST)
    leaf = await talk.ask(parent=last)
    await talk.store.set_retention(OWNER, Retention(DAY, DAY))
    await talk.store.set_retention(GUEST, Retention(90 * DAY, 90 * DAY))

    assert await talk.store.delete_person(OWNER) == Forgotten(1, 4, 1)

    assert await talk.store.of_person(OWNER, limit=10) == ()
    assert await talk.store.turns(mine.conversation_id) == ()
    states = [turn.state for turn in await talk.store.path(last.id)]
    assert states == [TurnState.WAITING, TurnState.FORGOTTEN, TurnState.WAITING]
    assert await talk.store.turn(leaf.id) is None
    assert await talk.store.retention(OWNER) is None
    assert await talk.store.retention(GUEST) is not None
    assert [one.turn.id for one in await talk.store.pending()] == [other.id, last.id]
    assert await talk.store.delete_person(OWNER) == Forgotten(0, 0, 0)
    assert (await talk.ask()).person_id == OWNER


async def test_a_server_is_forgotten(talk: Talk) -> None:
    gone = await talk.ask(private=True)
    elsewhere = await talk.ask(guild=None)

    assert await talk.store.delete_guild(GUILD) == Forgotten(1, 1, 0)

    assert await talk.store.turn(gone.id) is None
    assert await talk.store.turn(elsewhere.id) == elsewhere


async def test_over_the_limit_what_was_used_longest_ago_goes(
    build: Build, clock: HandClock
) -> None:
    talk = Talk(build(max_bytes=7000), clock)
    turn = await talk.ask()
    kept: list[KeptPicture] = []
    for name in "abc":
        kept += await talk.show(turn, new_picture(name.encode() * 2000, name))
        clock.advance(hours=2)
    await talk.store.load([kept[0]])

    kept += await talk.show(turn, new_picture(b"d" * 2000, "d"))

    assert list(await talk.store.load(kept)) == [1, 3, 4]
    assert await talk.store.pictures(turn.id) == tuple(kept)


async def test_expiry_bounds_the_pictures_too(build: Build, clock: HandClock) -> None:
    talk = Talk(build(), clock)
    turn = await talk.ask()
    kept = await talk.show(turn)

    await build(max_bytes=1).expire()

    assert await talk.store.load(kept) == {}
