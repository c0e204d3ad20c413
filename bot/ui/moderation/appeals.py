"""The Appeal button under a message to the person concerned, and its form."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Self, cast

import discord
from discord import ui

from bot.domain.moderation.case import MAX_APPEAL_CHARACTERS, Appeal, Case
from bot.ui.asking import Interaction
from bot.ui.errors import responding, say_alone
from bot.ui.house import House, house_of
from bot.ui.i18n import Words, words
from bot.ui.moderation.pressing import gone
from bot.ui.text import displayed, quoted

_OPEN_SECONDS = 900.0
Button = ui.Button[ui.LayoutView]


class AppealButton(
    ui.DynamicItem[Button],
    template=r"lookout:appeal:(?P<guild>[0-9]{1,20}):(?P<case>[0-9]{1,20}):[0-9]{1,20}",
):
    """Opens the form, for the person concerned alone."""

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self.guild_id = int(match["guild"])
        self.case_id = int(match["case"])

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), match)

    async def callback(self, interaction: Interaction) -> None:
        """Ask for the words; a form must come first, so all is checked before."""
        async with responding(interaction):
            house = house_of(interaction.client)
            case = await _concerning(house, interaction, self.guild_id, self.case_id)
            if case is None:
                return
            say = words(interaction.locale.value)
            if any(appeal.person_id == interaction.user.id for appeal in case.appeals):
                await say_alone(interaction, _once(say))
                return
            await interaction.response.send_modal(AppealModal(house, case, say))


class AppealModal(ui.Modal):
    """The form for an appeal."""

    def __init__(self, house: House, case: Case, say: Words) -> None:
        super().__init__(
            title=say.say("Appeal: case {number}", number=case.number), timeout=_OPEN_SECONDS
        )
        self._house = house
        self._guild_id, self._case_id = case.guild_id, case.id
        self._text: ui.TextInput[AppealModal] = ui.TextInput(
            custom_id="text",
            style=discord.TextStyle.paragraph,
            max_length=MAX_APPEAL_CHARACTERS,
        )
        label = say.say("Why was this a mistake?")
        description = say.say("The moderators of the server read this, with your name.")
        self.add_item(ui.Label(text=label, description=description, component=self._text))

    async def on_submit(self, interaction: Interaction) -> None:
        """Keep the appeal; its case's card shows it."""
        text = self._text.value.strip()
        said, _ = displayed(text, MAX_APPEAL_CHARACTERS, hidden=False)
        async with responding(interaction, below=quoted(said)):
            case = await _concerning(self._house, interaction, self._guild_id, self._case_id)
            if case is None:
                return
            appeal = Appeal(interaction.user.id, text, datetime.now(UTC))
            kept = await self._house.moderation.cases.appeal(case.id, appeal)
            say = words(interaction.locale.value)
            thanks = say.say(
                "Your appeal is with the moderators now. They decide; you may not hear back."
            )
            await say_alone(interaction, thanks if kept else _once(say))


def _once(say: Words) -> str:
    return say.say("You have appealed in this case already. The moderators have your words.")


async def _concerning(
    house: House, interaction: Interaction, guild_id: int, case_id: int
) -> Case | None:
    """Return a case that concerns the presser; None, and a word to them, where it does not."""
    cases, say = house.moderation.cases, words(interaction.locale.value)
    case = await cases.get(case_id)
    if case is None or case.guild_id != guild_id:
        refused = gone(say)
    elif not await cases.concerns(case_id, interaction.user.id):
        refused = say.say("Only the person whose picture this is about can appeal.")
    else:
        return case
    await say_alone(interaction, refused)
    return None
