"""/help, /about, /status and /forget-me."""

from pathlib import Path

from tests.discord.engines import HandEngine
from tests.discord.pictures import png
from tests.discord.world import shown, until, world


async def test_help_is_private_and_names_every_command(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "help")
        assert result.ephemeral
        for name in ("describe", "alt", "ocr", "status", "about", "forget-me"):
            assert f"</{name}:{w.lookout.commands.ids[name]}>" in shown(result)


async def test_about_says_what_is_kept_and_for_how_long(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        text = shown(await w.slash(w.ann, "about"))
        assert "qwen3-vl:8b" in text
        assert "30 days" in text
        assert "7 days" in text or "168 hours" in text


async def test_status_tells_the_engine_the_queue_and_the_persons_place(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        first = await w.ann.slash(w.channel, "describe", picture=("a.png", png("red")))
        await until(engine.asked.is_set)
        second = await w.ben.slash(w.channel, "describe", picture=("b.png", png("blue")))
        await until(lambda: w.lookout.gate.state().waiting == 1)
        text = shown(await w.ben.slash(w.channel, "status"))
        assert "Ollama 0.34.1" in text
        assert "place 1" in text
        assert "place" not in shown(await w.mod.slash(w.channel, "status")).split("waiting")[-1]
        engine.go.set()
        await w.finished(first)
        await w.finished(second)


async def test_forget_me_deletes_a_persons_records_and_nobody_elses(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        await w.slash(w.ann, "describe", picture=("a.png", png()))
        await w.slash(w.ben, "alt", picture=("a.png", png()))
        assert "{1}" not in shown(await w.slash(w.ann, "forget-me"))
        assert await w.lookout.posted.delete_person(w.ann.id) == 0
        assert await w.lookout.posted.delete_person(w.ben.id) == 1


async def test_a_server_that_removes_the_bot_is_forgotten(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        await w.slash(w.ann, "describe", picture=("a.png", png()))
        guild = w.env.bot.get_guild(w.guild.id)
        assert guild is not None
        w.env.bot.dispatch("guild_remove", guild)
        await w.env.settle()
        assert await w.lookout.posted.delete_guild(w.guild.id) == 0
