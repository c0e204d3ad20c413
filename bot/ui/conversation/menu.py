"""Opens the form for a question about the pictures of a message."""

import asyncio

import discord

from bot.domain.errors import FetchFailed, NoPicture, PictureError
from bot.domain.picture import PictureRef
from bot.ui.asking import Interaction
from bot.ui.conversation.asking import Wish
from bot.ui.conversation.modals import QuestionModal
from bot.ui.errors import responding
from bot.ui.house import House
from bot.ui.i18n import words
from bot.ui.resolver import Found, from_message

_READING_SECONDS = 1.5
"""A form must be opened within three seconds of the click; so long may reading a message take."""


async def ask_about_message(
    house: House, interaction: Interaction, message: discord.Message
) -> None:
    """Open the form; whatever goes wrong is said to the person."""
    async with responding(interaction):
        sources = await _pictures(house, message)
        say = words(interaction.locale.value)
        wish = Wish(sources=sources)
        modal = QuestionModal(house, say, wish, title=say.say("Ask about picture"))
        await interaction.response.send_modal(modal)


async def _pictures(house: House, message: discord.Message) -> tuple[Found, ...]:
    """Find what a message shows. Raises NoPicture, and FetchFailed when that takes too long."""
    try:
        async with asyncio.timeout(_READING_SECONDS):
            found = await from_message(message, limit=house.replies.pictures_per_request)
    except TimeoutError as error:
        raise FetchFailed from error
    if not any(isinstance(item, PictureRef) for item in found):
        raise NoPicture(tuple(item for item in found if isinstance(item, PictureError)))
    return found
