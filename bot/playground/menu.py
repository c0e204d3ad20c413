"""Buttons that stand in for the right-click menu, which the simulated Discord's page lacks."""

import re
from typing import Any, Self, cast

import discord
from discord import ui

from bot.domain.task import TaskName
from bot.ui.asking import Interaction, answer_message
from bot.ui.conversation.menu import ask_about_message
from bot.ui.house import house_of

Button = ui.Button[ui.LayoutView]
_LABELS = {
    TaskName.DESCRIBE: "Describe picture",
    TaskName.ALT: "Alt text",
    TaskName.OCR: "Read text",
    TaskName.ASK: "Ask about picture",
}


def menu_buttons(message_id: int) -> list[Button]:
    """Offer what a right-click on the message would."""
    return [
        ui.Button(label=label, custom_id=f"playground:{task}:{message_id}")
        for task, label in _LABELS.items()
    ]


class MenuButton(
    ui.DynamicItem[Button],
    template=r"playground:(?P<task>describe|alt|ocr|ask):(?P<message>[0-9]+)",
):
    """Takes the same road as the right-click command."""

    def __init__(self, item: Button, task: TaskName, message_id: int) -> None:
        super().__init__(item)
        self.task = task
        self.message_id = message_id

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), TaskName(match["task"]), int(match["message"]))

    async def callback(self, interaction: Interaction) -> None:
        """Answer about the sample's message."""
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        message = await channel.fetch_message(self.message_id)
        house = house_of(interaction.client)
        if self.task is TaskName.ASK:
            await ask_about_message(house, interaction, message)
        else:
            await answer_message(house, interaction, self.task, message)
