"""Hears what is posted where moderation is on; right-click commands about posted pictures."""

from collections.abc import Sequence

import discord
from discord.ext import commands

from bot.ui.asking import Interaction
from bot.ui.cog import LookoutCog
from bot.ui.i18n import mark
from bot.ui.moderation.checking_menu import check_message
from bot.ui.moderation.listening import Listening
from bot.ui.moderation.reporting import report_message


class Watch(LookoutCog, name="Lookout: watch"):
    """Has every upload looked at in servers that wish for it."""

    def __init__(self, bot: commands.Bot) -> None:
        super().__init__(bot)
        self.add_message_menu(mark("Report picture"), self.report, servers_only=True)
        self.add_message_menu(
            mark("Check picture"),
            self.check,
            needs=discord.Permissions(manage_messages=True),
            servers_only=True,
        )
        self.listening = Listening(bot, self.house, self.house.reach)

    async def cog_load(self) -> None:
        """Begin at once in a client that is connected already."""
        await super().cog_load()
        self.house.running.at_close(self.listening.stop)
        if self.bot.is_ready():
            await self.listening.ready()

    async def cog_unload(self) -> None:
        """End the work: what is not done is given back."""
        await super().cog_unload()
        await self.listening.stop()

    async def report(self, interaction: Interaction, message: discord.Message) -> None:
        """Open a form for a member's report about the pictures of a message."""
        await report_message(self.house, interaction, message)

    async def check(self, interaction: Interaction, message: discord.Message) -> None:
        """Show a moderator what the rules make of the pictures of a message."""
        await check_message(self.house, interaction, message)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Record its pictures."""
        await self.listening.heard(message)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Record pictures that came later, such as those of links."""
        await self.listening.edited(payload)

    @commands.Cog.listener()
    async def on_guild_emojis_update(
        self, guild: discord.Guild, before: Sequence[discord.Emoji], after: Sequence[discord.Emoji]
    ) -> None:
        """Record emoji that were added."""
        await self.listening.expressions_changed(guild, before, after)

    @commands.Cog.listener()
    async def on_guild_stickers_update(
        self,
        guild: discord.Guild,
        before: Sequence[discord.GuildSticker],
        after: Sequence[discord.GuildSticker],
    ) -> None:
        """Record stickers that were added."""
        await self.listening.expressions_changed(guild, before, after)

    @commands.Cog.listener()
    async def on_connect(self) -> None:
        """Mark that messages may have been missed; shards tell of themselves.

        A connection that is resumed is not told of here: Discord sends what was missed.
        """
        if not isinstance(self.bot, discord.AutoShardedClient):
            self.listening.connected()

    @commands.Cog.listener()
    async def on_shard_connect(self, shard_id: int) -> None:
        """Mark that messages of a shard's servers may have been missed."""
        self.listening.connected(shard_id)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Begin the work, and catch up."""
        await self.listening.ready()

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Catch up with a shard's servers."""
        await self.listening.ready(shard_id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Watch again where moderation was on."""
        await self.listening.there(guild)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Catch up after an outage of Discord's."""
        await self.listening.there(guild)

    @commands.Cog.listener()
    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        """Mark that messages may be missed."""
        self.listening.marks.forget(guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Let go of what waits."""
        await self.listening.left(guild)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Forget how far it was heard."""
        self.listening.marks.forget_channel(channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Forget how far it was heard."""
        self.listening.marks.forget_channel(payload.thread_id)


async def setup(bot: commands.Bot) -> None:
    """Load the cog."""
    await bot.add_cog(Watch(bot))
