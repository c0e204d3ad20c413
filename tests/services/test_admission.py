"""Who may ask what, decided before anything is recorded."""

import pytest

from bot.domain.errors import (
    CannotAnswer,
    Expired,
    NoPicture,
    NotAPicture,
    NotYours,
    QuestionTooLong,
    RateLimited,
)
from bot.domain.ports import Asker
from tests.services.conversing import (
    ANA,
    BEN,
    CountingEngine,
    Talk,
    asks,
    posted,
    words,
)
from tests.services.fakes import ref


async def test_the_same_message_is_asked_once() -> None:
    talk = Talk()
    request = asks("One?", ref("one"))
    assert await talk.converse.accept(request) is not None
    assert await talk.converse.accept(request) is None


async def test_a_question_without_any_picture_is_refused_with_the_reasons() -> None:
    reason = NotAPicture("video")
    with pytest.raises(NoPicture) as caught:
        await Talk().converse.accept(asks("What?", reason))
    assert caught.value.reasons == (reason,)


async def test_an_engine_that_cannot_converse_says_so_before_anything_is_kept() -> None:
    talk = Talk(engine=CountingEngine(blind=True))
    with pytest.raises(CannotAnswer):
        await talk.converse.accept(asks("What?", ref()))
    assert talk.store.kept == {}


async def test_a_question_has_a_length() -> None:
    with pytest.raises(QuestionTooLong):
        await Talk().converse.accept(asks("?" * 2001, ref()))


async def test_every_question_counts_and_every_new_picture() -> None:
    talk = Talk(person_per_minute=3)
    first = await talk.ask(asks("Two", ref("a"), ref("b")))
    await talk.ask(asks("One", after=first))
    with pytest.raises(RateLimited):
        await talk.converse.accept(asks("One too many", after=first))


async def test_a_private_turn_is_followed_up_by_its_person_in_private_only() -> None:
    talk = Talk()
    first = await talk.ask(asks("Secret?", ref(), private=True))
    for asker, private in ((BEN, True), (BEN, False), (ANA, False)):
        with pytest.raises(NotYours):
            await talk.converse.accept(asks("?", after=first, asker=asker, private=private))
        with pytest.raises(NotYours):
            await talk.converse.may_follow(first.turn.id, asker, private)
    await talk.ask(asks("More?", after=first, private=True))
    assert "Secret?" in words(talk.last)


async def test_a_public_turn_is_followed_up_in_its_own_server_only() -> None:
    talk = Talk()
    first = await talk.ask(asks("Open?", ref()))
    elsewhere = Asker(BEN.person_id, 200)
    with pytest.raises(NotYours):
        await talk.converse.accept(asks("?", after=first, asker=elsewhere))
    with pytest.raises(NotYours):
        await talk.converse.accept(asks("?", after=first, asker=elsewhere, private=True))
    owner_elsewhere = Asker(ANA.person_id, 200)
    with pytest.raises(NotYours):
        await talk.converse.accept(asks("?", after=first, asker=owner_elsewhere))
    await talk.ask(asks("Mine?", after=first, asker=owner_elsewhere, private=True))


async def test_outside_of_servers_a_conversation_stays_in_its_channel() -> None:
    talk = Talk()
    alone, other = Asker(1, None), Asker(2, None)
    first = await talk.ask(asks("Here?", ref(), asker=alone, channel_id=5))
    with pytest.raises(NotYours):
        await talk.converse.accept(asks("?", after=first, asker=other, channel_id=6))
    await talk.ask(asks("!", after=first, asker=other, channel_id=5))


async def test_a_private_question_in_a_thread_does_not_become_what_the_thread_follows() -> None:
    talk = Talk()
    first = await talk.ask(asks("Open?", ref()))
    await talk.store.open_thread(77, first.turn.id)
    await talk.ask(asks("Secret", thread_id=77, private=True, asker=BEN))
    await talk.ask(asks("Next?", thread_id=77))
    assert "Secret" not in words(talk.last)


async def test_messages_of_a_thread_follow_one_another() -> None:
    talk = Talk()
    first = await talk.ask(asks("Open?", ref()))
    await talk.store.open_thread(77, first.turn.id)
    for number in range(3):
        await talk.ask(asks(f"Next {number}?", thread_id=77, asker=BEN))
    assert len(talk.last.lines) == 7


async def test_what_was_forgotten_cannot_be_followed_up() -> None:
    talk = Talk()
    first = await talk.ask(asks("Open?", ref()))
    await talk.store.delete(first.turn.conversation_id)
    with pytest.raises(Expired):
        await talk.converse.accept(asks("?", after=first))
    with pytest.raises(Expired):
        await talk.converse.again(first.turn.id, ANA, asks().address)


async def test_somebody_elses_private_answer_cannot_be_followed_up() -> None:
    talk = Talk()
    for asker, private in ((BEN, True), (ANA, False)):
        request = asks("?", posted=posted(private=True), asker=asker, private=private)
        with pytest.raises(NotYours):
            await talk.converse.accept(request)
    with pytest.raises(NotYours):
        await talk.converse.accept(asks("?", posted=posted(), asker=Asker(3, 200)))
