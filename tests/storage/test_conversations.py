"""Conversations are kept as trees of turns: one contract for every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.conversation import Address, Closer, Place, Retention, TurnState
from bot.domain.conversation_ports import Forgotten
from bot.domain.errors import ConversationFull, Expired, PictureGone
from bot.domain.picture import Note
from bot.domain.task import Detail, Parameters
from tests.storage.conversation_values import (
    CHANNEL,
    GUEST,
    GUILD,
    MAX_DEPTH,
    MAX_PICTURES,
    OWNER,
    Store,
    Talk,
    answer,
    asked,
    new_picture,
    picture,
    source,
)
from tests.storage.fakes import HandClock


async def test_a_question_comes_back_whole(talk: Talk, clock: HandClock) -> None:
    request = replace(
        asked(sources=[source("cat"), PictureGone(), source("dog")], message=5),
        closer=Closer(3, Place.TOP_LEFT),
    )

    turn = await talk.ask(request)

    assert (turn.parent_id, turn.depth, turn.speaker) == (None, 0, 0)
    assert (turn.person_id, turn.guild_id, turn.channel_id) == (OWNER, GUILD, CHANNEL)
    assert turn.question == request.question
    assert turn.parameters == Parameters(language="", detail=Detail.BRIEF)
    assert turn.sources == (source("cat"), source("dog"))
    assert turn.closer == Closer(3, Place.TOP_LEFT)
    assert (turn.seed, turn.private) == (request.seed, False)
    assert (turn.state, turn.created_at) == (TurnState.WAITING, clock())
    assert turn == await talk.store.turn(turn.id)


async def test_an_answer_comes_back_with_its_turn(talk: Talk) -> None:
    turn = await talk.ask()
    window = await talk.store.open_window(turn.conversation_id, 0, "There was a cat. \x00", (1, 2))

    await talk.store.answered(turn.id, answer("Ja."), window_id=window.id, again=(1, 3))
    await talk.store.shown(turn.id, 77)

    kept = await talk.present(turn)
    assert (kept.state, kept.answer) == (TurnState.ANSWERED, "Ja.")
    assert (kept.engine, kept.model) == ("ollama", "qwen3-vl:8b")
    assert (kept.prompt_tokens, kept.answer_tokens) == (1000, 50)
    assert (kept.window_id, kept.again) == (window.id, (1, 3))
    assert kept.notes == (Note.CONTEXT_LEFT_OUT,)
    assert kept.answer_message_id == 77
    assert await talk.store.window(window.id) == window


async def test_a_branch_sees_only_its_own_past(talk: Talk) -> None:
    first = await talk.ask(question="first")
    left = await talk.ask(question="left", parent=first)
    right = await talk.ask(question="right", parent=first)
    last = await talk.ask(question="last", parent=left)

    assert [turn.question for turn in await talk.store.path(last.id)] == ["first", "left", "last"]
    assert [turn.question for turn in await talk.store.path(right.id)] == ["first", "right"]
    assert [turn.id for turn in await talk.store.path(last.id, 1)] == [left.id, last.id]
    assert await talk.store.path(last.id, 3) == ()
    assert [turn.id for turn in await talk.store.turns(first.conversation_id)] == [
        first.id,
        left.id,
        right.id,
        last.id,
    ]


async def test_who_speaks_is_counted_on_the_way(talk: Talk) -> None:
    first = await talk.ask()
    second = await talk.ask(parent=first, person=GUEST)
    third = await talk.ask(parent=second, person=7)
    again = await talk.ask(parent=third, person=GUEST)
    other_branch = await talk.ask(parent=first, person=7)

    speakers = [turn.speaker for turn in (first, second, third, again, other_branch)]
    assert speakers == [0, 1, 2, 1, 1]


async def test_a_message_is_asked_once(talk: Talk) -> None:
    first = await talk.ask(message=5)

    assert await talk.try_to_ask(asked(message=5)) is None
    assert await talk.try_to_ask(asked(message=5, parent=first)) is None
    assert await talk.try_to_ask(asked(message=6)) is not None
    assert len(await talk.store.of_person(OWNER, limit=10)) == 2


async def test_turns_are_found_by_their_messages(talk: Talk) -> None:
    turn = await talk.ask(message=5)
    await talk.store.shown(turn.id, 6)
    kept = await talk.present(turn)

    assert await talk.store.turn_of_message(5) == kept
    assert await talk.store.turn_of_message(6) == kept
    assert await talk.store.turn_of_message(7) is None
    later = await talk.ask(parent=turn)
    await talk.store.shown(later.id, 6)
    assert await talk.store.turn_of_message(6) == await talk.present(later)


async def test_what_is_unknown_is_not_there(talk: Talk) -> None:
    unknown = replace(await talk.ask(), id=999)

    assert await talk.store.turn(999) is None
    assert await talk.store.path(999) == ()
    assert await talk.store.pictures(999) == ()
    assert await talk.store.turns(999) == ()
    assert await talk.store.window(999) is None
    assert await talk.store.conversation(999) is None
    assert await talk.store.turn_of_thread(999) is None
    assert not await talk.store.is_thread(999)
    assert await talk.store.delete(999) == Forgotten(0, 0, 0)
    assert await talk.store.forget_turn(999) == Forgotten(0, 0, 0)
    assert await talk.store.delete_person(999) == Forgotten(0, 0, 0)
    assert await talk.store.delete_guild(999) == Forgotten(0, 0, 0)
    await talk.store.told(999)
    await talk.store.shown(999, 1)
    await talk.store.ended(999, TurnState.FAILED)
    await talk.store.answered(999, answer(), window_id=None, again=())
    await talk.store.describe(999, 1, "a cat")
    for failing in (
        talk.try_to_ask(asked(parent=unknown)),
        talk.try_to_ask(asked(thread=999)),
        talk.try_to_ask(asked(replaces=unknown)),
        talk.show(unknown),
        talk.store.open_window(999, 1, "recap", ()),
        talk.store.open_thread(1, 999),
    ):
        with pytest.raises(Expired):
            await failing


async def test_a_turn_ends_once(talk: Talk) -> None:
    answered, stopped = await talk.answered(), await talk.ask()

    await talk.store.ended(answered.id, TurnState.FAILED)
    await talk.store.ended(stopped.id, TurnState.STOPPED)
    await talk.store.ended(stopped.id, TurnState.INTERRUPTED)

    assert (await talk.present(answered)).state is TurnState.ANSWERED
    assert (await talk.present(stopped)).state is TurnState.STOPPED


async def test_a_conversation_may_be_so_deep(talk: Talk) -> None:
    turn = await talk.ask()
    for _ in range(MAX_DEPTH - 1):
        turn = await talk.ask(parent=turn)

    assert turn.depth == MAX_DEPTH - 1
    with pytest.raises(ConversationFull) as full:
        await talk.ask(parent=turn)
    assert (full.value.what, full.value.limit) == ("turns", MAX_DEPTH)
    assert len(await talk.store.path(turn.id)) == MAX_DEPTH


async def test_pictures_are_numbered_through_the_conversation(talk: Talk) -> None:
    first = await talk.ask()
    one, two = await talk.show(first, new_picture(b"1", "one"), new_picture(b"2", "two"))
    left = await talk.ask(parent=first)
    (three,) = await talk.show(left, new_picture(b"3", "three"))
    right = await talk.ask(parent=first)
    (four,) = await talk.show(right, new_picture(b"4", "four"))

    assert [one.number, two.number, three.number, four.number] == [1, 2, 3, 4]
    assert (await talk.present(first)).pictures == (one, two)
    assert await talk.store.pictures(left.id) == (one, two, three)
    assert await talk.store.pictures(right.id, [4, 1, 3]) == (one, four)
    assert await talk.store.pictures(right.id, []) == ()


async def test_a_number_is_never_used_again(talk: Talk) -> None:
    first = await talk.ask()
    second = await talk.ask(parent=first)
    await talk.show(second)
    await talk.store.forget_turn(second.id)

    (kept,) = await talk.show(first)

    assert kept.number == 2


async def test_pictures_come_back_whole(talk: Talk) -> None:
    turn = await talk.ask()
    moving = new_picture(b"a", "moving", "A cat jumps.", b"b", b"c")
    part = replace(new_picture(b"part", "cat"), part_of=1, place=Place.TEXT)

    kept = await talk.store.attach(turn.id, [moving, part], preface="It was a cat.")

    assert [one.source for one in kept] == [moving.source, part.source]
    assert (kept[1].part_of, kept[1].place) == (1, Place.TEXT)
    assert kept[0].description == "A cat jumps."
    assert await talk.store.load(kept) == {1: moving.picture, 2: part.picture}
    present = await talk.present(turn)
    assert (present.pictures, present.preface) == (kept, "It was a cat.")
    await talk.store.describe(turn.conversation_id, 2, "猫")
    assert (await talk.present(turn)).pictures == (kept[0], replace(kept[1], description="猫"))


async def test_a_conversation_may_have_so_many_pictures(talk: Talk) -> None:
    turn = await talk.ask()
    many = [new_picture(b"same", "x" * number) for number in range(MAX_PICTURES)]
    await talk.show(turn, *many)

    with pytest.raises(ConversationFull) as full:
        await talk.show(turn, new_picture(b"more", "more"))

    assert (full.value.what, full.value.limit) == ("pictures", MAX_PICTURES)
    assert len((await talk.present(turn)).pictures) == MAX_PICTURES


async def test_stills_that_did_not_fit_are_replaced(talk: Talk) -> None:
    turn = await talk.ask()
    one, two = await talk.show(turn, new_picture(b"1", "one", "first"), new_picture(b"2", "two"))
    smaller = picture(b"1 smaller")

    (replaced,) = await talk.store.replace_pictures(turn.id, {1: smaller, 9: smaller})

    assert (replaced.number, replaced.source, replaced.description) == (1, one.source, "first")
    assert (await talk.present(turn)).pictures == (replaced, two)
    assert (await talk.store.load([replaced, two]))[1] == smaller
    assert await talk.store.load([one]) == {}


async def test_the_newest_turn_of_a_channel_is_found(talk: Talk, clock: HandClock) -> None:
    first = await talk.ask(channel=3)
    clock.advance(minutes=5)
    second = await talk.ask(channel=3)
    await talk.ask(channel=3, private=True)
    await talk.ask(channel=4)

    assert await talk.store.turn_of_channel(3, clock()) == second
    await talk.store.forget_turn(second.id)
    assert await talk.store.turn_of_channel(3, clock()) is None
    assert await talk.store.turn_of_channel(3, first.created_at) == first


async def test_a_thread_can_be_closed(talk: Talk) -> None:
    turn = await talk.ask()
    await talk.store.open_thread(100, turn.id)

    await talk.store.close_thread(100)
    await talk.store.close_thread(100)

    assert not await talk.store.is_thread(100)
    assert await talk.store.turn(turn.id) == turn


async def test_a_thread_goes_on_from_its_newest_turn(talk: Talk) -> None:
    first = await talk.ask()
    second = await talk.ask(parent=first)
    await talk.store.open_thread(100, first.id)
    assert await talk.store.is_thread(100)
    assert await talk.store.turn_of_thread(100) == first

    one = await talk.ask(thread=100)
    two = await talk.ask(thread=100, person=GUEST)

    assert (one.parent_id, two.parent_id) == (first.id, one.id)
    older = await talk.ask(thread=100, parent=second)
    assert older.parent_id == second.id
    assert await talk.store.turn_of_thread(100) == older
    elsewhere = await talk.ask()
    await talk.ask(thread=100, parent=elsewhere)
    assert await talk.store.turn_of_thread(100) == older
    await talk.store.open_thread(100, elsewhere.id)
    assert await talk.store.turn_of_thread(100) == elsewhere


async def test_a_turn_tried_again_takes_the_place_of_the_other(talk: Talk) -> None:
    first = await talk.ask()
    failed = await talk.ask(parent=first, message=5, question="again", person=GUEST)
    shown = await talk.store.attach(failed.id, [new_picture()], preface="Before.")
    await talk.store.open_thread(100, failed.id)

    again = await talk.ask(replaces=failed, message=5, question="again", person=GUEST)

    assert (again.parent_id, again.depth, again.speaker) == (first.id, 1, 1)
    assert (again.pictures, again.preface) == (shown, "Before.")
    assert await talk.store.turn_of_thread(100) == again
    assert await talk.store.turn_of_message(5) == again
    assert await talk.try_to_ask(asked(replaces=failed, message=5)) is None
    fresh = new_picture(b"prepared anew", "cat")
    assert [kept.number for kept in await talk.show(again, fresh)] == [1]
    assert await talk.store.load((await talk.present(again)).pictures) == {1: fresh.picture}
    await talk.answer(again)
    assert await talk.store.load((await talk.present(again)).pictures) == {1: fresh.picture}
    (more,) = await talk.show(again, new_picture(b"other", "other"))
    assert more.number == 2


async def test_a_first_question_tried_again_stays_in_its_conversation(talk: Talk) -> None:
    first = await talk.ask()

    again = await talk.ask(replaces=first)

    assert (again.parent_id, again.conversation_id) == (None, first.conversation_id)
    listed = await talk.store.conversation(first.conversation_id)
    assert listed is not None
    assert (listed.turns, listed.last_turn_id) == (1, again.id)


async def test_who_waits_is_remembered_until_told(talk: Talk, clock: HandClock) -> None:
    first = await talk.ask(message=5, token="secret")
    clock.advance(minutes=1)
    second = await talk.ask()
    await talk.store.shown(second.id, 66)
    await talk.store.ended(second.id, TurnState.INTERRUPTED)

    one, two = await talk.store.pending()

    assert (one.turn, one.locale, one.since) == (first, "de", first.created_at)
    assert one.address == Address(CHANNEL, 5, None, 9, "secret")
    assert two.turn == await talk.present(second)
    assert two.address == Address(CHANNEL, None, 66)
    assert [one.turn.id for one in await talk.store.pending(clock())] == [first.id]
    await talk.store.told(first.id)
    assert [one.turn.id for one in await talk.store.pending()] == [second.id]
    clock.advance(days=1)
    await talk.store.expire()
    assert await talk.store.pending() == ()


async def test_conversations_are_listed_newest_first(talk: Talk, clock: HandClock) -> None:
    first = await talk.answered(question="  What\n is   this? " + "x" * 200)
    clock.advance(minutes=1)
    second = await talk.ask(private=True)
    clock.advance(minutes=1)
    third = await talk.ask(person=GUEST)
    clock.advance(minutes=1)
    last = await talk.ask(parent=first)
    await talk.show(last, new_picture(b"1", "one"), new_picture(b"2", "two"))

    mine = await talk.store.of_person(OWNER, limit=10)

    assert [one.id for one in mine] == [first.conversation_id, second.conversation_id]
    listed = mine[0]
    assert listed.title == "What is this? " + "x" * 86
    assert (listed.turns, listed.pictures, listed.last_turn_id) == (2, 2, first.id)
    assert (listed.owner_id, listed.guild_id, listed.channel_id) == (OWNER, GUILD, CHANNEL)
    assert (listed.created_at, listed.last_at) == (first.created_at, last.created_at)
    assert listed.expires_at == clock() + talk.text
    assert await talk.store.conversation(listed.id) == listed
    assert mine[1].private
    assert mine[1].last_turn_id == second.id
    assert await talk.store.of_person(OWNER, limit=1, offset=1) == mine[1:]
    of_guild = await talk.store.of_guild(GUILD, limit=10)
    assert [one.id for one in of_guild] == [
        first.conversation_id,
        third.conversation_id,
        second.conversation_id,
    ]
    assert of_guild[0] == listed
    assert of_guild[2] == replace(mine[1], title="")
    assert await talk.store.of_guild(1, limit=10) == ()


async def test_what_was_asked_in_private_is_no_title_of_a_public_conversation(talk: Talk) -> None:
    first = await talk.answered(question="for all")
    await talk.answered(parent=first, question="in private", private=True)

    await talk.store.forget_turn(first.id)

    (listed,) = await talk.store.of_guild(GUILD, limit=10)
    assert (listed.private, listed.title, listed.turns) == (False, "", 1)


async def test_what_a_person_chose_is_remembered(store: Store) -> None:
    assert await store.retention(OWNER) is None
    for days in (3, 0):
        chosen = Retention(pictures=timedelta(hours=days), text=timedelta(days=days))
        await store.set_retention(OWNER, chosen)
        assert await store.retention(OWNER) == chosen
    assert await store.retention(GUEST) is None
