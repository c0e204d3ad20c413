"""A question that is tried again is one question, and goes as one."""

from collections import deque
from pathlib import Path

import pytest
import simcord

from bot.domain.conversation import Conversation, Turn, TurnState
from bot.domain.errors import AnswerLooped
from tests.discord.engines import HandEngine
from tests.discord.forms import filled
from tests.discord.messaging import last, mention, ours, wrote
from tests.discord.pictures import png
from tests.discord.test_messages import PICTURE
from tests.discord.world import World, shown, world


async def asked(w: World) -> simcord.InteractionResult:
    return await w.slash(w.ann, "ask", question="Secret?", picture=("a.png", png()))


async def kept(w: World) -> tuple[list[Conversation], list[Turn]]:
    """List Ann's conversations, and of all that is kept what is not forgotten."""
    store = w.lookout.conversations.store
    conversations = await store.of_person(w.ann.id, limit=5)
    turns = [turn for one in conversations for turn in await store.turns(one.id)]
    return list(conversations), [one for one in turns if one.state is not TurnState.FORGOTTEN]


async def test_only_the_answer_that_stands_there_is_kept(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await asked(w)
        await w.click(w.ann, result, "Try again")
        await w.click(w.ann, result, "Try again")
        (conversation,), (turn,) = await kept(w)
        assert (conversation.turns, turn.answer) == (1, "ask standard 3")
        await w.click(w.ann, result, "Delete")
        assert await kept(w) == ([], [])


async def test_what_was_followed_up_stays_until_any_of_it_is_deleted(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await asked(w)
        form = await w.click(w.ann, result, "Ask a follow-up")
        await filled(w, w.ann, form, question="And why?")
        await w.click(w.ann, result, "Try again")
        (conversation,), turns = await kept(w)
        assert conversation.turns == 2
        assert [turn.answer for turn in turns] == [f"ask standard {one}" for one in (1, 2, 3)]
        await w.click(w.ann, result, "Delete")
        assert [turn.question for turn in (await kept(w))[1]] == ["And why?"]


async def test_a_try_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await asked(w)
        before = await kept(w)
        engine.errors = deque([AnswerLooped()])
        await w.click(w.ann, result, "Try again")
        assert "ask standard 1" in shown(result)
        assert (await kept(w))[1] == before[1]


@pytest.mark.parametrize("which", ["question", "answer"])
async def test_a_deleted_message_takes_every_try_along(tmp_path: Path, which: str) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        question = await wrote(w, w.ann, f"{mention(w)} Secret?", files=PICTURE)
        await wrote(w, w.ben, "And why?", to=last(w))
        answer = ours(w)[0]
        await w.ann.click(answer, label="Try again")
        await w.lookout.running.idle()
        assert len((await kept(w))[1]) == 3
        await w.mod.delete(question if which == "question" else answer)
        assert [turn.question for turn in (await kept(w))[1]] == ["And why?"]
