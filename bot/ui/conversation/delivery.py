"""The road of an answer to a message: a reply to it, edited as the answer comes."""

import asyncio
import contextlib
import math
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

import discord
from discord import ui

from bot.domain.errors import Undeliverable
from bot.ui.delivery import threads_allowed
from bot.ui.files import Attached
from bot.ui.i18n import words

_NOBODY = discord.AllowedMentions.none()
Channel = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
    | discord.GroupChannel
    | discord.PartialMessageable
)


@dataclass(slots=True)
class MessageDelivery:
    """The reply to one message in a channel.

    ``nonce`` names the reply to Discord, which posts it once however often it is sent within a few
    minutes (discord-api-docs, Create Message, ``enforce_nonce``). With a ``message_id`` it is a
    reply that stands there already. It pings nobody, and needs no right but to write here; without
    the right to read the channel's history it is no reply but a message of its own.
    """

    channel: Channel
    question_message_id: int
    nonce: int
    locale: str
    message_id: int | None = None
    outlived: bool = False
    _sending: asyncio.Future[discord.Message] | None = field(default=None, init=False)

    @property
    def private(self) -> bool:
        """Everybody in the channel sees it."""
        return False

    @property
    def seconds_left(self) -> float:
        """A message of our own can always be edited."""
        return math.inf

    @property
    def may_open_thread(self) -> bool:
        """Whether a thread can be opened here, and the bot itself may do so."""
        allowed = rights(self.channel)
        return (
            isinstance(self.channel, discord.TextChannel)
            and allowed is not None
            and threads_allowed(allowed)
        )

    async def post(self, view: ui.LayoutView, files: tuple[Attached, ...]) -> None:
        """Put a finished answer into the reply. Raises Undeliverable."""
        await self.edit(view, files)

    async def edit(self, view: ui.LayoutView, files: tuple[Attached, ...] | None = None) -> None:
        """Show ``view`` as the reply; ``files`` replace its files, None leaves them."""
        await self._arrive()
        if self.message_id is None:
            await self.send(view, files or ())
            return
        if files:
            view, files = fitting(self.channel, view, files, self.locale)
        reply = self._partial(self.message_id)
        if files is None:
            await reply.edit(view=view, allowed_mentions=_NOBODY)
        else:
            attachments = [item.file() for item in files]
            await reply.edit(view=view, attachments=attachments, allowed_mentions=_NOBODY)

    async def send(self, view: ui.LayoutView, files: tuple[Attached, ...] = ()) -> None:
        """Post the reply. Raises Undeliverable."""
        if not may_write(self.channel):
            raise Undeliverable("forbidden")
        if files:
            view, files = fitting(self.channel, view, files, self.locale)
        sending = reply_to(self.channel, self.question_message_id, view, files, nonce=self.nonce)
        await self._arrive(sending)

    def check_may_move(self) -> None:
        """Nothing to move: it is a message of our own already."""

    async def remove(self) -> None:
        """Take the reply away; one that is gone already, or out of reach, is fine."""
        await self.settle()
        if self.message_id is not None:
            await remove_message(self._partial(self.message_id))

    async def settle(self) -> None:
        """Wait until it is known whether the reply stands somewhere, and where."""
        with contextlib.suppress(discord.HTTPException):
            await self._arrive()

    async def _arrive(self, sending: Coroutine[Any, Any, discord.Message] | None = None) -> None:
        """Wait for the reply that is being sent: one on its way is not called back.

        So a reply is never lost sight of, nor sent twice, when what sends it is stopped.
        """
        if sending is not None:
            self._sending = asyncio.ensure_future(sending)
        if self._sending is None:
            return
        under_way = self._sending
        try:
            self.message_id = (await asyncio.shield(under_way)).id
        finally:
            if under_way.done():
                self._sending = None

    def _partial(self, message_id: int) -> discord.PartialMessage:
        return discord.PartialMessage(channel=self.channel, id=message_id)


def rights(channel: Channel) -> discord.Permissions | None:
    """Return what the bot may do in ``channel``; None where that is not known from here."""
    guild = channel.guild
    if guild is None or isinstance(channel, discord.PartialMessageable | discord.GroupChannel):
        return None
    try:
        return channel.permissions_for(guild.me)
    except (discord.ClientException, AttributeError):  # its parent or the bot is not known yet
        return None


def may_write(channel: Channel) -> bool:
    """Say whether the bot may write in ``channel``; Discord has the last word where unknown."""
    allowed = rights(channel)
    if allowed is None:
        return True
    threaded = isinstance(channel, discord.Thread)
    speak = allowed.send_messages_in_threads if threaded else allowed.send_messages
    return speak and allowed.view_channel


async def reply_to(
    channel: Channel,
    message_id: int,
    view: ui.LayoutView,
    files: Iterable[Attached] = (),
    *,
    nonce: int,
) -> discord.Message:
    """Reply to a message without a ping.

    Discord refuses replies (160002) from whoever may not read the channel's history: then it is a
    message of its own.
    """
    allowed = rights(channel)
    reference = None
    if allowed is None or allowed.read_message_history:
        reference = discord.MessageReference(
            message_id=message_id, channel_id=channel.id, fail_if_not_exists=False
        )
    return await channel.send(
        view=view,
        files=[item.file() for item in files],
        reference=reference,  # type: ignore[arg-type] # None is what leaves it out
        allowed_mentions=_NOBODY,
        mention_author=False,
        nonce=str(nonce),
    )


async def remove_message(message: discord.PartialMessage) -> None:
    """Delete a message of ours; one that is gone already, or out of reach, is fine."""
    try:
        await message.delete()
    except (discord.NotFound, discord.Forbidden):
        return


def fitting(
    channel: Channel, view: ui.LayoutView, files: tuple[Attached, ...], locale: str
) -> tuple[ui.LayoutView, tuple[Attached, ...]]:
    """Take the files out of ``view``, and what is said of them, where the bot may attach none."""
    allowed = rights(channel)
    if not files or allowed is None or allowed.attach_files:
        return view, files
    _take_out(view, {f"attachment://{item.name}" for item in files})
    say = words(locale)
    promise = say.say("Shown in part: the whole text is in text.txt.")
    excuse = say.say("Shown in part: I am not allowed to attach files here.")
    for item in view.walk_children():
        if isinstance(item, ui.TextDisplay):
            item.content = item.content.replace(promise, excuse)
    return view, ()


def _take_out(view: ui.LayoutView, names: set[str]) -> None:
    for item in list(view.walk_children()):
        if isinstance(item, ui.MediaGallery):
            item.items = [media for media in item.items if media.media.url not in names]
            empty = not item.items
        else:
            empty = isinstance(item, ui.File) and item.media.url in names
        if empty:
            holder = item.parent if isinstance(item.parent, ui.Container) else view
            holder.remove_item(item)
