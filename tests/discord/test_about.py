"""/help, /about, /status and /forget-me."""

from pathlib import Path

from discord.ext import commands

from bot.domain.errors import StorageFailed
from bot.domain.moderation.assessment import Outcome, Verdict
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import Conclusion, NewUpload
from bot.domain.picture import PictureRef, SourceKind
from tests.discord.engines import HandEngine
from tests.discord.kept import keeping, store_of, talk
from tests.discord.pictures import png
from tests.discord.world import World, shown, until, world


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
        moderation = w.lookout.moderation
        await moderation.policies.save(w.guild.id, Policy(enabled=True), ())
        await moderation.uploads.record([posted_by(w, w.ann.id, 1), posted_by(w, w.ann.id, 2)])
        await moderation.uploads.conclude(Conclusion(1, Verdict(Outcome.CLEAN)))
        guild = w.env.bot.get_guild(w.guild.id)
        assert guild is not None
        bot = w.env.bot
        assert isinstance(bot, commands.Bot)
        for heard in bot.extra_events["on_guild_remove"]:
            await heard(guild)
        assert await w.lookout.posted.delete_guild(w.guild.id) == 0
        assert await w.lookout.moderation.policies.get(w.guild.id) == Policy()
        assert [await w.lookout.moderation.uploads.get(number) for number in (1, 2)] == [None, None]
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


async def test_forget_me_deletes_what_moderation_keeps_of_a_person(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        uploads = w.lookout.moderation.uploads
        await uploads.record([posted_by(w, w.ann.id, 1), posted_by(w, w.ben.id, 2)])
        for number in (1, 2):
            await uploads.conclude(Conclusion(number, Verdict(Outcome.CLEAN)))
        assert shown(await w.slash(w.ann, "forget-me")) == (
            "Deleted: 1 record of moderation (appeals, reports, pictures without a case)."
        )
        assert "I keep nothing" in shown(await w.slash(w.ann, "forget-me"))
        assert await uploads.get(1) is None
        assert await uploads.get(2) is not None


async def test_what_moderation_kept_goes_also_where_its_extra_is_gone(tmp_path: Path) -> None:
    async with keeping(tmp_path) as w:
        await w.lookout.moderation.uploads.record([posted_by(w, w.ann.id, 1)])
        guild = w.env.bot.get_guild(w.guild.id)
        assert guild is not None
        bot, moderation = w.env.bot, w.lookout.moderation
        assert isinstance(bot, commands.Bot)
        about = bot.get_cog("Lookout: about")
        assert about is not None
        (heard,) = [one for name, one in about.get_listeners() if name == "on_guild_remove"]
        del w.lookout.moderation
        try:
            await heard(guild)
        finally:
            w.lookout.moderation = moderation
        assert await moderation.uploads.get(1) is None


def posted_by(w: World, person_id: int, number: int) -> NewUpload:
    """A picture of a person's in the server."""
    ref = PictureRef(SourceKind.ATTACHMENT, f"https://cdn.discordapp.com/{number}.png")
    at = w.env.now()
    return NewUpload(f"m:{number}", w.guild.id, w.channel.id, number, person_id, ref, at)


class BrokenStore:
    """A store whose database is gone."""

    async def delete_guild(self, guild_id: int) -> int:
        raise StorageFailed("unreachable")
