"""/ask, /compare and the right-click for asking: conversations about pictures."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.task import Detail
from bot.ui.asking import Interaction
from bot.ui.cog import LookoutCog, T, anywhere
from bot.ui.conversation.asking import MAX_QUESTION_CHARACTERS, Wish, ask
from bot.ui.conversation.changes import Changes
from bot.ui.conversation.hearing import Hearing
from bot.ui.conversation.menu import ask_about_message
from bot.ui.conversation.recovery import Recovery
from bot.ui.errors import responding
from bot.ui.i18n import mark, words
from bot.ui.languages import chosen_language, suggest_languages
from bot.ui.resolver import from_options


class Ask(LookoutCog, name="Lookout: ask"):
    """Answers questions about pictures."""

    def __init__(self, bot: commands.Bot) -> None:
        super().__init__(bot)
        self.add_message_menu(mark("Ask about picture"), self.ask_message)
        self._hearing = Hearing(bot, self.house)
        self._changes = Changes(self._hearing)
        self._recovery = Recovery(bot, self.house)

    async def cog_load(self) -> None:
        """Find out who was left waiting, before anybody can ask; tell them once connected."""
        await super().cog_load()
        await self._recovery.load()
        if self.bot.is_ready():
            self._recovery.begin()

    @anywhere
    @app_commands.command(
        name=T("ask"), description=T("Ask a question about pictures, then follow-ups if you like")
    )
    @app_commands.describe(
        question=T("What you want to know"),
        picture=T("The picture"),
        picture2=T("A second picture"),
        picture3=T("A third picture"),
        picture4=T("A fourth picture"),
        detail=T("How much to say"),
        language=T("The language to answer in; that of the question if left out"),
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
    async def ask(
        self,
        interaction: Interaction,
        question: app_commands.Range[str, 1, MAX_QUESTION_CHARACTERS],
        picture: discord.Attachment,
        picture2: discord.Attachment | None = None,
        picture3: discord.Attachment | None = None,
        picture4: discord.Attachment | None = None,
        detail: str = Detail.STANDARD.value,
        language: app_commands.Range[str, 1, 40] | None = None,
        private: bool = False,
    ) -> None:
        """Begin a conversation about the pictures given as options."""
        async with responding(interaction):
            wish = Wish(
                question=question,
                sources=from_options((picture, picture2, picture3, picture4)),
                detail=Detail(detail),
                language=chosen_language(interaction, language) if language else "",
                private=private,
            )
            await ask(self.house, interaction, wish)

    @anywhere
    @app_commands.command(
        name=T("compare"), description=T("Compare pictures: what is the same, and what differs")
    )
    @app_commands.describe(
        picture=T("The first picture"),
        picture2=T("A second picture"),
        picture3=T("A third picture"),
        picture4=T("A fourth picture"),
        question=T("What to compare; everything if left out"),
        language=T("The language to answer in; that of the question if left out"),
        private=T("Show the answer to you alone"),
    )
    @app_commands.autocomplete(language=suggest_languages)
    async def compare(
        self,
        interaction: Interaction,
        picture: discord.Attachment,
        picture2: discord.Attachment,
        picture3: discord.Attachment | None = None,
        picture4: discord.Attachment | None = None,
        question: app_commands.Range[str, 1, MAX_QUESTION_CHARACTERS] | None = None,
        language: app_commands.Range[str, 1, 40] | None = None,
        private: bool = False,
    ) -> None:
        """Begin a conversation with the obvious question about several pictures."""
        async with responding(interaction):
            say = words(interaction.locale.value)
            obvious = say.say("What is the same in these pictures, and what differs?")
            asked_in = "" if question and not language else chosen_language(interaction, language)
            wish = Wish(
                question=question or obvious,
                sources=from_options((picture, picture2, picture3, picture4)),
                language=asked_in,
                private=private,
            )
            await ask(self.house, interaction, wish)

    async def ask_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Open a form for a question about the pictures of a message."""
        await ask_about_message(self.house, interaction, message)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Tell those who were left waiting."""
        self._recovery.begin()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer mentions, replies, direct messages and what is written in threads of ours."""
        await self._hearing.heard(message)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer the question as it is now."""
        await self._changes.edited(payload)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Forget what was asked or answered there."""
        await self._changes.deleted(payload.channel_id, (payload.message_id,))

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Forget what was asked or answered there."""
        await self._changes.deleted(payload.channel_id, sorted(payload.message_ids))

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Forget the thread."""
        await self._changes.thread_deleted(payload.thread_id)


async def setup(bot: commands.Bot) -> None:
    """Load the cog."""
    await bot.add_cog(Ask(bot))
