"""/ocr and its right-click: the text in a picture, exactly as written."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.task import Layout, Parameters, TaskName
from bot.ui.asking import Interaction, answer, answer_message
from bot.ui.cog import LookoutCog, T, anywhere
from bot.ui.errors import responding
from bot.ui.i18n import mark
from bot.ui.languages import chosen_language, suggest_languages
from bot.ui.resolver import from_options


class Ocr(LookoutCog, name="Lookout: ocr"):
    """Reads text."""

    def __init__(self, bot: commands.Bot) -> None:
        super().__init__(bot)
        self.add_message_menu(mark("Read text"), self.read_message)

    @anywhere
    @app_commands.command(name=T("ocr"), description=T("Read the text in pictures"))
    @app_commands.describe(
        picture=T("The picture"),
        picture2=T("A second picture"),
        picture3=T("A third picture"),
        picture4=T("A fourth picture"),
        layout=T("How to lay the text out"),
        language=T("The language the text is in, if you know it"),
        as_file=T("Also send the whole text as a file"),
        private=T("Show the answer to you alone"),
    )
    @app_commands.choices(
        layout=[
            app_commands.Choice(name=T("plain text"), value=Layout.PLAIN.value),
            app_commands.Choice(name=T("Markdown"), value=Layout.MARKDOWN.value),
            app_commands.Choice(name=T("table"), value=Layout.TABLE.value),
        ]
    )
    @app_commands.autocomplete(language=suggest_languages)
    async def ocr(
        self,
        interaction: Interaction,
        picture: discord.Attachment,
        picture2: discord.Attachment | None = None,
        picture3: discord.Attachment | None = None,
        picture4: discord.Attachment | None = None,
        layout: str = Layout.PLAIN.value,
        language: app_commands.Range[str, 1, 40] | None = None,
        as_file: bool = False,
        private: bool = False,
    ) -> None:
        """Read the text of the pictures given as options."""
        async with responding(interaction):
            parameters = Parameters(
                language=interaction.locale.value,
                layout=Layout(layout),
                text_language=chosen_language(interaction, language) if language else "",
            )
            sources = from_options((picture, picture2, picture3, picture4))
            await answer(
                self.house,
                interaction,
                TaskName.OCR,
                sources,
                parameters,
                private=private,
                as_file=as_file,
            )

    async def read_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Read the text of every picture of a message."""
        await answer_message(self.house, interaction, TaskName.OCR, message)


async def setup(bot: commands.Bot) -> None:
    """Load the cog."""
    await bot.add_cog(Ocr(bot))
