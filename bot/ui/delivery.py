"""The roads by which a reply reaches Discord: its interaction, or later a message of our own."""

import time
from dataclasses import dataclass, field
from typing import Protocol

import discord
from discord import ui

from bot.domain.errors import Undeliverable
from bot.ui.files import Attached

_NOBODY = discord.AllowedMentions.none()


class Delivery(Protocol):
    """The road by which one reply reaches its reader; nobody is ever pinged on it.

    What Discord refuses comes as ``discord.HTTPException``, a deleted reply as its ``NotFound``.
    """

    outlived: bool
    """Whether the reply has moved on: what comes now comes as a new message."""

    @property
    def private(self) -> bool:
        """Whether the asker alone sees the reply."""
        ...

    @property
    def locale(self) -> str:
        """The Discord locale in which our own sentences are said."""
        ...

    @property
    def message_id(self) -> int | None:
        """The message that the reply stands in now; None while it is not known."""
        ...

    @property
    def seconds_left(self) -> float:
        """How long the reply may still be edited; infinite where there is no end."""
        ...

    @property
    def may_open_thread(self) -> bool:
        """Whether a thread can be opened here, and the bot itself may do so."""
        ...

    async def post(self, view: ui.LayoutView, files: tuple[Attached, ...]) -> None:
        """Put a finished answer where the person finds it. Raises Undeliverable."""
        ...

    async def edit(self, view: ui.LayoutView, files: tuple[Attached, ...] | None = None) -> None:
        """Show ``view`` as the reply; ``files`` replace its files, None leaves them."""
        ...

    async def send(self, view: ui.LayoutView, files: tuple[Attached, ...] = ()) -> None:
        """Post a message of our own in the same channel. Raises Undeliverable."""
        ...

    def check_may_move(self) -> None:
        """Raise Undeliverable where the answer could not come as a message of our own."""
        ...


@dataclass(slots=True)
class InteractionDelivery:
    """One interaction's reply.

    ``token_seconds`` is how long it may be edited, ``in_place`` whether it takes the place of an
    older answer: such a reply cannot move to a message of its own.
    """

    interaction: discord.Interaction[discord.Client]
    token_seconds: float
    private: bool
    in_place: bool
    message_id: int | None = None
    outlived: bool = False
    _born: float = field(default_factory=time.monotonic)

    @property
    def locale(self) -> str:
        """The language of the person who used the command or control."""
        return self.interaction.locale.value

    @property
    def seconds_left(self) -> float:
        """How long the interaction may still be edited."""
        return self.token_seconds - (time.monotonic() - self._born)

    @property
    def may_open_thread(self) -> bool:
        """Whether a thread can be opened here, by what Discord said with the interaction."""
        allowed = self.interaction.app_permissions
        return (
            not self.private
            and isinstance(self.interaction.channel, discord.TextChannel)
            and member_here(self.interaction)
            and threads_allowed(allowed)
        )

    async def post(self, view: ui.LayoutView, files: tuple[Attached, ...]) -> None:
        """Put a finished answer where the person finds it. Raises Undeliverable."""
        if self.outlived:
            await self.send(view, files)
        elif self.seconds_left > 0:
            await self.edit(view, files)
        else:
            self.check_may_move()
            await self.send(view, files)

    async def edit(self, view: ui.LayoutView, files: tuple[Attached, ...] | None = None) -> None:
        """Edit the reply; ``files`` replace its files, None leaves them."""
        attachments = discord.utils.MISSING if files is None else [item.file() for item in files]
        message = await self.interaction.edit_original_response(
            view=view, attachments=attachments, allowed_mentions=_NOBODY
        )
        self.message_id = message.id

    async def send(self, view: ui.LayoutView, files: tuple[Attached, ...] = ()) -> None:
        """Post a message of our own in the same channel. Raises Undeliverable."""
        channel = self.interaction.channel
        if not isinstance(channel, discord.abc.Messageable):
            raise Undeliverable("forbidden")
        message = await channel.send(
            view=view, files=[item.file() for item in files], allowed_mentions=_NOBODY
        )
        self.message_id = message.id

    def check_may_move(self) -> None:
        """Raise Undeliverable where the answer could not come as a message of our own."""
        if self.in_place:
            raise Undeliverable("in_place")
        if self.private:
            raise Undeliverable("private")
        if not self._may_speak():
            raise Undeliverable("forbidden")

    def _may_speak(self) -> bool:
        """Say whether the bot itself may post here, by what Discord said with the interaction."""
        if self.interaction.guild_id is None:
            return self.interaction.context.dm_channel  # ours, not a group we are no member of
        allowed = self.interaction.app_permissions
        speak = (
            allowed.send_messages_in_threads
            if isinstance(self.interaction.channel, discord.Thread)
            else allowed.send_messages
        )
        return (
            speak
            and allowed.view_channel
            and allowed.attach_files
            and member_here(self.interaction)
        )


def member_here(interaction: discord.Interaction[discord.Client]) -> bool:
    """Say whether the bot itself is in the server, not only brought along by a person."""
    return not interaction.is_user_integration() or interaction.is_guild_integration()


def threads_allowed(permissions: discord.Permissions) -> bool:
    """Say whether who has these permissions may open a public thread and write in it."""
    return (
        permissions.view_channel
        and permissions.read_message_history
        and permissions.create_public_threads
        and permissions.send_messages_in_threads
    )
