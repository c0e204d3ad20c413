"""What is deleted or lost while a question waits."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.domain.answer import Answer
from bot.domain.conversation import Retention, Turn, TurnState, Window
from bot.domain.errors import PictureGone, StorageFailed
from bot.domain.picture import Note
from bot.services.progress import Stage
from tests.services.conversation_fakes import MemoryConversationStore
from tests.services.conversing import BEN, CountingEngine, Talk, asks, names, words
from tests.services.fakes import ref

MARK = re.compile(r"q\d+x")


@dataclass
class Forgetful(MemoryConversationStore):
    """Forgets a turn that a window tells of, at the moment in which it is about to be opened."""

    armed: bool = False
    forgotten: list[str] = field(default_factory=list)

    async def open_window(
        self,
        conversation_id: int,
        first_depth: int,
        recap: str,
        carried: tuple[int, ...],
        *,
        told: Sequence[int] = (),
        continues: int | None = None,
    ) -> Window:
        if self.armed:
            self.armed = False
            self.forgotten = MARK.findall(recap)[-1:]
            for turn in list(self.kept.values()):
                if turn.question.startswith(tuple(self.forgotten)):
                    await self.forget_turn(turn.id)
        return await super().open_window(
            conversation_id, first_depth, recap, carried, told=told, continues=continues
        )


async def test_a_window_does_not_tell_of_what_is_forgotten_while_it_opens() -> None:
    store = Forgetful()
    engine = CountingEngine(context_tokens=2600, max_pixels=200_000)
    talk = Talk(engine=engine, store=store)
    result = await talk.ask(asks("q0x What is that?", ref("cat")))
    store.armed = True
    for number in range(1, 20):
        question = f"q{number}x{' and so on' * 60}?"
        result = await talk.ask(asks(question, after=result))

    (forgotten,) = store.forgotten
    assert all(forgotten not in window.recap for window in store.windows.values())
    last_prompts = talk.engine.asked[int(forgotten[1:-1]) + 3 :]
    assert words(last_prompts[0]).startswith("Earlier in this conversation:")
    assert all(forgotten not in words(prompt) for prompt in last_prompts)


async def test_a_question_whose_only_picture_is_deleted_while_it_waits_is_not_asked() -> None:
    talk = Talk()
    first = await talk.ask(asks("What is that?", ref("cat")))
    request = asks("Who?", after=first)
    turn = await talk.accept(request)
    talk.heard.parts.clear()
    async with talk.converse.gate.admit(BEN):
        answering = asyncio.create_task(talk.answer(turn, request))
        await talk.heard.stage(Stage.WAITING)
        await talk.store.forget_turn(first.turn.id)
    with pytest.raises(PictureGone):
        await answering
    assert len(talk.engine.asked) == 1


async def test_a_picture_that_was_pushed_out_is_fetched_again_once() -> None:
    talk = Talk()
    first = await talk.ask(asks("What is that?", ref("cat")))
    talk.store.blobs.clear()

    second = await talk.ask(asks("Who?", after=first))
    await talk.ask(asks("Why?", after=second))

    assert talk.fetcher.fetched.count("cat") == 2
    assert names(talk.last) == ["Picture 1"]


async def test_a_picture_that_is_not_kept_is_not_put_back() -> None:
    talk = Talk(retention=Retention(timedelta(0), timedelta(days=1)))
    first = await talk.ask(asks("What is that?", ref("cat")))

    await talk.ask(asks("Who?", after=first))

    assert names(talk.last) == ["Picture 1"]
    assert talk.store.blobs == {}


async def test_a_picture_is_put_back_at_the_size_in_which_it_fit() -> None:
    talk = Talk(engine=CountingEngine(context_tokens=2048, first_estimate=0.0012))
    first = await talk.ask(asks("What is that?", ref("cat")))
    ((_, picture),) = first.new
    assert picture.frames[0].width < 1000
    talk.store.blobs.clear()

    await talk.ask(asks("Who?", after=first))

    ((shown,),) = [line.shown for line in talk.last.lines if line.shown]
    assert shown.picture == picture


async def test_a_prompt_in_which_words_stood_for_a_picture_teaches_nothing_wrong() -> None:
    talk = Talk()
    first = await talk.ask(asks("What is that?", ref("cat")))
    talk.store.blobs.clear()
    talk.fetcher.errors["cat"] = PictureGone()
    second = await talk.ask(asks("Who?", after=first))
    assert Note.PICTURES_IN_WORDS in second.answer.notes
    talk.fetcher.errors.clear()
    before = await talk.costs.costs("eye:1b")

    await talk.ask(asks("Why? " * 40, after=second))

    assert names(talk.last) == ["Picture 1"]
    after = await talk.costs.costs("eye:1b")
    assert after.tokens_per_byte is not None
    assert before.tokens_per_byte is not None
    assert after.tokens_per_byte <= before.tokens_per_byte


@dataclass
class Stumbling(MemoryConversationStore):
    """Fails as soon as an answer was kept."""

    kept_already: bool = False

    async def answered(
        self, turn_id: int, answer: Answer, *, window_id: int | None, again: tuple[int, ...]
    ) -> None:
        await super().answered(turn_id, answer, window_id=window_id, again=again)
        self.kept_already = True

    async def turn(self, turn_id: int) -> Turn | None:
        if self.kept_already:
            raise StorageFailed("locked")
        return await super().turn(turn_id)

    async def retention(self, person_id: int) -> Retention | None:
        if self.kept_already:
            raise StorageFailed("locked")
        return await super().retention(person_id)


async def test_an_answer_that_is_kept_is_given_though_the_store_fails_right_after() -> None:
    talk = Talk(store=Stumbling())
    request = asks("What is that?", ref("cat"))
    turn = await talk.accept(request)

    result = await talk.answer(turn, request)

    assert result.turn.answer == result.answer.text == "Answer 1."
    assert (result.turn.state, result.kept) == (TurnState.ANSWERED, True)
