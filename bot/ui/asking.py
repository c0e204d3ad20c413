"""Accepts a request: counts it, acknowledges it and has it answered in the background."""

import discord

from bot.domain.ports import Asker
from bot.domain.task import Parameters, TaskName
from bot.services.look import LookRequest
from bot.ui.errors import responding
from bot.ui.house import House
from bot.ui.replies import AnswerReply
from bot.ui.resolver import Found, from_message, needs_reading

Interaction = discord.Interaction[discord.Client]


async def answer(
    house: House,
    interaction: Interaction,
    task: TaskName,
    sources: tuple[Found, ...],
    parameters: Parameters,
    *,
    private: bool = False,
    as_file: bool = False,
) -> None:
    """Answer about ``sources``. Raises NoPicture and RateLimited before anything is shown."""
    asker = Asker(interaction.user.id, interaction.guild_id)
    request = LookRequest(task, sources, parameters, asker)
    house.look.charge(request)
    if not interaction.response.is_done():
        await interaction.response.defer(thinking=True, ephemeral=private)
    AnswerReply.begin(house, interaction, request, private=private, as_file=as_file)


async def answer_message(
    house: House, interaction: Interaction, task: TaskName, message: discord.Message
) -> None:
    """Answer about every picture of ``message``; whatever goes wrong is said to the person."""
    async with responding(interaction):
        if needs_reading(message):
            await interaction.response.defer(thinking=True)
        sources = await from_message(message, limit=house.replies.pictures_per_request)
        parameters = Parameters(language=interaction.locale.value)
        await answer(house, interaction, task, sources, parameters)
