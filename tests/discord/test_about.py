"""/help, /about, /status and /forget-me."""

from pathlib import Path

from discord.ext import commands

from bot.domain.errors import StorageFailed
from tests.discord.engines import HandEngine
from tests.discord.kept import keeping, store_of, talk
from tests.discord.pictures import png
from tests.discord.world import shown, until, world


async def test_help_is_private_and_names_every_command(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        result = await w.slash(w.ann, "help")
        assert result.ephemeral
        for name in ("describe", "alt", "ocr", "status", "about", "forget-me", "conversations"):
            assert f"</{name}:{w.lookout.commands.ids[name]}>" in shown(result)


async def test_about_says_what_is_kept_and_for_how_long(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        text = shown(await w.slash(w.ann, "about"))
        assert "qwen3-vl:8b" in text
        assert "30 days" in text
        assert "7 days" in text or "168 hours" in text
        most = w.lookout.conversations.retention_limits
        assert f"questions and answers for up to {most.text.days} days" in text
        assert f"their pictures, made smaller, for up to {most.pictures.days} days" in text


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
    async with keeping(tmp_path) as w:
        await w.slash(w.ann, "describe", picture=("a.png", png()))
        await w.slash(w.ben, "alt", picture=("a.png", png()))
        his = await talk(w, w.ben.id, "His", pictures=0)
        await talk(w, w.ann.id, "Hers in his", parent=his, pictures=0)
        await talk(w, w.ann.id, "Hers", pictures=2)
        assert shown(await w.slash(w.ann, "forget-me")).splitlines() == [
            "Deleted: the record of 1 answer. Its buttons no longer work.",
            "Deleted: 1 conversation, altogether 2 questions and 2 pictures.",
        ]
        assert "I keep nothing" in shown(await w.slash(w.ann, "forget-me"))
        kept = await store_of(w).turns(his.conversation_id)
        assert [turn.question for turn in kept] == ["His"]
        assert await w.lookout.posted.delete_person(w.ann.id) == 0
        assert await w.lookout.posted.delete_person(w.ben.id) == 1


async def test_a_server_that_removes_the_bot_is_forgotten(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        await w.slash(w.ann, "describe", picture=("a.png", png()))
        await talk(w, w.ann.id, "Here")
        await talk(w, w.ann.id, "Elsewhere", guild_id=5)
        guild = w.env.bot.get_guild(w.guild.id)
        assert guild is not None
        bot = w.env.bot
        assert isinstance(bot, commands.Bot)
        for heard in bot.extra_events["on_guild_remove"]:
            await heard(guild)
        assert await w.lookout.posted.delete_guild(w.guild.id) == 0
        kept = await store_of(w).of_person(w.ann.id, limit=9)
        assert [one.title for one in kept] == ["Elsewhere"]


async def test_one_store_that_fails_does_not_keep_the_other_from_forgetting(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        await talk(w, w.ann.id, "Here")
        guild = w.env.bot.get_guild(w.guild.id)
        assert guild is not None
        w.lookout.posted = BrokenStore()  # type: ignore[assignment]
        bot = w.env.bot
        assert isinstance(bot, commands.Bot)
        for heard in bot.extra_events["on_guild_remove"]:
            await heard(guild)
        assert await store_of(w).of_person(w.ann.id, limit=9) == ()


class BrokenStore:
    """A store whose database is gone."""

    async def delete_guild(self, guild_id: int) -> int:
        raise StorageFailed("unreachable")
