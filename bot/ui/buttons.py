"""Hears the clicks on controls; their custom ids hold all they need, so they outlive a restart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Self, cast

import discord
from discord import ui

from bot.domain.errors import Expired, NotYours
from bot.domain.picture import PictureRef, SourceKind
from bot.domain.ports import Asker, PostedAnswer
from bot.domain.task import Detail, TaskName
from bot.services.look import LookRequest
from bot.ui.errors import responding
from bot.ui.house import house_of
from bot.ui.i18n import words
from bot.ui.layouts import plain
from bot.ui.links import expired
from bot.ui.replies import AnswerReply
from bot.ui.resolver import posted_picture
from bot.ui.running import Stop

Click = discord.Interaction[discord.Client]
Button = ui.Button[ui.LayoutView]
_STEPS = (Detail.BRIEF, Detail.STANDARD, Detail.DETAILED)


class AnswerButton(
    ui.DynamicItem[Button],
    template=r"lookout:(?P<action>shorter|longer|read|delete):(?P<posted>[0-9]+)",
):
    """One control of a finished answer."""

    def __init__(self, item: Button, action: str, posted_id: int) -> None:
        super().__init__(item)
        self.action = action
        self.posted_id = posted_id

    @classmethod
    async def from_custom_id(
        cls, interaction: Click, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), match["action"], int(match["posted"]))

    async def callback(self, interaction: Click) -> None:
        """Do what the label says."""
        async with responding(interaction):
            if self.action == "delete":
                await self._delete(interaction)
            else:
                await self._look_again(interaction)

    async def _delete(self, interaction: Click) -> None:
        house = house_of(interaction.client)
        posted = await house.posted.get(self.posted_id)
        if not _may_delete(interaction, posted):
            raise NotYours
        await interaction.response.defer()
        await interaction.delete_original_response()
        await house.posted.delete(self.posted_id)

    async def _look_again(self, interaction: Click) -> None:
        house = house_of(interaction.client)
        posted = await house.posted.get(self.posted_id)
        if posted is None:
            raise Expired
        own = interaction.user.id == posted.asker_id
        request = _request(self.action, posted, interaction)
        house.look.charge(request)
        in_place = own and self.action != "read"
        if in_place:
            await interaction.response.defer()
        else:
            await interaction.response.defer(thinking=True, ephemeral=posted.private or not own)
        AnswerReply.begin(
            house,
            interaction,
            request,
            private=posted.private or not own,
            replaces=posted if in_place else None,
        )


class CancelButton(ui.DynamicItem[Button], template=r"lookout:cancel:(?P<run>[0-9]+)"):
    """Stops an answer that is under way."""

    def __init__(self, item: Button, run_id: int) -> None:
        super().__init__(item)
        self.run_id = run_id

    @classmethod
    async def from_custom_id(
        cls, interaction: Click, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), int(match["run"]))

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
            running.stop(run, Stop.CANCELLED)


def _may_delete(interaction: Click, posted: PostedAnswer | None) -> bool:
    """Allow the asker and moderators, by the permissions Discord sent with this very click."""
    if posted is not None and interaction.user.id == posted.asker_id:
        return True
    asked_by = interaction.message.interaction_metadata if interaction.message else None
    if asked_by is not None and asked_by.user.id == interaction.user.id:
        return True
    return interaction.permissions.manage_messages


def _request(action: str, posted: PostedAnswer, interaction: Click) -> LookRequest:
    task, parameters = posted.task, posted.parameters
    step = _STEPS.index(parameters.detail)
    if action == "read":
        task = TaskName.OCR
        parameters = replace(parameters, detail=Detail.STANDARD, focus="")
    elif action == "shorter":
        parameters = replace(parameters, detail=_STEPS[max(0, step - 1)])
    else:
        parameters = replace(parameters, detail=_STEPS[min(len(_STEPS) - 1, step + 1)])
    sources = tuple(_fresh(ref, index, interaction) for index, ref in enumerate(posted.sources))
    asker = Asker(interaction.user.id, interaction.guild_id)
    return LookRequest(task, sources, parameters, asker)


def _fresh(ref: PictureRef, index: int, interaction: Click) -> PictureRef:
    """Fall back to the copy that the answer itself carries once an option's link has died."""
    if ref.kind is not SourceKind.OPTION or not expired(ref.url) or interaction.message is None:
        return ref
    for suffix in ("jpg", "png"):
        own = posted_picture(interaction.message, f"picture-{index + 1}.{suffix}")
        if own is not None:
            return replace(own, spoiler=ref.spoiler)
    return ref
