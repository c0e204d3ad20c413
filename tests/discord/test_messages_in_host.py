"""Messages heard inside somebody else's bot, which goes on hearing its own."""

import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import simcord
from discord.ext import commands

from bot.app import Lookout
from tests.discord.engines import HandEngine
from tests.discord.messaging import mention, ours, said, wrote, wrote_directly
from tests.discord.test_messages import PICTURE
from tests.discord.test_plugin import config
from tests.discord.world import SETTLE_SECONDS, PacedTransport, World, populate


class Talkative(commands.Bot):
    """A bot that is spoken to by mention: it has a command and counts messages."""

    def __init__(self, lookout: Lookout, intents: discord.Intents) -> None:
        super().__init__(command_prefix=commands.when_mentioned, intents=intents)
        self.services = lookout
        self.heard = 0

        @self.command()
        async def greet(context: commands.Context[Talkative]) -> None:
            await context.send("Good day.")

    async def setup_hook(self) -> None:
        await self.services.attach(self)

    async def on_message(self, message: discord.Message, /) -> None:
        if not message.author.bot:
            self.heard += 1
        if "greet" in message.content:
            await self.process_commands(message)


@asynccontextmanager
async def visiting(
    tmp_path: Path, engine: HandEngine, intents: discord.Intents
) -> AsyncIterator[tuple[World, Talkative]]:
    transport = PacedTransport()
    async with Lookout(config(tmp_path), transport=transport, engine=engine) as lookout:
        theirs = Talkative(lookout, intents)
        async with simcord.run(theirs, settle_timeout=SETTLE_SECONDS) as env:
            transport.env = env
            lookout.running.adopt(contextvars.copy_context())
            yield populate(env, lookout, transport), theirs
            await lookout.running.idle()


async def test_both_hear_a_mention_and_we_answer(tmp_path: Path) -> None:
    async with visiting(tmp_path, HandEngine(), discord.Intents.default()) as (w, theirs):
        await wrote(w, w.ann, f"{mention(w)} What is it?", files=PICTURE)
        (answer,) = ours(w)
        assert "ask standard 1" in said(answer)
        assert theirs.heard == 1


async def test_their_commands_are_theirs(tmp_path: Path) -> None:
    engine = HandEngine()
    async with visiting(tmp_path, engine, discord.Intents.default()) as (w, _):
        await wrote(w, w.ann, f"{mention(w)} greet", files=PICTURE)
        await wrote_directly(w, w.ben, f"{mention(w)} greet", files=PICTURE)
        assert [message.content for message in ours(w)] == ["Good day."]
        assert engine.dialogues == []


async def test_replies_to_what_else_the_bot_says_are_theirs(tmp_path: Path) -> None:
    async with visiting(tmp_path, HandEngine(), discord.Intents.all()) as (w, _):
        await wrote(w, w.ann, f"{mention(w)} greet")
        await wrote(w, w.ann, "And to you!", to=ours(w)[0])
        assert len(ours(w)) == 1


async def test_without_message_events_the_commands_still_work(tmp_path: Path) -> None:
    intents = discord.Intents(guilds=True)
    async with visiting(tmp_path, HandEngine(), intents) as (w, theirs):
        await wrote(w, w.ann, f"{mention(w)} What is it?", files=PICTURE)
        assert ours(w) == []
        assert theirs.heard == 0
        await theirs.tree.sync()
        result = await w.slash(w.ann, "ask", question="What?", picture=PICTURE[0])
        assert result.response is not None
