"""Opens a thread in which a conversation goes on."""

import contextlib

import discord

from bot.domain.conversation import Turn
from bot.domain.errors import NoThreadHere, StorageFailed
from bot.ui.conversation.asking import asker_of
from bot.ui.delivery import member_here, threads_allowed
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.layouts import plain
from bot.ui.text import one_line

_NAME_LIMIT = 90
_THREAD_EXISTS = 160004
"""Discord's code for a message that has a thread already (discord-api-docs, JSON error codes)."""

Click = discord.Interaction[discord.Client]


async def continue_in_thread(house: House, click: Click, turn_id: int) -> None:
    """Open the thread of the message that was clicked, or say where it is.

    Raises NoThreadHere, and what ``Converse.may_follow`` raises.
    """
    message = click.message
    _check_may_open(click)
    if message is None:
        raise NoThreadHere("place")
    await click.response.defer(thinking=True, ephemeral=True)
    turn = await house.conversations.may_follow(turn_id, asker_of(click), private=False)
    say = words(click.locale.value)
    if not await _is_open(house, click, message.id):
        await _open(house, click, message, turn)
    text = say.say("This conversation goes on in {thread}.", thread=f"<#{message.id}>")
    await click.edit_original_response(view=plain(text))


def _check_may_open(click: Click) -> None:
    """Raise NoThreadHere, by the permissions that Discord sent with this very click."""
    if not isinstance(click.channel, discord.TextChannel) or not member_here(click):
        raise NoThreadHere("place")
    if not threads_allowed(click.permissions):
        raise NoThreadHere("person")
    if not threads_allowed(click.app_permissions):
        raise NoThreadHere("bot")


async def _is_open(house: House, click: Click, thread_id: int) -> bool:
    """Say whether the thread is there; one that was deleted may be opened anew."""
    if not await house.conversations.store.is_thread(thread_id):
        return False
    try:
        await click.client.fetch_channel(thread_id)
    except discord.NotFound:
        return False
    return True


async def _open(house: House, click: Click, message: discord.Message, turn: Turn) -> None:
    """Open the thread. It is remembered first, so that what is written there at once is heard.

    A thread that is opened from a message has that message's id (discord-api-docs, threads).
    """
    store = house.conversations.store
    say = words(click.locale.value)
    await store.open_thread(message.id, turn.id)
    try:
        thread = await message.create_thread(name=await _name(house, turn, say))
    except discord.HTTPException as error:
        if error.code == _THREAD_EXISTS:  # opened by hand, or by a second press at this moment
            return
        with contextlib.suppress(StorageFailed):
            await store.close_thread(message.id)
        if isinstance(error, discord.Forbidden):
            raise NoThreadHere("bot") from error
        raise
    intents = click.client.intents
    await thread.send(
        view=plain(_how_to_speak(say, hears_all=intents.message_content)),
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def _name(house: House, turn: Turn, say: Words) -> str:
    """Call the thread by its first question, unless that may give away what is hidden."""
    store = house.conversations.store
    conversation = await store.conversation(turn.conversation_id)
    pictures = await store.pictures(turn.id)
    hidden = any(picture.source.spoiler for picture in pictures)
    title = one_line(conversation.title, _NAME_LIMIT) if conversation and not hidden else ""
    return title or say.say("About a picture")


def _how_to_speak(say: Words, *, hears_all: bool) -> str:
    if hears_all:
        return say.say(
            "The conversation goes on here. I answer every message in this thread, and look at "
            "pictures you send."
        )
    return say.say(
        "The conversation goes on here. Mention me in your message, or reply to one of my answers "
        "and leave the ping on: Discord shows me nothing else. I look at pictures you send, too."
    )
