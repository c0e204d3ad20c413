"""Where questions are asked, and that nobody is left waiting however an answer ends."""

from collections import deque
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.domain.conversation import Retention
from bot.domain.errors import EngineUnavailable
from tests.discord.engines import HandEngine
from tests.discord.forms import filled
from tests.discord.pictures import png
from tests.discord.world import World, labels, restarted, shown, texts, until, world


async def nobody_waits(w: World) -> bool:
    return not await w.lookout.conversations.store.pending()


async def test_whoever_asks_waits_until_the_answer_is_shown(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Stop here", "Cancel"])
        (pending,) = await w.lookout.conversations.store.pending()
        assert pending.turn.person_id == w.ann.id
        assert pending.locale == "en-US"
        assert pending.address.token
        assert result.response is not None
        assert pending.address.answer_message_id == result.response.id
        engine.go.set()
        await w.finished(result)
        assert await nobody_waits(w)
        turn = await w.lookout.conversations.store.turn_of_message(result.response.id)
        assert turn is not None
        assert turn.answer == "ask standard 1"


@pytest.mark.parametrize("ending", ["failure", "cancel", "stop", "deleted", "shutdown"])
async def test_however_it_ends_nobody_is_left_waiting(tmp_path: Path, ending: str) -> None:
    engine = HandEngine(errors=deque([EngineUnavailable()] if ending == "failure" else []))
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Stop here", "Cancel"])
        assert result.response is not None
        match ending:
            case "failure":
                engine.go.set()
            case "cancel":
                await w.ann.click(result.response.message, label="Cancel")
            case "stop":
                await w.ann.click(result.response.message, label="Stop here")
            case "deleted":
                await w.mod.delete(result.response.message)
                engine.go.set()
            case _:
                await w.lookout.running.close(0)
                assert "I was restarted before I could finish" in shown(result)
                assert labels(result) == ["Try again", "Delete"]
        await w.finished(result)
        assert await nobody_waits(w)


async def test_a_question_that_discord_no_longer_takes_an_answer_for_is_given_up(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        w.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)
        await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await w.lookout.running.idle()
        assert await nobody_waits(w)
        assert engine.dialogues == []


async def test_in_direct_messages_there_is_all_but_a_thread(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        dora = w.env.create_user("dora")
        first = await w.finished(
            await dora.slash("ask", question="What?", picture=("a.png", png()))
        )
        assert labels(first) == ["Ask a follow-up", "Look closer", "Try again", "Delete"]
        assert first.response is not None
        form = await dora.click(first.response.message, label="Ask a follow-up")
        second = await w.finished(await dora.submit_modal(form, {"question": "Why?"}))
        assert "ask standard 2" in shown(second)
        await w.finished(await dora.click(first.response.message, label="Try again"))
        assert "ask standard 3" in shown(first)
        await w.finished(await dora.click(first.response.message, label="Delete"))
        assert first.response is None


async def test_where_a_person_brought_the_bot_along_only_the_interaction_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installed by a person, the bot is no member: it can write nothing of its own there."""
    plain_payload = simcord.interactions.base_payload

    def brought_along(*given: Any, **more: Any) -> Any:
        record, payload = plain_payload(*given, **more)
        payload["authorizing_integration_owners"] = {"1": payload["member"]["user"]["id"]}
        return record, payload

    async with world(tmp_path, engine=HandEngine()) as w:
        monkeypatch.setattr(simcord.interactions, "base_payload", brought_along)
        w.env.inject_error("*", "/channels/*", status=403, code=50001, times=None)
        first = await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()))
        assert labels(first) == ["Ask a follow-up", "Look closer", "Try again", "Delete"]
        form = await w.click(w.ben, first, "Ask a follow-up")
        second = await filled(
            w, w.ben, form, question="And this?", pictures=[("b.png", png("blue"))]
        )
        assert "ask standard 2" in shown(second)
        await w.click(w.ann, first, "Try again")
        assert "ask standard 3" in shown(first)


async def test_a_thread_that_is_there_already_is_named(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()))
        w.env.inject_error("POST", "/channels/*/messages/*/threads", status=400, code=160004)
        opened = await w.click(w.ann, first, "Continue in a thread")
        assert first.response is not None
        assert f"goes on in <#{first.response.id}>" in texts(opened.response)
        assert await w.lookout.conversations.store.is_thread(first.response.id)


async def test_a_thread_that_cannot_be_opened_is_not_remembered(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()))
        w.env.inject_error("POST", "/channels/*/messages/*/threads", status=403, code=50013)
        refused = await w.click(w.ann, first, "Continue in a thread")
        assert "I am not allowed to open threads" in texts(refused.response)
        assert first.response is not None
        assert not await w.lookout.conversations.store.is_thread(first.response.id)


async def test_for_whom_nothing_is_kept_there_is_only_the_answer(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        nothing = Retention(timedelta(0), timedelta(0))
        await w.lookout.conversations.choose_retention(w.ann.id, nothing)
        result = await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()))
        assert "ask standard 1" in shown(result)
        assert labels(result) == ["Delete"]
        engine.errors = deque([EngineUnavailable()])
        failed = await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()))
        assert labels(failed) == ["Delete"]
        await w.click(w.ann, failed, "Delete")
        assert failed.response is None
        assert not await w.lookout.conversations.store.of_person(w.ann.id, limit=1)


async def test_a_follow_up_by_button_is_what_a_thread_goes_on_from(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()))
        await w.click(w.ann, first, "Continue in a thread")
        (thread,) = w.channel.threads
        me = w.env.backend.bot_user.id
        await w.ann.send(thread, f"<@{me}> and why?")
        await w.lookout.running.idle()
        answer = thread.history()[-1]
        form = await w.ann.click(answer, label="Ask a follow-up")
        third = await filled(w, w.ann, form, question="Are you sure?")
        assert "ask standard 3" in shown(third)
        assert "Continue in a thread" not in labels(third)
        newest = await w.lookout.conversations.store.turn_of_thread(thread.id)
        assert newest is not None
        assert newest.question == "Are you sure?"
        assert newest.depth == 2


async def test_an_answer_to_a_message_has_the_same_controls(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        me = w.env.backend.bot_user.id
        question = await w.ann.send(
            w.channel, f"<@{me}> what is it?", attachments=[("a.png", png())]
        )
        await w.lookout.running.idle()

        def reply() -> discord.Message:
            return w.channel.history()[-1]

        async def press(actor: simcord.MemberActor, label: str) -> simcord.InteractionResult:
            return await w.finished(await actor.click(reply(), label=label))

        assert said(reply()) == ["-# AI answer by qwen3-vl:8b", "ask standard 1"]
        refused = await press(w.ben, "Try again")
        assert "Only the person who asked" in texts(refused.response)
        await press(w.ann, "Try again")
        assert said(reply()) == ["-# AI answer by qwen3-vl:8b", "ask standard 2"]
        turn = await w.lookout.conversations.store.turn_of_message(question.id)
        assert turn is not None
        assert turn.answer == "ask standard 2"
        answer = reply()
        second = await filled(w, w.ben, await press(w.ben, "Ask a follow-up"), question="Why?")
        assert "ask standard 3" in shown(second)
        await w.finished(await w.ann.click(answer, label="Delete"))
        assert answer.id not in {message.id for message in w.channel.history()}
        forgotten = await w.lookout.conversations.store.turn(turn.id)
        assert forgotten is not None
        assert (forgotten.state, forgotten.question, forgotten.answer) == ("forgotten", "", "")


def said(message: discord.Message) -> list[str]:
    view = discord.ui.LayoutView.from_message(message)
    items = [item for item in view.walk_children() if isinstance(item, discord.ui.TextDisplay)]
    view.stop()
    return [item.content for item in items]


async def test_an_answer_that_outlives_its_reply_is_followed_up_where_it_came(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        w.lookout.replies = replace(w.lookout.replies, token_seconds=1.0)
        result = await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await until(lambda: "Cancel" in labels(result))
        await w.env.advance_time(5)
        await until(lambda: "come as a new message" in shown(result))
        engine.go.set()
        await w.finished(result)
        last = w.channel.last_message
        assert last is not None
        assert result.response is not None
        assert last.id != result.response.id
        turn = await w.lookout.conversations.store.turn_of_message(last.id)
        assert turn is not None
        assert turn.answer == "ask standard 1"
        assert await nobody_waits(w)


async def test_an_answer_that_discord_did_not_take_is_given_after_a_restart(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        w.env.inject_error("PATCH", "/webhooks/*", status=400, times=None)
        result = await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await w.finished(result)
        assert not await nobody_waits(w)
        w.env.backend.faults.clear()
        async with restarted(w, engine):
            await until(lambda: "ask standard 1" in shown(result))
        assert await nobody_waits(w)
