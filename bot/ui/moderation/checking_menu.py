"""Moderators look at a message by their own rules: at once, alone, and nothing is kept."""

import discord

from bot.domain.errors import LookoutError, MissingRight, NoPicture
from bot.domain.moderation.policy import Policy
from bot.domain.picture import PictureRef
from bot.domain.ports import Asker
from bot.ui.asking import Interaction
from bot.ui.errors import log_failure, responding
from bot.ui.house import House
from bot.ui.i18n import words
from bot.ui.layouts import failure, plain
from bot.ui.moderation.checking import looked_lines
from bot.ui.moderation.watching import place_of
from bot.ui.resolver import everything_in

_MAX_PICTURES = 4
"""Each is a question to the model, and the first answers should not keep people waiting."""


async def check_message(house: House, interaction: Interaction, message: discord.Message) -> None:
    """Show what the server's rules make of each picture of ``message``."""
    async with responding(interaction):
        guild_id = interaction.guild_id
        if guild_id is None or not interaction.permissions.manage_messages:
            raise MissingRight("manage_messages")
        refs = everything_in(message)
        if not refs:
            raise NoPicture
        await interaction.response.defer(thinking=True, ephemeral=True)
        policy = await house.moderation.policies.get(guild_id)
        for position, ref in enumerate(refs[:_MAX_PICTURES]):
            view = await _view(house, interaction, message, ref, policy)
            if position:
                await interaction.followup.send(view=view, ephemeral=True)
            else:
                await interaction.edit_original_response(view=view)
        if len(refs) > _MAX_PICTURES:
            say = words(interaction.locale.value)
            text = say.say(
                "I looked at the first {count} pictures of this message.", count=_MAX_PICTURES
            )
            await interaction.followup.send(view=plain(text), ephemeral=True)


async def _view(
    house: House,
    interaction: Interaction,
    message: discord.Message,
    ref: PictureRef,
    policy: Policy,
) -> discord.ui.LayoutView:
    """Look at one picture; what goes wrong with one is no reason not to look at the next."""
    assert interaction.guild_id is not None
    try:
        looked = await house.moderation.look_now(
            ref,
            policy,
            guild_id=interaction.guild_id,
            asker=Asker(interaction.user.id, interaction.guild_id),
            text=message.content,
            age_restricted=place_of(message.channel).age_restricted,
        )
    except LookoutError as error:
        reference = f"{interaction.id & 0xFFFFFFFF:08X}"
        log_failure(error, reference)
        return plain(failure(error, interaction.locale.value, reference))
    return plain("\n".join(looked_lines(looked, policy, words(interaction.locale.value))))
