"""The roads by which a reply reaches Discord: its interaction, or later a message of our own."""

import time
from dataclasses import dataclass, field

import discord
from discord import ui

from bot.domain.errors import Undeliverable
from bot.ui.files import Attached

_NOBODY = discord.AllowedMentions.none()


@dataclass(slots=True)
class Delivery:
    """One interaction's reply.

    ``token_seconds`` is how long it may be edited, ``in_place`` whether it takes the place of an
    older answer: such a reply cannot move to a message of its own.
    """

    interaction: discord.Interaction[discord.Client]
    token_seconds: float
    private: bool
    in_place: bool
    outlived: bool = False
    """Whether the reply has moved on: what comes now comes as a new message."""
    _born: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float:
        """How long the interaction may still be edited."""
        return self.token_seconds - (time.monotonic() - self._born)

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
        await self.interaction.edit_original_response(
            view=view, attachments=attachments, allowed_mentions=_NOBODY
        )

    async def send(self, view: ui.LayoutView, files: tuple[Attached, ...] = ()) -> None:
        """Post a message of our own in the same channel. Raises Undeliverable."""
        channel = self.interaction.channel
        if not isinstance(channel, discord.abc.Messageable):
            raise Undeliverable("forbidden")
        await channel.send(
            view=view, files=[item.file() for item in files], allowed_mentions=_NOBODY
        )

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
        member_here = (
            not self.interaction.is_user_integration() or self.interaction.is_guild_integration()
        )
        return speak and allowed.view_channel and allowed.attach_files and member_here
