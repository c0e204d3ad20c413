"""/moderation: what moderators set up, look up, and take away as files."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.asking import Interaction
from bot.ui.cog import LookoutCog, T
from bot.ui.errors import responding
from bot.ui.i18n import words
from bot.ui.layouts import plain
from bot.ui.moderation.blocklist import show_blocklist
from bot.ui.moderation.case_view import case_page
from bot.ui.moderation.checking import check_member, try_picture
from bot.ui.moderation.exporting import send_export
from bot.ui.moderation.history import show_history
from bot.ui.moderation.permitted import require_manager, require_moderator
from bot.ui.moderation.policy_ids import Page
from bot.ui.moderation.policy_pages import show_page
from bot.ui.moderation.stats_view import show_stats

MAX_CASE_NUMBER = 2**31 - 1
MAX_EXPORT_DAYS = 730
MAX_STATS_DAYS = 90


class Moderation(LookoutCog, name="Lookout: moderation"):
    """Sets moderation up and shows what it did. Every right is checked again when it is used."""

    moderation = app_commands.Group(
        name=T("moderation"),
        description=T("Pictures that break this server's rules: set up, look up, take away"),
        allowed_installs=app_commands.AppInstallationType(guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        default_permissions=discord.Permissions(manage_messages=True),
    )

    @moderation.command(
        name=T("setup"), description=T("Switch on moderation of pictures, step by step")
    )
    async def setup(self, interaction: Interaction) -> None:
        """Show the guided panel."""
        await self._page(interaction, Page.SETUP)

    @moderation.command(
        name=T("settings"), description=T("Change the rules, and see who changed what")
    )
    async def settings(self, interaction: Interaction) -> None:
        """Show all settings."""
        await self._page(interaction, Page.HOME)

    async def _page(self, interaction: Interaction, page: Page) -> None:
        async with responding(interaction):
            require_manager(interaction)
            await interaction.response.defer(thinking=True, ephemeral=True)
            await show_page(self.house, interaction, page)

    @moderation.command(name=T("case"), description=T("Everything about one case"))
    @app_commands.describe(number=T("The number on its card"))
    async def case(
        self, interaction: Interaction, number: app_commands.Range[int, 1, MAX_CASE_NUMBER]
    ) -> None:
        """Show a case's facts and history."""
        async with responding(interaction):
            guild_id = require_moderator(interaction).guild.id
            await interaction.response.defer(thinking=True, ephemeral=True)
            say, moderation = words(interaction.locale.value), self.house.moderation
            case = await moderation.cases.by_number(guild_id, number)
            if case is None:
                text = say.say(
                    "There is no case {number} here, or its time is over.", number=number
                )
            else:
                events = await moderation.cases.events(case.id)
                text = case_page(case, events, await moderation.policies.get(guild_id), say)
            await interaction.edit_original_response(view=plain(text))

    @moderation.command(name=T("history"), description=T("The cases of one member"))
    @app_commands.describe(member=T("Whose cases; somebody who has left works too"))
    async def history(self, interaction: Interaction, member: discord.User) -> None:
        """Show somebody's cases."""
        async with responding(interaction):
            require_moderator(interaction)
            await interaction.response.defer(thinking=True, ephemeral=True)
            await show_history(self.house, interaction, member.id)

    @moderation.command(
        name=T("stats"), description=T("What was looked at, flagged and confirmed, as a chart")
    )
    @app_commands.describe(days=T("How many days back; 30 if left out"))
    async def stats(
        self, interaction: Interaction, days: app_commands.Range[int, 1, MAX_STATS_DAYS] = 30
    ) -> None:
        """Show the figures of the last days."""
        async with responding(interaction):
            require_moderator(interaction)
            await interaction.response.defer(thinking=True, ephemeral=True)
            await show_stats(self.house, interaction, days)

    @moderation.command(
        name=T("export"), description=T("Cases as a ZIP file with CSV and JSON, without pictures")
    )
    @app_commands.describe(
        days=T("How many days back; 30 if left out"), member=T("Only the cases of this member")
    )
    async def export(
        self,
        interaction: Interaction,
        days: app_commands.Range[int, 1, MAX_EXPORT_DAYS] = 30,
        member: discord.User | None = None,
    ) -> None:
        """Hand over the cases of a time as a file."""
        async with responding(interaction):
            require_moderator(interaction)
            await interaction.response.defer(thinking=True, ephemeral=True)
            person_id = None if member is None else member.id
            await send_export(self.house, interaction, days, person_id)

    @moderation.command(
        name=T("test"), description=T("What the rules would make of a picture; nothing is kept")
    )
    @app_commands.describe(picture=T("The picture"))
    async def test(self, interaction: Interaction, picture: discord.Attachment) -> None:
        """Say what the policy would do, and why."""
        async with responding(interaction):
            require_moderator(interaction)
            await interaction.response.defer(thinking=True, ephemeral=True)
            await try_picture(self.house, interaction, picture)

    @moderation.command(
        name=T("check"), description=T("Look at a member's avatar and banner; nothing is kept")
    )
    @app_commands.describe(member=T("Whose pictures to look at"))
    async def check(self, interaction: Interaction, member: discord.User) -> None:
        """Say what the policy makes of somebody's avatar and banner."""
        async with responding(interaction):
            require_moderator(interaction)
            await interaction.response.defer(thinking=True, ephemeral=True)
            await check_member(self.house, interaction, member)

    @moderation.command(
        name=T("blocklist"),
        description=T("Pictures whose copies are removed: list, import, export"),
    )
    async def blocklist(self, interaction: Interaction) -> None:
        """Show the blocked pictures."""
        async with responding(interaction):
            require_moderator(interaction)
            await interaction.response.defer(thinking=True, ephemeral=True)
            await show_blocklist(self.house, interaction)


async def setup(bot: commands.Bot) -> None:
    """Load the cog."""
    await bot.add_cog(Moderation(bot))
