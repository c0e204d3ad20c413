"""The panel in which a person chooses how long their conversations are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self, cast

import discord
from discord import ui

from bot.domain.conversation import Retention
from bot.ui.asking import Interaction
from bot.ui.errors import responding
from bot.ui.house import House, house_of
from bot.ui.i18n import Words, words
from bot.ui.pages import span

Select = ui.Select[ui.LayoutView]
PICTURES, TEXT = "pictures", "text"
_CHOICES_DAYS = (0, 1, 7, 30, 90, 365)


async def show_panel(house: House, interaction: Interaction) -> None:
    """Put the panel where the acknowledged interaction's reply is, as things stand now."""
    kept = await house.conversations.retention_of(interaction.user.id)
    await _draw(house, interaction, kept)


class RetentionSelect(ui.DynamicItem[Select], template=r"lookout:keep:(?P<what>pictures|text)"):
    """One choice of the panel; it holds for whoever makes it, at once."""

    def __init__(self, item: Select, what: str) -> None:
        super().__init__(item)
        self.what = what

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a choice."""
        return cls(cast("Select", item), match["what"])

    async def callback(self, interaction: Interaction) -> None:
        """Keep the choice and show what holds now."""
        house = house_of(interaction.client)
        async with responding(interaction):
            await interaction.response.defer()
            conversations, person_id = house.conversations, interaction.user.id
            chosen = timedelta(seconds=int(self.item.values[0]))  # one that we offered
            kept = await conversations.retention_of(person_id)
            wanted = (
                replace(kept, pictures=chosen)
                if self.what == PICTURES
                else replace(kept, text=chosen)
            )
            await _draw(house, interaction, await conversations.choose_retention(person_id, wanted))


async def _draw(house: House, interaction: Interaction, kept: Retention) -> None:
    say = words(interaction.locale.value)
    view = panel(kept, house.conversations.retention_limits, say)
    await interaction.edit_original_response(view=view)


def panel(kept: Retention, most: Retention, say: Words) -> ui.LayoutView:
    """Draw what holds, what it means, and the choices up to what the operator allows."""
    container: ui.Container[ui.LayoutView] = ui.Container()
    container.add_item(
        ui.TextDisplay(
            "\n".join(["## " + say.say("How long I keep your conversations"), *_meaning(kept, say)])
        )
    )
    for what, label, now, limit in (
        (PICTURES, say.say("Pictures"), kept.pictures, most.pictures),
        (TEXT, say.say("Questions and answers"), kept.text, most.text),
    ):
        container.add_item(ui.TextDisplay(f"**{label}**"))
        container.add_item(ui.ActionRow(_select(what, now, limit, say)))
    container.add_item(
        ui.TextDisplay(
            "-# "
            + say.say(
                "A shorter time applies also to what I keep already, a longer one from now on."
            )
        )
    )
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    view.stop()  # choices are heard by custom id, not kept in memory
    return view


def _meaning(kept: Retention, say: Words) -> list[str]:
    if not kept.text:
        return [say.say("Nothing is kept beyond the answer, so you cannot ask a follow-up.")]
    text = say.say(
        "Questions and answers: for {time} after your last question in a conversation.",
        time=span(kept.text, say),
    )
    if not kept.pictures:
        return [
            text,
            say.say(
                "Pictures: not beyond the answer. For a follow-up I fetch them from Discord again, "
                "or go by what was said about them."
            ),
        ]
    # Pictures go with the conversation that they belong to.
    pictures = say.say("Pictures: for {time}.", time=span(min(kept.pictures, kept.text), say))
    return [text, pictures]


def _select(what: str, now: timedelta, most: timedelta, say: Words) -> Select:
    times = {timedelta(days=days) for days in _CHOICES_DAYS if timedelta(days=days) <= most}
    return ui.Select(
        custom_id=f"lookout:keep:{what}",
        options=[
            discord.SelectOption(
                label=span(time, say) if time else say.say("Not beyond the answer"),
                value=str(time // timedelta(seconds=1)),
                default=time == now,
            )
            for time in sorted(times | {most, now})
        ],
    )
