"""Hears the presses in the list of blocked pictures; every right is checked anew each time."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Self, cast

import discord
import structlog
from discord import ui

from bot.domain.errors import PictureTooLarge
from bot.domain.moderation.fingerprint import BankEntry, BankKind
from bot.domain.picture import PictureRef, SourceKind
from bot.ui.asking import Interaction
from bot.ui.errors import responding
from bot.ui.files import Attached
from bot.ui.house import House, house_of
from bot.ui.i18n import Words, words
from bot.ui.moderation.blocklist import (
    MAX_BLOCKED,
    Blocked,
    case_number,
    imported,
    not_a_blocklist,
    removal,
    show_blocklist,
    too_many,
)
from bot.ui.moderation.blocklist_file import (
    MAX_BYTES,
    NotABlocklist,
    read_blocklist,
    write_own,
    write_pdq,
)
from bot.ui.moderation.permitted import require_manager, require_moderator

_log = structlog.get_logger(__name__)

Button = ui.Button[ui.LayoutView]
_OPEN_SECONDS = 900.0
_AT_ONCE = 1000
"""Entries read at once for an export."""


class BlocklistButton(
    ui.DynamicItem[Button],
    template=r"lookout:blocked:(?P<action>page|remove|gone|import|export)"
    r":(?P<entry>[0-9]{1,20}):(?P<offset>[0-9]{1,9})",
):
    """One control of the list: what it does, with which entry, and on which page it is."""

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self.action = match["action"]
        self.entry_id = int(match["entry"])
        self.offset = int(match["offset"])

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a press."""
        return cls(cast("Button", item), match)

    async def callback(self, interaction: Interaction) -> None:
        """Do what the label says."""
        house = house_of(interaction.client)
        async with responding(interaction):
            guild_id = require_moderator(interaction).guild.id
            if self.action == "import":
                require_manager(interaction)
                form = ImportForm(house, words(interaction.locale.value))
                await interaction.response.send_modal(form)
                return
            if self.action == "export":
                await interaction.response.defer(thinking=True, ephemeral=True)
                await _export(house, interaction, guild_id)
                return
            await interaction.response.defer()
            if self.action == "remove":
                await self._confirm(house, interaction, guild_id)
                return
            above = ""
            if self.action == "gone":
                above = await self._remove(house, interaction, guild_id)
            await show_blocklist(house, interaction, self.offset, above=above)

    async def _confirm(self, house: House, interaction: Interaction, guild_id: int) -> None:
        say = words(interaction.locale.value)
        entry = await _find(house, guild_id, self.entry_id, self.offset)
        if entry is None:
            above = say.say("That picture is no longer blocked.")
            await show_blocklist(house, interaction, self.offset, above=above)
            return
        blocked = Blocked(entry, await case_number(house, entry))
        await interaction.edit_original_response(view=removal(blocked, self.offset, say))

    async def _remove(self, house: House, interaction: Interaction, guild_id: int) -> str:
        say = words(interaction.locale.value)
        removed = await house.moderation.bank_store.remove(guild_id, [self.entry_id])
        if not removed:
            return say.say("That picture is no longer blocked.")
        _log.info(
            "picture_unblocked",
            guild_id=guild_id,
            entry_id=self.entry_id,
            actor_id=interaction.user.id,
        )
        return say.say("Removed. Copies of it are looked at again.")


class ImportForm(ui.Modal):
    """A form for a file of blocked pictures."""

    def __init__(self, house: House, say: Words) -> None:
        super().__init__(title=say.say("Import blocked pictures"), timeout=_OPEN_SECONDS)
        self._house = house
        self._file: ui.FileUpload[ImportForm] = ui.FileUpload(
            custom_id="file", min_values=1, max_values=1
        )
        self.add_item(
            ui.Label(
                text=say.say("The file"),
                description=say.say(
                    "Copies of what it names are removed at once. Take files only from whom you "
                    "trust."
                ),
                component=self._file,
            )
        )

    async def on_submit(self, interaction: Interaction) -> None:
        """Take what can be taken, and say what cannot."""
        async with responding(interaction):
            guild_id = require_manager(interaction).guild.id
            await interaction.response.defer()
            attachment = self._file.values[0]
            above = await _import(self._house, interaction, guild_id, attachment)
            await show_blocklist(self._house, interaction, above=above)


async def _import(
    house: House, interaction: Interaction, guild_id: int, attachment: discord.Attachment
) -> str:
    say = words(interaction.locale.value)
    if attachment.size > MAX_BYTES:
        raise PictureTooLarge(MAX_BYTES, attachment.size)
    source = PictureRef(SourceKind.OPTION, attachment.url, size_bytes=attachment.size)
    data = await house.moderation.fetcher.fetch(source)
    try:
        found = await asyncio.to_thread(
            read_blocklist, data, guild_id, interaction.user.id, attachment.filename
        )
    except NotABlocklist:
        return not_a_blocklist(say)
    store = house.moderation.bank_store
    known, _ = await store.listed(guild_id, BankKind.BLOCKED, limit=1)
    if known + len(found.entries) > MAX_BLOCKED:
        return too_many(known, len(found.entries), say)
    added = await store.add(found.entries)
    _log.info(
        "pictures_imported",
        guild_id=guild_id,
        actor_id=interaction.user.id,
        added=added,
        refused=len(found.refused),
    )
    return imported(found, added, say)


async def _export(house: House, interaction: Interaction, guild_id: int) -> None:
    say, store = words(interaction.locale.value), house.moderation.bank_store
    entries: list[BankEntry] = []
    while len(entries) < MAX_BLOCKED:
        _, page = await store.listed(
            guild_id, BankKind.BLOCKED, offset=len(entries), limit=_AT_ONCE
        )
        entries += page
        if len(page) < _AT_ONCE:
            break
    own = Attached("blocklist.json", await asyncio.to_thread(write_own, entries))
    pdq = Attached("blocklist-pdq.csv", write_pdq(entries))
    files = [own, *([pdq] if pdq.data else [])]
    lines = [
        say.say_plural("{count} blocked picture.", "{count} blocked pictures.", len(entries)),
        say.say("blocklist.json can be imported into another server that has Lookout."),
    ]
    if pdq.data:
        lines.append(say.say("blocklist-pdq.csv holds the PDQ hashes, for other programs."))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n".join(lines)))
    for file in files:
        view.add_item(ui.File(f"attachment://{file.name}"))
    view.stop()
    await interaction.edit_original_response(view=view, attachments=[f.file() for f in files])


async def _find(house: House, guild_id: int, entry_id: int, offset: int) -> BankEntry | None:
    """Find an entry on the page on which it was shown, or one page further: others may be newer."""
    _, entries = await house.moderation.bank_store.listed(
        guild_id, BankKind.BLOCKED, offset=offset, limit=_AT_ONCE
    )
    return next((entry for entry in entries if entry.id == entry_id), None)
