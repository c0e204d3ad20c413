"""/conversations and /conversation settings: what is kept of them, and for how long."""

from discord import app_commands
from discord.ext import commands

from bot.ui.asking import Interaction
from bot.ui.cog import LookoutCog, T, anywhere
from bot.ui.conversation.list_buttons import show_list
from bot.ui.conversation.listing import Position, Scope
from bot.ui.conversation.settings_panel import show_panel
from bot.ui.errors import responding


class Conversations(LookoutCog, name="Lookout: conversations"):
    """Lists, opens, exports and deletes conversations."""

    conversation = app_commands.Group(
        name=T("conversation"),
        description=T("How your conversations are kept"),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=True
        ),
    )

    @anywhere
    @app_commands.command(
        name=T("conversations"), description=T("Your conversations: open, export or delete them")
    )
    @app_commands.describe(
        server=T("List those of this server; needs the permission Manage Messages")
    )
    async def conversations(self, interaction: Interaction, server: bool = False) -> None:
        """List the person's conversations, or the server's for its moderators."""
        async with responding(interaction):
            await interaction.response.defer(thinking=True, ephemeral=True)
            scope = Scope.SERVER if server else Scope.MINE
            await show_list(self.house, interaction, Position(scope))

    @conversation.command(
        name=T("settings"),
        description=T("Choose how long your questions, answers and pictures are kept"),
    )
    async def settings(self, interaction: Interaction) -> None:
        """Show the panel in which a person chooses."""
        async with responding(interaction):
            await interaction.response.defer(thinking=True, ephemeral=True)
            await show_panel(self.house, interaction)


async def setup(bot: commands.Bot) -> None:
    """Load the cog."""
    await bot.add_cog(Conversations(bot))
