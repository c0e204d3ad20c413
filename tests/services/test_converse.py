"""Questions and answers that remember what was said and shown before."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.answer import Answer, TextDelta
from bot.domain.conversation import TurnState
from bot.domain.errors import (
    AnswerInterrupted,
    EngineTimeout,
    StorageFailed,
)
from bot.domain.picture import Note
from bot.services import following
from bot.services.progress import Stage
from bot.services.turn_record import TurnRecord, log_turn
from tests.services.conversing import (
    BEN,
    MODEL,
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


async def test_an_answer_about_a_spoiler_is_to_be_hidden_and_so_are_those_after_it() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", replace(ref("cat"), spoiler=True)))
    second = await talk.ask(asks("And?", after=first))
    assert first.spoiler
    assert second.spoiler


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
