"""Questions and answers that remember what was said and shown before."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.answer import Answer, TextDelta
from bot.domain.conversation import Closer, Place, Retention, TurnState
from bot.domain.errors import (
    AnswerInterrupted,
    CannotAnswer,
    EngineTimeout,
    Expired,
    FetchFailed,
    NoPicture,
    NotAPicture,
    NotYours,
    PictureGone,
    QuestionTooLong,
    RateLimited,
    StorageFailed,
)
from bot.domain.picture import Note, PictureNeeds
from bot.domain.ports import Asker, PostedAnswer
from bot.domain.task import Parameters, TaskName
from bot.services import following
from bot.services.choosing import kept_under
from bot.services.progress import Stage
from bot.services.turn_record import TurnRecord, log_turn
from tests.services.conversing import (
    ANA,
    BEN,
    MODEL,
    CountingEngine,
    Talk,
    asks,
    names,
    words,
)
from tests.services.fakes import ref


async def test_a_follow_up_sees_the_picture_and_what_was_said() -> None:
    talk = Talk()
    talk.engine.script(TextDelta("A cat."), Answer("A cat.", "ollama", MODEL))
    first = await talk.ask(asks("Who is there?", ref("cat")))
    second = await talk.ask(asks("What colour?", after=first, asker=BEN))
    shown = [shown.picture.frames[0].data for shown in talk.last.lines[0].shown]
    assert shown == [b"cat"]
    assert "Person A:\n> Who is there?" in talk.last.lines[0].text
    assert talk.last.lines[1].text == "A cat."
    assert "Person B:\n> What colour?" in talk.last.lines[2].text
    assert second.turn.state is TurnState.ANSWERED
    assert talk.fetcher.fetched == ["cat"]


async def test_prompts_only_grow() -> None:
    talk = Talk()
    before: tuple[object, ...] = ()
    result = None
    for number in range(6):
        sources = (ref(f"p{number}"),) if number in {0, 3} else ()
        result = await talk.ask(asks(f"Question {number}?", *sources, after=result))
        lines = talk.last.lines
        assert lines[: len(before)] == before
        assert len(lines) == 2 * number + 1
        before = lines


async def test_a_reply_to_an_older_answer_sees_only_its_own_past() -> None:
    talk = Talk()
    first = await talk.ask(asks("One?", ref("one")))
    await talk.ask(asks("Two?", ref("two"), after=first))
    branch = await talk.ask(asks("Three?", ref("three"), after=first))
    assert names(talk.last) == ["Picture 1", "Picture 3"]
    assert "Two?" not in words(talk.last)
    assert [kept.number for kept, _ in branch.new] == [3]


async def test_the_same_message_is_asked_once() -> None:
    talk = Talk()
    request = asks("One?", ref("one"))
    assert await talk.converse.accept(request) is not None
    assert await talk.converse.accept(request) is None


async def test_a_follow_up_waits_for_the_answer_before_it() -> None:
    talk = Talk()
    go = asyncio.Event()
    talk.engine.script(TextDelta("A c"), go, Answer("A cat.", "ollama", MODEL))
    request = asks("Who?", ref("cat"))
    first = await talk.accept(request)
    answering = asyncio.create_task(talk.answer(first, request))
    follow = asks("And?", after=first, asker=BEN)
    second = await talk.accept(follow)
    following = asyncio.create_task(talk.answer(second, follow))
    await talk.heard.stage(Stage.FOLLOWING)
    go.set()
    await answering
    await following
    assert talk.last.lines[1].text == "A cat."


async def test_a_follow_up_waits_over_one_that_was_stopped_before_it() -> None:
    talk = Talk()
    go = asyncio.Event()
    talk.engine.script(go, Answer("A cat.", "ollama", MODEL))
    one = asks("Who?", ref("cat"))
    first = await talk.accept(one)
    answering = asyncio.create_task(talk.answer(first, one))
    second = await talk.accept(asks("And?", after=first))
    await talk.converse.drop(second)
    three = asks("So?", after=second)
    third = await talk.accept(three)
    following = asyncio.create_task(talk.answer(third, three))
    await talk.heard.stage(Stage.FOLLOWING)
    go.set()
    await answering
    await following
    assert [line.text for line in talk.last.lines[1::2]] == ["A cat.", "I could not answer that."]


async def test_a_failed_answer_is_no_obstacle() -> None:
    talk = Talk()
    talk.engine.script(EngineTimeout("first_word", 1))
    request = asks("Who?", ref("cat"))
    first = await talk.accept(request)
    with pytest.raises(EngineTimeout):
        await talk.answer(first, request)
    assert (await talk.store.path(first.id))[0].state is TurnState.FAILED
    await talk.ask(asks("And now?", after=first))
    assert talk.last.lines[1].text == "I could not answer that."


async def test_cancelling_marks_the_turn_stopped_and_hangs_up() -> None:
    talk = Talk()
    talk.engine.script(TextDelta("A"), asyncio.Event())
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    answering = asyncio.create_task(talk.answer(turn, request))
    await talk.heard.a_word()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert talk.store.kept[turn.id].state is TurnState.STOPPED
    assert talk.engine.hung_up == 1
    assert talk.converse.gate.state().running == 0


async def test_enough_keeps_what_is_written() -> None:
    talk = Talk()
    enough = asyncio.Event()
    talk.engine.script(TextDelta("A cat. It is "), asyncio.Event())
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    answering = asyncio.create_task(talk.answer(turn, request, enough))
    await talk.heard.a_word()
    enough.set()
    result = await answering
    assert result.turn.answer == "A cat. It is"
    assert result.answer.notes == (Note.STOPPED_HERE,)
    assert talk.engine.hung_up == 1


async def test_enough_before_the_first_word_is_no_answer() -> None:
    talk = Talk()
    enough = asyncio.Event()
    enough.set()
    talk.engine.script(asyncio.Event())
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    with pytest.raises(AnswerInterrupted):
        await talk.answer(turn, request, enough)


async def test_one_bad_picture_does_not_keep_the_others_from_their_answer() -> None:
    talk = Talk()
    talk.fetcher.errors["gone"] = PictureGone()
    result = await talk.ask(asks("Which?", ref("one"), ref("gone"), NotAPicture("video")))
    assert [type(error) for error in result.refused] == [PictureGone, NotAPicture]
    assert [kept.number for kept, _ in result.new] == [1]


async def test_when_all_pictures_are_bad_the_first_reason_is_said() -> None:
    talk = Talk()
    talk.fetcher.errors |= {"a": FetchFailed(500), "b": PictureGone()}
    request = asks("Which?", ref("a"), ref("b"))
    turn = await talk.accept(request)
    with pytest.raises(FetchFailed):
        await talk.answer(turn, request)
    assert talk.store.kept[turn.id].state is TurnState.FAILED
    assert talk.engine.asked == []


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


async def test_a_turn_that_is_forgotten_while_it_waits_never_reaches_the_engine() -> None:
    talk = Talk()
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    async with talk.converse.gate.admit(BEN):
        answering = asyncio.create_task(talk.answer(turn, request))
        await talk.heard.stage(Stage.WAITING)
        await talk.store.forget_turn(turn.id)
    with pytest.raises(Expired):
        await answering
    assert talk.engine.asked == []


async def test_words_forgotten_while_a_follow_up_waits_are_not_sent() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    second = await talk.ask(asks("My secret?", after=first))
    request = asks("And?", after=second, asker=BEN)
    turn = await talk.accept(request)
    talk.heard.parts.clear()
    async with talk.converse.gate.admit(BEN):
        answering = asyncio.create_task(talk.answer(turn, request))
        await talk.heard.stage(Stage.WAITING)
        await talk.store.forget_turn(second.turn.id)
    await answering
    assert "secret" not in words(talk.last)
    assert "Who?" in words(talk.last)


async def test_with_no_retention_nothing_remains_once_the_person_was_told() -> None:
    talk = Talk()
    await talk.converse.choose_retention(1, Retention(timedelta(0), timedelta(0)))
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    result = await talk.answer(turn, request)
    assert not result.kept
    assert result.answer.text
    assert [picture.frames[0].data for _, picture in result.new] == [b"cat"]
    await talk.converse.told(turn)
    assert (talk.store.kept, talk.store.blobs) == ({}, {})


async def test_nobody_keeps_longer_than_the_operator_allows() -> None:
    talk = Talk(retention=Retention(timedelta(days=1), timedelta(days=2)))
    chosen = await talk.converse.choose_retention(
        1, Retention(timedelta(days=9), timedelta(hours=1))
    )
    assert chosen == Retention(timedelta(days=1), timedelta(hours=1))
    assert await talk.converse.retention_of(1) == chosen
    assert await talk.converse.retention_of(2) == talk.retention


async def test_trying_again_asks_the_same_with_another_seed_and_the_same_pictures() -> None:
    talk = Talk()
    zero = await talk.ask(asks("Start", ref("start")))
    first = await talk.ask(asks("Who?", ref("cat"), after=zero))
    address = asks().address
    with pytest.raises(NotYours):
        await talk.converse.again(first.turn.id, BEN, address)
    request = await talk.converse.again(first.turn.id, ANA, address)
    again = await talk.ask(request)
    assert talk.engine.asked[-1].seed == request.seed is not None
    assert talk.engine.asked[-1].lines == talk.engine.asked[-2].lines
    assert [kept.number for kept, _ in again.new] == [2]
    assert talk.fetcher.fetched == ["start", "cat"]


async def test_trying_again_what_failed_while_fetching_fetches_again() -> None:
    talk = Talk()
    talk.fetcher.errors["cat"] = FetchFailed(500)
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    with pytest.raises(FetchFailed):
        await talk.answer(turn, request)
    talk.fetcher.errors.clear()
    result = await talk.ask(await talk.converse.again(turn.id, ANA, asks().address))
    assert names(talk.last) == ["Picture 1"]
    assert result.turn.state is TurnState.ANSWERED


async def test_who_was_not_told_is_found_after_a_restart() -> None:
    talk = Talk()
    waiting_request, answered_request = asks("Who?", ref("cat")), asks("What?", ref("dog"))
    waiting = await talk.accept(waiting_request)
    answered = await talk.accept(answered_request)
    await talk.answer(answered, answered_request)
    talk.restarted()
    recovered = {pending.turn.id: pending for pending in await talk.converse.recover()}
    assert recovered[waiting.id].turn.state is TurnState.INTERRUPTED
    assert recovered[answered.id].turn.answer
    for pending in recovered.values():
        await talk.converse.told(pending.turn)
    assert await talk.converse.recover() == ()
    await talk.ask(asks("And?", ref("cat"), after=waiting))
    assert talk.last.lines[1].text == "I could not answer that."


async def test_an_answer_about_a_spoiler_is_to_be_hidden_and_so_are_those_after_it() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", replace(ref("cat"), spoiler=True)))
    second = await talk.ask(asks("And?", after=first))
    assert first.spoiler
    assert second.spoiler


async def test_looking_closer_cuts_from_the_original_and_shows_the_whole_too() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    await talk.ask(asks("There?", after=first, closer=Closer(1, Place.TOP_LEFT)))
    assert names(talk.last) == ["Picture 1", "Picture 2 (top left of Picture 1)"]
    data = talk.last.lines[-1].shown[0].picture.frames[0].data
    assert data == b"cat[0.00 0.00 0.37 0.37]"
    assert talk.fetcher.fetched == ["cat", "cat"]


async def test_looking_closer_at_a_part_goes_deeper_into_the_original() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    part = await talk.ask(asks("There?", after=first, closer=Closer(1, Place.BOTTOM_RIGHT)))
    await talk.ask(asks("Deeper?", after=part, closer=Closer(2, Place.TOP_LEFT)))
    assert names(talk.last)[-1] == "Picture 3 (top left of Picture 2)"
    data = talk.last.lines[-1].shown[0].picture.frames[0].data
    assert data == b"cat[0.63 0.63 0.77 0.77]"


async def test_looking_closer_at_a_lost_original_uses_the_kept_copy_and_says_so() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    talk.fetcher.errors["cat"] = PictureGone()
    result = await talk.ask(asks("There?", after=first, closer=Closer(1, Place.MIDDLE)))
    assert Note.REDUCED_COPY in result.answer.notes
    talk.store.blobs.clear()
    request = asks("Again?", after=first, closer=Closer(1, Place.MIDDLE))
    turn = await talk.accept(request)
    with pytest.raises(PictureGone):
        await talk.answer(turn, request)


async def test_finding_the_text_cuts_out_where_it_is() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    await talk.ask(asks("Read it", after=first, closer=Closer(1, Place.TEXT)))
    assert names(talk.last)[-1] == "Picture 2 (the text of Picture 1)"
    assert talk.last.lines[-1].shown[0].picture.frames[0].data == b"cat[0.20 0.20 0.60 0.40]"


async def test_a_closer_look_at_a_picture_of_another_branch_is_refused() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    await talk.ask(asks("Two?", ref("two"), after=first))
    with pytest.raises(Expired):
        await talk.converse.accept(asks("?", after=first, closer=Closer(2, Place.TOP)))


async def test_a_picture_no_longer_kept_is_fetched_again_from_where_it_was() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    part = await talk.ask(asks("There?", after=first, closer=Closer(1, Place.TOP)))
    before = talk.last.lines
    talk.store.blobs.clear()
    result = await talk.ask(asks("And?", after=part))
    assert talk.last.lines[: len(before)] == before
    assert Note.PICTURES_IN_WORDS not in result.answer.notes


async def test_a_picture_that_is_gone_everywhere_is_told_in_words() -> None:
    talk = Talk()
    talk.engine.script(TextDelta("x"), Answer("A grey cat.", "ollama", MODEL))
    first = await talk.ask(asks("Who?", ref("cat")))
    talk.store.blobs.clear()
    talk.fetcher.errors["cat"] = PictureGone()
    result = await talk.ask(asks("And?", after=first))
    assert names(talk.last) == []
    assert "Picture 1 can no longer be shown." in talk.last.lines[0].text
    assert talk.last.lines[1].text == "A grey cat."
    assert Note.PICTURES_IN_WORDS in result.answer.notes


def posted(private: bool = False) -> PostedAnswer:
    return PostedAnswer(
        id=5,
        task=TaskName.DESCRIBE,
        parameters=Parameters(),
        sources=(ref("cat"), ref("dog")),
        asker_id=ANA.person_id,
        guild_id=ANA.guild_id,
        private=private,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    )


async def test_following_up_another_answer_begins_with_its_pictures_and_what_was_said() -> None:
    talk = Talk()
    for name, said in (("cat", "A grey cat."), ("dog", "A dog.")):
        seen = await talk.preparer.prepare(name.encode(), PictureNeeds())
        key = kept_under(talk.engine, TaskName.DESCRIBE, Parameters(), seen)
        await talk.answers.put(key, Answer(said, "ollama", MODEL))
    result = await talk.ask(asks("Which is older?", posted=posted()))
    assert names(talk.last) == ["Picture 1", "Picture 2"]
    assert "> Picture 1: A grey cat.\n> Picture 2: A dog." in talk.last.lines[0].text
    assert [kept.description for kept, _ in result.new] == ["A grey cat.", "A dog."]
    await talk.ask(asks("And?", after=result))
    assert "A grey cat." in talk.last.lines[0].text


async def test_following_up_an_answer_that_is_not_kept_has_its_pictures_alone() -> None:
    talk = Talk()
    talk.answers.error = StorageFailed()
    await talk.ask(asks("Which is older?", posted=posted()))
    assert names(talk.last) == ["Picture 1", "Picture 2"]
    assert "You had said" not in talk.last.lines[0].text


async def test_somebody_elses_private_answer_cannot_be_followed_up() -> None:
    talk = Talk()
    for asker, private in ((BEN, True), (ANA, False)):
        request = asks("?", posted=posted(private=True), asker=asker, private=private)
        with pytest.raises(NotYours):
            await talk.converse.accept(request)
    with pytest.raises(NotYours):
        await talk.converse.accept(asks("?", posted=posted(), asker=Asker(3, 200)))


async def test_every_turn_is_recorded_in_figures() -> None:
    talk = Talk()
    records: list[TurnRecord] = []
    talk.converse.observers = (records.append, log_turn)
    result = await talk.ask(asks("Who?", ref("cat")))
    talk.engine.script(EngineTimeout("first_word", 1))
    request = asks("And?", after=result)
    turn = await talk.accept(request)
    with pytest.raises(EngineTimeout):
        await talk.answer(turn, request)
    good, bad = records
    assert (good.pictures, good.bytes, good.failure, good.model) == (1, 3, None, MODEL)
    assert good.prompt_tokens is not None
    assert bad.failure == "EngineTimeout"
    assert "Who?" not in repr(records)


async def test_storage_that_fails_at_the_end_does_not_hide_what_went_wrong_before() -> None:
    talk = Talk()
    talk.engine.script(EngineTimeout("first_word", 1))

    async def ended(turn_id: int, state: TurnState) -> None:
        raise StorageFailed

    talk.store.ended = ended  # type: ignore[method-assign]
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    with pytest.raises(EngineTimeout):
        await talk.answer(turn, request)


async def test_what_never_begins_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "_BEGIN_SECONDS", 0.01)
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    never = await talk.accept(asks("Never?", after=first))
    await talk.ask(asks("And?", after=never))
    assert talk.last.lines[3].text == "I could not answer that."
