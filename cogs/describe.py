"""/describe and its right-click: what is in a picture, in words."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.task import Detail, Parameters, TaskName
from bot.ui.asking import Interaction, answer, answer_message
from bot.ui.cog import LookoutCog, T, anywhere
from bot.ui.errors import responding
from bot.ui.i18n import mark
from bot.ui.languages import chosen_language, suggest_languages
from bot.ui.resolver import from_options


class Describe(LookoutCog, name="Lookout: describe"):
    """Describes pictures."""

    def __init__(self, bot: commands.Bot) -> None:
        super().__init__(bot)
        self.add_message_menu(mark("Describe picture"), self.describe_message)

    @anywhere
    @app_commands.command(name=T("describe"), description=T("Describe one or more pictures"))
    @app_commands.describe(
        picture=T("The picture"),
        picture2=T("A second picture"),
        picture3=T("A third picture"),
        picture4=T("A fourth picture"),
        detail=T("How much to say"),
        focus=T("What to look at most of all"),
        language=T("The language to answer in; yours if left out"),
        private=T("Show the answer to you alone"),
    )
    @app_commands.choices(
        detail=[
            app_commands.Choice(name=T("brief"), value=Detail.BRIEF.value),
            app_commands.Choice(name=T("standard"), value=Detail.STANDARD.value),
            app_commands.Choice(name=T("detailed"), value=Detail.DETAILED.value),
        ]
    )
    @app_commands.autocomplete(language=suggest_languages)
    async def describe(
        self,
        interaction: Interaction,
        picture: discord.Attachment,
        picture2: discord.Attachment | None = None,
        picture3: discord.Attachment | None = None,
        picture4: discord.Attachment | None = None,
        detail: str = Detail.STANDARD.value,
        focus: app_commands.Range[str, 1, 300] | None = None,
        language: app_commands.Range[str, 1, 40] | None = None,
        private: bool = False,
    ) -> None:
        """Describe the pictures given as options."""
        async with responding(interaction):
            parameters = Parameters(
                language=chosen_language(interaction, language),
                detail=Detail(detail),
                focus=focus or "",
            )
            sources = from_options((picture, picture2, picture3, picture4))
            await answer(
                self.house, interaction, TaskName.DESCRIBE, sources, parameters, private=private
            )

    async def describe_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Describe every picture of a message."""
        await answer_message(self.house, interaction, TaskName.DESCRIBE, message)


async def setup(bot: commands.Bot) -> None:
    """Load the cog."""
    await bot.add_cog(Describe(bot))
