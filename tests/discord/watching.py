"""A bot that only watches: the real cog, intake and storage; nobody judges what is recorded."""

import contextvars
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import discord
import simcord
from discord.ext import commands
from sqlalchemy import select

from bot.domain.moderation.assessment import Assessment, Outcome, Verdict
from bot.domain.moderation.fingerprint import Fingerprint
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.ports import Enforcer, Examined
from bot.domain.moderation.upload import Upload
from bot.domain.picture import PictureRef
from bot.services.moderation.intake import Intake
from bot.services.moderation.moderation import Looked
from bot.services.moderation.policies import Policies
from bot.storage.database import Database
from bot.storage.moderation.policies import SqlPolicyStore
from bot.storage.moderation.uploads import SqlUploadStore
from bot.storage.moderation_tables import UploadRow
from bot.ui.house import ATTRIBUTE, CommandNames
from bot.ui.moderation.gaps import Reach
from bot.ui.running import Running
from cogs.watch import Watch
from tests.discord.pictures import png
from tests.discord.world import SETTLE_SECONDS

PICTURE = [("a.png", png())]
ON = Policy(enabled=True)
QUICK = Reach(pause_seconds=0)
ALL_INTENTS = discord.Intents(
    guilds=True, guild_messages=True, message_content=True, emojis_and_stickers=True
)


@dataclass
class WatchModeration:
    """The parts of moderation that watching uses. ``started`` and ``stopped`` count calls."""

    policies: Policies
    uploads: SqlUploadStore
    intake: Intake
    started: int = 0
    stopped: int = 0
    looked: list[tuple[PictureRef, str]] = field(default_factory=list)

    async def start(self, enforcer: Enforcer) -> None:
        self.started += 1

    async def stop(self) -> None:
        self.stopped += 1

    async def look_now(
        self, ref: PictureRef, policy: Policy, *, text: str = "", **_: Any
    ) -> Looked:
        self.looked.append((ref, text))
        return Looked(Examined(Fingerprint("0" * 64), ()), Assessment(), Verdict(Outcome.CLEAN))


@dataclass
class WatchHouse:
    """As much of a Lookout as the cog asks for."""

    moderation: WatchModeration
    reach: Reach = QUICK
    commands: CommandNames = field(default_factory=CommandNames)
    running: Running = field(default_factory=Running)


class WatchBot(commands.Bot):
    """A client with nothing but the cog."""

    def __init__(self, house: WatchHouse, intents: discord.Intents = ALL_INTENTS) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=intents,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        setattr(self, ATTRIBUTE, house)
        self.watch: Watch | None = None

    async def setup_hook(self) -> None:
        self.watch = Watch(self)
        await self.add_cog(self.watch)
        await self.tree.sync()


@dataclass
class Watched:
    """A server with two channels; Ann is a member, Mod may manage messages."""

    env: simcord.Env
    database: Database
    house: WatchHouse
    bot: WatchBot
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    other: simcord.ChannelHandle
    ann: simcord.MemberActor
    mod: simcord.MemberActor

    async def switch(self, policy: Policy = ON) -> None:
        """Save a policy, and let it be noticed."""
        await self.house.moderation.policies.save(self.guild.id, policy, ())
        await self.noticed()

    async def noticed(self) -> None:
        """Wait until switching, keeping and catching up are done."""
        assert self.bot.watch is not None
        listening = self.bot.watch.listening
        listening.look_around()
        await listening.catching_up.idle()
        await listening.keep()
        await self.env.settle()

    async def uploads(self) -> list[Upload]:
        """Return what was recorded, oldest first."""
        async with self.database.reading() as session:
            ids = (await session.scalars(select(UploadRow.id).order_by(UploadRow.id))).all()
        found = [await self.house.moderation.uploads.get(upload_id) for upload_id in ids]
        return [upload for upload in found if upload is not None]

    async def message_ids(self) -> list[int]:
        """Return which messages have something recorded, oldest first."""
        return sorted({upload.new.message_id for upload in await self.uploads()})

    async def cursor(self, channel_id: int) -> int | None:
        """Return how far a channel was heard, as it is kept."""
        kept = await self.house.moderation.uploads.cursors(self.guild.id)
        return {cursor.channel_id: cursor.message_id for cursor in kept}.get(channel_id)


async def house_on(database: Database, reach: Reach | None = None) -> WatchHouse:
    """Open the services on a database."""
    uploads = SqlUploadStore(database)
    policies = Policies(SqlPolicyStore(database))
    await policies.open()
    house = WatchHouse(WatchModeration(policies, uploads, Intake(uploads)))
    return house if reach is None else replace(house, reach=reach)


@asynccontextmanager
async def watched(
    tmp_path: Path, *, intents: discord.Intents = ALL_INTENTS, policy: Policy | None = ON
) -> AsyncIterator[Watched]:
    """Open the bot in a simulated server, with moderation switched on."""
    async with Database(f"sqlite:///{tmp_path / 'lookout.sqlite3'}") as database:
        await database.upgrade()
        house = await house_on(database)
        bot = WatchBot(house, intents)
        async with simcord.run(bot, settle_timeout=SETTLE_SECONDS) as env:
            house.running.adopt(contextvars.copy_context())
            guild = env.create_guild("Photographers")
            moderators = guild.create_role(
                "Moderators", permissions=discord.Permissions(manage_messages=True)
            )
            w = Watched(
                env,
                database,
                house,
                bot,
                guild,
                guild.create_text_channel("pictures"),
                guild.create_text_channel("talk"),
                guild.add_member(env.create_user("ann")),
                guild.add_member(env.create_user("mod"), roles=[moderators]),
            )
            await env.settle()
            if policy is not None:
                await w.switch(policy)
            yield w
            await house.moderation.intake.close()


class Away(discord.Client):
    """A client that hears and does nothing: the time while Lookout is not there."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.none())


@asynccontextmanager
async def away(
    w: Watched,
    reach: Reach | None = None,
    *,
    intents: discord.Intents = ALL_INTENTS,
    prepare: Callable[[WatchHouse], None] | None = None,
) -> AsyncIterator[None]:
    """Take the bot away; at the end it is back, on the same database.

    With ``prepare``, which may change its services first, nobody waits until it caught up.
    """
    await w.env.restart_bot(Away())
    yield
    w.house = await house_on(w.database, reach)
    w.bot = WatchBot(w.house, intents)
    w.house.running.adopt(contextvars.copy_context())
    if prepare is not None:
        prepare(w.house)
    await w.env.restart_bot(w.bot)
    await w.env.settle()
    if prepare is None:
        await w.noticed()
