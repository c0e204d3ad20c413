"""Deleting an answer takes all with it that stood in its place."""

from collections import deque
from pathlib import Path

import pytest
import simcord

from bot.domain.conversation import Turn, TurnState
from bot.domain.errors import EngineUnavailable
from tests.discord.engines import HandEngine
from tests.discord.forms import filled
from tests.discord.messaging import last, mention, ours, said, wrote
from tests.discord.pictures import png
from tests.discord.world import World, labels, shown, until, world


async def asked(w: World, *, private: bool) -> simcord.InteractionResult:
    return await w.slash(
        w.ann, "ask", question="Secret?", picture=("a.png", png()), private=private
    )


async def kept(w: World) -> list[Turn]:
    """List what is kept of Ann's newest conversation."""
    store = w.lookout.conversations.store
    turns: list[Turn] = []
    for conversation in await store.of_person(w.ann.id, limit=5):
        turns += await store.turns(conversation.id)
    return [turn for turn in turns if turn.state is not TurnState.FORGOTTEN]


@pytest.mark.parametrize("private", [True, False])
async def test_the_answers_before_another_try_go_with_it(tmp_path: Path, *, private: bool) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await asked(w, private=private)
        await w.click(w.ann, result, "Try again")
        await w.click(w.ann, result, "Try again")
        await w.click(w.ann, result, "Delete")
        assert await kept(w) == []


async def test_they_go_with_it_where_it_was_followed_up_too(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await asked(w, private=False)
        await w.click(w.ann, result, "Try again")
        form = await w.click(w.ann, result, "Ask a follow-up")
        await filled(w, w.ann, form, question="And why?")
        await w.click(w.ann, result, "Delete")
        assert [turn.question for turn in await kept(w)] == ["And why?"]


async def test_a_try_that_was_cancelled_goes_with_the_answer_that_was_put_back(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await asked(w, private=True)
        engine.go.clear()
        assert result.response is not None
        answer = result.response.message
        await w.ann.click(answer, label="Try again")
        await until(lambda: labels(result) == ["Stop here", "Cancel"])
        await w.ann.click(answer, label="Cancel")
        await w.lookout.running.idle()
        assert "ask standard 1" in shown(result)
        await w.click(w.ann, result, "Delete")
        assert await kept(w) == []


async def test_a_deleted_question_takes_along_an_answer_that_was_put_back(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        question = await wrote(w, w.ann, f"{mention(w)} one", files=[("a.png", png())])
        engine.errors = deque([EngineUnavailable()])
        await w.finished(await w.ann.click(last(w), label="Try again"))
        assert "ask standard 1" in said(last(w))
        reply = await w.ben.send(w.channel, "and why?", reply_to=last(w))
        await w.lookout.running.idle()
        newest = await w.lookout.conversations.store.turn_of_message(reply.id)
        assert newest is not None
        path = await w.lookout.conversations.store.path(newest.id)
        assert [turn.state for turn in path] == [TurnState.ANSWERED] * 2
        await w.ann.delete(question)
        await until(lambda: len(ours(w)) == 1)
        assert [turn.question for turn in await kept(w)] == ["and why?"]
