"""Hears the clicks on controls; their custom ids hold all they need, so they outlive a restart."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from typing import Any, Self, cast

import discord
import structlog
from discord import ui

from bot.domain.errors import Expired, NotYours, StorageFailed
from bot.domain.picture import PictureRef, SourceKind
from bot.domain.ports import Asker, PostedAnswer
from bot.domain.task import Detail, Layout, TaskName
from bot.services.look import LookRequest
from bot.ui.controls import NOT_KEPT
from bot.ui.conversation.asking import Wish, check_may_write
from bot.ui.conversation.modals import QuestionModal
from bot.ui.errors import responding
from bot.ui.house import House, house_of
from bot.ui.i18n import words
from bot.ui.layouts import plain
from bot.ui.links import expired
from bot.ui.replies import AnswerReply
from bot.ui.resolver import posted_picture
from bot.ui.running import Stop

_log = structlog.get_logger(__name__)

Click = discord.Interaction[discord.Client]
Button = ui.Button[ui.LayoutView]
_STEPS = (Detail.BRIEF, Detail.STANDARD, Detail.DETAILED)


class AnswerButton(
    ui.DynamicItem[Button],
    template=r"lookout:(?P<action>shorter|longer|read|table|plain|ask|delete)"
    r":(?P<posted>[0-9]+):(?P<asker>[0-9]+):(?P<reach>private|public)",
):
    """One control of a finished answer.

    Who asked and whether the answer is private stand in the custom id, which only the bot can
    write: so a click is acknowledged before anything is looked up.
    """

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self.action = match["action"]
        self.posted_id = int(match["posted"])
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
        async with responding(interaction):
            if self.action == "delete":
                await self._delete(interaction)
            elif self.action == "ask":
                await self._ask(interaction)
            else:
                await self._look_again(interaction)

    async def _delete(self, interaction: Click) -> None:
        """Allow the asker and moderators, by the permissions Discord sent with this very click."""
        own = interaction.user.id == self.asker_id
        if not own and not interaction.permissions.manage_messages:
            raise NotYours
        await interaction.response.defer()
        with contextlib.suppress(discord.NotFound):  # a second press: it is gone already
            await interaction.delete_original_response()
        if self.posted_id != NOT_KEPT:
            try:
                await house_of(interaction.client).posted.delete(self.posted_id)
            except StorageFailed:  # the message is gone; its record goes when its time is over
                _log.warning("record_not_deleted")

    async def _ask(self, interaction: Click) -> None:
        """Open a form for a question; a form must come first, so its record is read before."""
        house = house_of(interaction.client)
        check_may_write(interaction, private=self.private)
        posted = await house.posted.get(self.posted_id)
        if posted is None:
            raise Expired
        if posted.private and interaction.user.id != posted.asker_id:
            raise NotYours
        say = words(interaction.locale.value)
        wish = Wish(posted=_with_fresh_links(posted, interaction), private=posted.private)
        title = say.say("Ask about picture")
        await interaction.response.send_modal(QuestionModal(house, say, wish, title=title))

    async def _look_again(self, interaction: Click) -> None:
        house = house_of(interaction.client)
        own = interaction.user.id == self.asker_id
        in_place = own and self.action != "read"
        if in_place:
            await interaction.response.defer()
        else:
            await interaction.response.defer(thinking=True, ephemeral=self.private or not own)
        posted = await house.posted.get(self.posted_id)
        if posted is None:
            raise Expired
        if in_place and _is_replacing(house, interaction):
            return  # from here to the start of the answer nothing else can come between
        request = _request(self.action, posted, interaction)
        house.look.charge(request)
        AnswerReply.begin(
            house,
            interaction,
            request,
            private=self.private or not own,
            replaces=posted if in_place else None,
            kept_sources=posted.sources,
        )


class RunButton(
    ui.DynamicItem[Button], template=r"lookout:(?P<action>cancel|stop):(?P<run>[0-9]+)"
):
    """Cancels an answer that is under way, or lets it end where it is."""

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self.action = match["action"]
        self.run_id = int(match["run"])

    @classmethod
    async def from_custom_id(
        cls, interaction: Click, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), match)

    async def callback(self, interaction: Click) -> None:
        """Stop the answer if it is the presser's, or the presser moderates here."""
        async with responding(interaction):
            running = house_of(interaction.client).running
            run = running.get(self.run_id)
            say = words(interaction.locale.value)
            if run is None:
                text = say.say("This is no longer running: it has finished or I was restarted.")
                await interaction.response.send_message(view=plain(text), ephemeral=True)
                return
            if interaction.user.id != run.asker_id and not interaction.permissions.manage_messages:
                raise NotYours
            await interaction.response.defer()
            if self.action == "stop":
                run.enough.set()
            else:
                running.stop(run, Stop.CANCELLED)


def _is_replacing(house: House, interaction: Click) -> bool:
    return interaction.message is not None and house.running.is_replacing(interaction.message.id)


def _request(action: str, posted: PostedAnswer, interaction: Click) -> LookRequest:
    task, parameters = posted.task, posted.parameters
    step = _STEPS.index(parameters.detail)
    match action:
        case "read":
            task = TaskName.OCR
            parameters = replace(parameters, detail=Detail.STANDARD, focus="")
        case "table":
            parameters = replace(parameters, layout=Layout.TABLE)
        case "plain":
            parameters = replace(parameters, layout=Layout.PLAIN)
        case "shorter":
            parameters = replace(parameters, detail=_STEPS[max(0, step - 1)])
        case _:
            parameters = replace(parameters, detail=_STEPS[min(len(_STEPS) - 1, step + 1)])
    asker = Asker(interaction.user.id, interaction.guild_id)
    return LookRequest(task, _with_fresh_links(posted, interaction).sources, parameters, asker)


def _with_fresh_links(posted: PostedAnswer, interaction: Click) -> PostedAnswer:
    sources = tuple(_fresh(ref, index, interaction) for index, ref in enumerate(posted.sources))
    return replace(posted, sources=sources)


def _fresh(ref: PictureRef, index: int, interaction: Click) -> PictureRef:
    """Fall back to the copy that the answer itself carries once an option's link has died."""
    if ref.kind is not SourceKind.OPTION or not expired(ref.url) or interaction.message is None:
        return ref
    own = posted_picture(interaction.message, index)
    return ref if own is None else replace(ref, url=own.url, size_bytes=own.size_bytes)
