"""Buttons that stand in for the right-click menu, which the simulated Discord's page lacks."""

import re
from typing import Any, Self, cast

import discord
from discord import ui

from bot.domain.task import TaskName
from bot.ui.asking import Interaction, answer_message
from bot.ui.conversation.menu import ask_about_message
from bot.ui.house import house_of
from bot.ui.moderation.checking_menu import check_message
from bot.ui.moderation.reporting import report_message

Button = ui.Button[ui.LayoutView]
Row = ui.ActionRow[ui.LayoutView]
_LABELS = (
    {
        TaskName.DESCRIBE.value: "Describe picture",
        TaskName.ALT.value: "Alt text",
        TaskName.OCR.value: "Read text",
        TaskName.ASK.value: "Ask about picture",
    },
    {"report": "Report picture", "check": "Check picture"},
)


def menu_rows(message_id: int) -> list[Row]:
    """Offer what a right-click on the message would."""
    return [
        ui.ActionRow(
            *(
                ui.Button(label=label, custom_id=f"playground:{what}:{message_id}")
                for what, label in labels.items()
            )
        )
        for labels in _LABELS
    ]


class MenuButton(
    ui.DynamicItem[Button],
    template=r"playground:(?P<what>describe|alt|ocr|ask|report|check):(?P<message>[0-9]+)",
):
    """Takes the same road as the right-click command."""

    def __init__(self, item: Button, what: str, message_id: int) -> None:
        super().__init__(item)
        self.what = what
        self.message_id = message_id

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), match["what"], int(match["message"]))

    async def callback(self, interaction: Interaction) -> None:
        """Answer about the sample's message."""
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        message = await channel.fetch_message(self.message_id)
        house = house_of(interaction.client)
        match self.what:
            case TaskName.ASK.value:
                await ask_about_message(house, interaction, message)
            case "report":
                await report_message(house, interaction, message)
            case "check":
                await check_message(house, interaction, message)
            case _:
                await answer_message(house, interaction, TaskName(self.what), message)
