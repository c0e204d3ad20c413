"""/alt and its right-click: a picture in words, ready to paste as alt text."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.task import Parameters, TaskName
from bot.ui.asking import Interaction, answer, answer_message
from bot.ui.cog import LookoutCog, T, anywhere
from bot.ui.errors import responding
from bot.ui.i18n import mark
from bot.ui.languages import chosen_language, suggest_languages
from bot.ui.resolver import from_options


class Alt(LookoutCog, name="Lookout: alt"):
    """Writes alt text."""

    def __init__(self, bot: commands.Bot) -> None:
        super().__init__(bot)
        self.add_message_menu(mark("Alt text"), self.alt_message)

    @anywhere
    @app_commands.command(
        name=T("alt"), description=T("Write alt text for pictures, ready to paste")
    )
    @app_commands.describe(
        picture=T("The picture"),
        picture2=T("A second picture"),
        picture3=T("A third picture"),
        picture4=T("A fourth picture"),
        language=T("The language to answer in; yours if left out"),
        private=T("Show the answer to you alone"),
    )
    @app_commands.autocomplete(language=suggest_languages)
    async def alt(
        self,
        interaction: Interaction,
        picture: discord.Attachment,
        picture2: discord.Attachment | None = None,
        picture3: discord.Attachment | None = None,
        picture4: discord.Attachment | None = None,
        language: app_commands.Range[str, 1, 40] | None = None,
        private: bool = False,
    ) -> None:
        """Write alt text for the pictures given as options."""
        async with responding(interaction):
            parameters = Parameters(language=chosen_language(interaction, language))
            sources = from_options((picture, picture2, picture3, picture4))
            await answer(
                self.house, interaction, TaskName.ALT, sources, parameters, private=private
            )

    async def alt_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Write alt text for every picture of a message."""
        await answer_message(self.house, interaction, TaskName.ALT, message)


async def setup(bot: commands.Bot) -> None:
    """Load the cog."""
    await bot.add_cog(Alt(bot))
