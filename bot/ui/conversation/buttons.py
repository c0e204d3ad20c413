"""Hears the clicks under turns; their custom ids hold all they need, so they outlive a restart."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Self, cast

import discord
import structlog
from discord import ui

from bot.domain.errors import AskerOnly, NotYours, PictureGone, StorageFailed
from bot.ui.conversation.asking import Wish, ask_again, asker_of, check_may_write
from bot.ui.conversation.modals import CloserModal, QuestionModal
from bot.ui.conversation.threads import continue_in_thread
from bot.ui.conversation.withdrawing import withdraw, withdraw_message
from bot.ui.errors import responding
from bot.ui.house import House, house_of
from bot.ui.i18n import words

_log = structlog.get_logger(__name__)

Click = discord.Interaction[discord.Client]
Button = ui.Button[ui.LayoutView]


class TurnButton(
    ui.DynamicItem[Button],
    template=r"lookout:turn:(?P<action>followup|closer|thread|again|delete)"
    r":(?P<turn>[0-9]+):(?P<asker>[0-9]+):(?P<reach>private|public)",
):
    """One control under a turn; who asked and who sees it stand in the custom id."""

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self.action = match["action"]
        self.turn_id = int(match["turn"])
        self.asker_id = int(match["asker"])
        self.private = match["reach"] == "private"

    @classmethod
    async def from_custom_id(
        cls, interaction: Click, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), match)

    async def callback(self, interaction: Click) -> None:
        """Do what the label says."""
        house = house_of(interaction.client)
        async with responding(interaction):
            match self.action:
                case "followup":
                    await self._follow_up(house, interaction)
                case "closer":
                    await self._look_closer(house, interaction)
                case "thread":
                    await continue_in_thread(house, interaction, self.turn_id)
                case "again":
                    await self._try_again(house, interaction)
                case _:
                    await self._delete(house, interaction)

    async def _follow_up(self, house: House, click: Click) -> None:
        wish = await self._wish(house, click)
        say = words(click.locale.value)
        title = say.say("Ask a follow-up")
        await click.response.send_modal(QuestionModal(house, say, wish, title=title))

    async def _look_closer(self, house: House, click: Click) -> None:
        wish = await self._wish(house, click)
        kept = await house.conversations.store.pictures(self.turn_id)
        wholes = [picture for picture in kept if picture.part_of is None]
        if not wholes:
            raise PictureGone
        say = words(click.locale.value)
        await click.response.send_modal(CloserModal(house, say, wish, wholes))

    async def _wish(self, house: House, click: Click) -> Wish:
        """Begin a follow-up, if the presser may make one here. Raises Expired, NotYours."""
        check_may_write(click, private=self.private)
        turn = await house.conversations.may_follow(self.turn_id, asker_of(click), self.private)
        return Wish(parent_id=turn.id, private=self.private or turn.private)

    async def _try_again(self, house: House, click: Click) -> None:
        """Let the asker have another answer, once at a time."""
        if click.user.id != self.asker_id or click.message is None:
            raise AskerOnly
        with house.running.claimed(click.message.id) as free:
            if free:
                await ask_again(house, click, self.turn_id)
            else:
                await click.response.defer()

    async def _delete(self, house: House, click: Click) -> None:
        """Allow the asker and moderators, by the permissions Discord sent with this very click."""
        if click.user.id != self.asker_id and not click.permissions.manage_messages:
            raise NotYours
        await click.response.defer()
        with contextlib.suppress(discord.NotFound):  # a second press: it is gone already
            await click.delete_original_response()
        try:
            await withdraw(house, self.turn_id)
            if click.message is not None:
                await withdraw_message(house, click.message.id)
        except StorageFailed:  # the message is gone; its turn goes when its time is over
            _log.warning("turn_not_forgotten")
