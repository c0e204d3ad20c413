"""Answers that end in another way than planned: too late, deleted, shut down."""

import asyncio
import dataclasses
from pathlib import Path

import discord

from tests.discord.engines import HandEngine
from tests.discord.pictures import png
from tests.discord.world import World, labels, shown, texts, until, world


async def outlive(w: World) -> None:
    """Let an interaction's token run out: by the simulated clock, which replies go by here."""
    await w.env.advance_time(5)


def short_lived(w: World) -> World:
    """Shorten the token's life to a second, so that replies look at the clock soon."""
    w.lookout.replies = dataclasses.replace(w.lookout.replies, token_seconds=1.0)
    return w


async def test_an_answer_that_outlives_its_reply_comes_as_a_message(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        short_lived(w)
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Cancel"])
        await until(engine.asked.is_set)
        await outlive(w)
        await until(lambda: "come as a new message" in shown(result))
        engine.go.set()
        await w.finished(result)
        last = w.channel.last_message
        assert last is not None
        assert last.id != result.response.id  # type: ignore[union-attr]
        assert last.attachments[0].filename == "picture-1.png"


async def test_a_private_answer_that_is_too_late_is_stopped_with_the_reason(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        short_lived(w)
        result = await w.ann.slash(w.channel, "alt", picture=("a.png", png()), private=True)
        await until(lambda: labels(result) == ["Cancel"])
        await until(engine.asked.is_set)
        await outlive(w)
        await w.finished(result)
        assert "15 minutes Discord keeps a private reply open" in shown(result)
        assert engine.stopped == 1


async def test_where_the_bot_may_not_speak_a_late_answer_is_stopped_with_the_reason(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        short_lived(w)
        everyone = w.env.bot.get_guild(w.guild.id).default_role  # type: ignore[union-attr]
        silent = discord.PermissionOverwrite(send_messages=False)
        quiet = w.guild.create_text_channel("quiet", overwrites={everyone: silent})
        assert w.env.bot.user is not None
        actor = w.guild.add_member(w.env.create_user("cleo"))
        result = await actor.slash(quiet, "describe", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Cancel"])
        await outlive(w)
        await w.finished(result)
        assert "not allowed to write in this channel" in shown(result)


async def test_a_reply_deleted_while_the_model_works_is_no_error(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Cancel"])
        message = result.response.message  # type: ignore[union-attr]
        await w.mod.delete(message)
        engine.go.set()
        await w.finished(result)
        assert result.response is None
        assert w.lookout.gate.state().running == 0


async def test_at_shutdown_answers_under_way_may_finish(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Cancel"])
        closing = asyncio.create_task(w.lookout.running.close(grace_seconds=30))
        engine.go.set()
        await closing
        assert "describe standard 1" in shown(result)


async def test_at_shutdown_answers_that_take_too_long_say_so(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Cancel"])
        await until(engine.asked.is_set)
        await w.lookout.running.close(grace_seconds=0)
        assert "restarted before I could finish" in shown(result)
        assert engine.stopped == 1


async def test_a_failing_database_costs_the_buttons_and_not_the_answer(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        async with w.lookout.database.writing() as session:
            from sqlalchemy import text

            await session.execute(text("DROP TABLE posted_answer"))
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        assert "describe standard 1" in shown(result)
        assert labels(result) == ["Delete"]


async def test_a_command_during_shutdown_is_told_so_and_shutdown_ends(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        first = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: labels(first) == ["Cancel"])
        closing = asyncio.create_task(w.lookout.running.close(grace_seconds=30))
        await asyncio.sleep(0)
        late = await w.ben.slash(w.channel, "describe", picture=("b.png", png("blue")))
        await until(lambda: "restarted before I could finish" in shown(late))
        engine.go.set()
        async with asyncio.timeout(20):
            await closing
        assert "describe standard 1" in shown(first)


async def test_progress_that_discord_refuses_costs_no_answer(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        w.env.inject_error("PATCH", "/webhooks/*", status=400, times=1)
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(engine.asked.is_set)
        await asyncio.sleep(0.5)
        engine.go.set()
        await w.finished(result)
        assert "describe standard 1" in shown(result)


async def test_an_answer_that_could_not_be_posted_leaves_no_record(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        w.env.inject_error("PATCH", "/webhooks/*", status=400, times=None)
        await w.slash(w.ann, "describe", picture=("a.png", png()))
        assert await w.lookout.posted.delete_person(w.ann.id) == 0


async def test_an_edit_that_discord_refuses_is_survived(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        w.env.inject_error("PATCH", "/webhooks/*", status=500, times=None)
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        assert result.acknowledged
        assert w.lookout.gate.state().running == 0
        assert "standard" not in texts(result.response)
