"""Hears the clicks in a list of conversations; every right is checked anew with each of them."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Self, cast

from discord import ui

from bot.domain.conversation import Conversation
from bot.domain.errors import Expired, NotYours
from bot.services.transcript import export
from bot.ui.asking import Interaction
from bot.ui.conversation.bundle import NAME, bundle, room_for_pictures
from bot.ui.conversation.exported import handed_over
from bot.ui.conversation.listing import (
    Entry,
    Position,
    Scope,
    confirmation,
    deleted,
    listed,
    read_page,
)
from bot.ui.conversation.opened import opened, read_ending
from bot.ui.conversation.rights import may_delete, may_read
from bot.ui.errors import responding
from bot.ui.files import Attached
from bot.ui.house import House, house_of
from bot.ui.i18n import words

Button = ui.Button[ui.LayoutView]


async def show_list(
    house: House, interaction: Interaction, position: Position, *, above: str = ""
) -> None:
    """Put a page of the list where the acknowledged interaction's reply is."""
    say = words(interaction.locale.value)
    page = await read_page(house, interaction, position)
    settings = house.commands.mention("conversation settings")
    await interaction.edit_original_response(view=listed(page, say, settings=settings, above=above))


class ListButton(
    ui.DynamicItem[Button],
    template=r"lookout:list:(?P<action>page|open|export|delete|gone)"
    r":(?P<conversation>[0-9]{1,20}):(?P<scope>mine|server):(?P<offset>[0-9]{1,9})",
):
    """One control of the list: what it does, with which conversation, and on which page it is."""

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self.action = match["action"]
        self.conversation_id = int(match["conversation"])
        self.position = Position(Scope(match["scope"]), int(match["offset"]))

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), match)

    async def callback(self, interaction: Interaction) -> None:
        """Do what the label says: read in a message of its own, everything else in the list."""
        house = house_of(interaction.client)
        async with responding(interaction):
            if self.action in {"open", "export"}:
                await interaction.response.defer(thinking=True, ephemeral=True)
            else:
                await interaction.response.defer()
            match self.action:
                case "open":
                    await self._open(house, interaction)
                case "export":
                    await self._export(house, interaction)
                case "delete":
                    await self._confirm(house, interaction)
                case "gone":
                    await self._delete(house, interaction)
                case _:
                    await show_list(house, interaction, self.position)

    async def _open(self, house: House, click: Interaction) -> None:
        conversation = await self._readable(house, click)
        ending = await read_ending(house.conversations.store, click, conversation)
        say = words(click.locale.value)
        await click.edit_original_response(view=opened(conversation, ending, say))

    async def _export(self, house: House, click: Interaction) -> None:
        conversation = await self._readable(house, click)
        limit = click.filesize_limit
        exported = await export(
            house.conversations.store,
            conversation.id,
            asker_id=click.user.id,
            max_picture_bytes=room_for_pictures(limit),
        )
        packed = await asyncio.to_thread(bundle, exported, limit)
        view = handed_over(packed, limit, words(click.locale.value))
        file = Attached(NAME, packed.data).file()
        await click.edit_original_response(view=view, attachments=[file])

    async def _confirm(self, house: House, click: Interaction) -> None:
        conversation = await self._deletable(house, click)
        if conversation is None:
            return
        entry = Entry(conversation, may_read(click, conversation))
        say = words(click.locale.value)
        await click.edit_original_response(view=confirmation(entry, self.position, say))

    async def _delete(self, house: House, click: Interaction) -> None:
        conversation = await self._deletable(house, click)
        if conversation is None:
            return
        forgotten = await house.conversations.store.delete(conversation.id)
        above = deleted(forgotten, words(click.locale.value))
        await show_list(house, click, self.position, above=above)

    async def _deletable(self, house: House, click: Interaction) -> Conversation | None:
        """Return what the presser may delete; None when it is gone, which the list says then."""
        conversation = await self._conversation(house)
        if conversation is None:
            above = words(click.locale.value).say("That conversation was gone already.")
            await show_list(house, click, self.position, above=above)
        elif not may_delete(click, conversation):
            raise NotYours
        return conversation

    async def _readable(self, house: House, click: Interaction) -> Conversation:
        conversation = await self._conversation(house)
        if conversation is None:
            raise Expired
        if not may_read(click, conversation):
            raise NotYours
        return conversation

    async def _conversation(self, house: House) -> Conversation | None:
        return await house.conversations.store.conversation(self.conversation_id)
