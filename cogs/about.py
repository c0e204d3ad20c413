"""/help, /about, /status and /forget-me: what Lookout does, how it is, what it keeps."""

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot import __version__
from bot.domain.errors import StorageFailed
from bot.domain.task import TaskName
from bot.ui.asking import Interaction
from bot.ui.cog import LookoutCog, T, anywhere
from bot.ui.errors import responding
from bot.ui.i18n import words
from bot.ui.layouts import maker, plain
from bot.ui.membership import note_presence
from bot.ui.pages import about_page, forgotten_page, help_page, status_page

_log = structlog.get_logger(__name__)


class About(LookoutCog, name="Lookout: about"):
    """Explains Lookout and forgets people."""

    @anywhere
    @app_commands.command(name=T("help"), description=T("What Lookout can do, and how"))
    async def help(self, interaction: Interaction) -> None:
        """Explain the commands and the right-click menu."""
        async with responding(interaction):
            page = help_page(self.house.commands, words(interaction.locale.value))
            await interaction.response.send_message(view=plain(page), ephemeral=True)

    @anywhere
    @app_commands.command(
        name=T("about"), description=T("Version, model, and what is stored about you")
    )
    async def about(self, interaction: Interaction) -> None:
        """Say what this is and what it keeps."""
        async with responding(interaction):
            engine, say = self.house.engine, words(interaction.locale.value)
            page = about_page(
                self.house.commands,
                say,
                version=__version__,
                model=maker(engine.name, engine.model_for(TaskName.DESCRIBE), say),
                answers_kept=self.house.retention,
                buttons_kept=self.house.replies.buttons_kept,
                conversations_kept=self.house.conversations.retention_limits,
            )
            await interaction.response.send_message(view=plain(page), ephemeral=True)

    @anywhere
    @app_commands.command(
        name=T("status"), description=T("How the picture model is, and how long the queue is")
    )
    async def status(self, interaction: Interaction) -> None:
        """Say how the engine is and who waits."""
        async with responding(interaction):
            await interaction.response.defer(thinking=True, ephemeral=True)
            page = status_page(
                await self.house.engine.status(),
                self.house.gate.state(),
                words(interaction.locale.value),
                person_id=interaction.user.id,
            )
            await interaction.edit_original_response(view=plain(page))

    @anywhere
    @app_commands.command(
        name=T("forget-me"), description=T("Delete what Lookout keeps about what you asked")
    )
    async def forget_me(self, interaction: Interaction) -> None:
        """Delete what is kept of a person: answers, conversations, words to moderators."""
        async with responding(interaction):
            await interaction.response.defer(thinking=True, ephemeral=True)
            person_id = interaction.user.id
            count = await self.house.posted.delete_person(person_id)
            forgotten = await self.house.conversations.store.delete_person(person_id)
            moderated = await self.house.keeper.delete_person(person_id)
            text = forgotten_page(count, forgotten, moderated, words(interaction.locale.value))
            await interaction.edit_original_response(view=plain(text))

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Notice servers that Lookout was removed from while it was not there."""
        await note_presence(self.bot, self.house.keeper)

    @commands.Cog.listener()
    async def on_guild_join(self, _guild: discord.Guild) -> None:
        """Notice that a server has Lookout back."""
        await note_presence(self.bot, self.house.keeper)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server that Lookout was removed from."""
        for store in (self.house.posted, self.house.conversations.store, self.house.keeper):
            try:
                await store.delete_guild(guild.id)
            except StorageFailed:  # the others are forgotten all the same
                _log.warning("guild_not_forgotten", guild_id=guild.id)


async def setup(bot: commands.Bot) -> None:
    """Load the cog."""
    await bot.add_cog(About(bot))
