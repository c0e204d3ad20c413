"""What hangs on a turn that is forgotten: parts of its pictures, counts, and what tells of it."""

from dataclasses import replace

import pytest

from bot.domain.conversation import KeptPicture, Place, Turn
from bot.domain.conversation_ports import Forgotten
from bot.domain.errors import Expired
from tests.storage.conversation_values import DAY, GUEST, OWNER, Talk, new_picture, picture
from tests.storage.fakes import HandClock


async def closer(talk: Talk, turn: Turn, part_of: KeptPicture, data: bytes) -> KeptPicture:
    """Let a turn bring a part of a picture."""
    new = new_picture(data, description="a part of it")
    part = replace(new, part_of=part_of.number, place=Place.TOP)
    (kept,) = await talk.store.attach(turn.id, [part])
    return kept


async def test_parts_and_their_parts_go_with_the_turn_of_the_whole(talk: Talk) -> None:
    first = await talk.answered()
    whole, other = await talk.show(first, new_picture(b"whole"), new_picture(b"other", "other"))
    second = await talk.answered(parent=first, person=GUEST)
    part = await closer(talk, second, whole, b"part")
    third = await talk.answered(parent=second, person=GUEST)
    within = await closer(talk, third, part, b"part of the part")
    (own,) = await talk.show(third, new_picture(b"own", "own"))

    assert await talk.store.forget_turn(first.id) == Forgotten(0, 1, 4)

    assert await talk.store.pictures(third.id) == (own,)
    assert list(await talk.store.load([whole, other, part, within, own])) == [own.number]


async def test_parts_go_with_the_person_who_showed_the_whole(talk: Talk) -> None:
    begun = await talk.answered(person=GUEST)
    shown = await talk.answered(parent=begun)
    (whole,) = await talk.show(shown)
    looked = await talk.answered(parent=shown, person=GUEST)
    part = await closer(talk, looked, whole, b"part")

    await talk.store.delete_person(OWNER)

    assert (await talk.present(looked)).pictures == ()
    assert await talk.store.load([part]) == {}


async def test_a_part_goes_and_its_whole_stays(talk: Talk) -> None:
    first = await talk.answered()
    (whole,) = await talk.show(first)
    second = await talk.answered(parent=first)
    part = await closer(talk, second, whole, b"part")
    last = await talk.answered(parent=second)

    await talk.store.forget_turn(second.id)

    assert await talk.store.pictures(last.id) == (whole,)
    assert list(await talk.store.load([whole, part])) == [whole.number]


async def test_what_was_counted_with_a_forgotten_turn_is_measured_no_more(talk: Talk) -> None:
    first = await talk.answered()
    second = await talk.answered(parent=first)
    third = await talk.answered(parent=second)

    await talk.store.forget_turn(second.id)

    assert (await talk.present(first)).prompt_tokens == 1000
    assert (await talk.present(third)).prompt_tokens is None
    assert (await talk.present(third)).answer_tokens is None


async def test_no_window_opens_that_tells_of_what_was_forgotten_meanwhile(talk: Talk) -> None:
    first = await talk.answered()
    second = await talk.answered(parent=first)
    last = await talk.ask(parent=second)
    told = [first.id, second.id]
    early = await talk.store.open_window(first.conversation_id, 1, "of one", (), told=told[:1])
    await talk.store.open_window(
        first.conversation_id, 2, "of both", (), told=told, continues=early.id
    )

    await talk.store.forget_turn(first.id)

    with pytest.raises(Expired):
        await talk.store.open_window(last.conversation_id, 2, "of both", (), told=told)
    with pytest.raises(Expired):
        await talk.store.open_window(
            last.conversation_id, 2, "of one", (), told=told[1:], continues=early.id
        )
    await talk.store.open_window(last.conversation_id, 2, "of the second", (), told=told[1:])


async def test_stills_of_earlier_pictures_are_put_back_while_they_are_kept(
    talk: Talk, clock: HandClock
) -> None:
    first = await talk.answered()
    (old,) = await talk.show(first, new_picture(b"old", "old", "an old one"))
    last = await talk.ask(parent=first, person=GUEST)

    (back,) = await talk.store.replace_pictures(last.id, {old.number: picture(b"again")})

    assert (back.number, back.description) == (old.number, "an old one")
    assert (await talk.present(first)).pictures == (back,)
    assert (await talk.store.load([back]))[old.number] == picture(b"again")
    clock.advance(days=8)
    later = await talk.ask(parent=last, person=GUEST)
    await talk.store.replace_pictures(later.id, {old.number: picture(b"too late")})
    (words,) = await talk.store.pictures(later.id)
    assert words.frames == ()
    assert talk.pictures == 7 * DAY


async def test_no_window_opens_in_a_conversation_whose_time_is_over(
    talk: Talk, clock: HandClock
) -> None:
    turn = await talk.answered()
    clock.advance(days=31)

    with pytest.raises(Expired):
        await talk.store.open_window(turn.conversation_id, 1, "recap", ())
