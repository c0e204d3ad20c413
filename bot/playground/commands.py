"""Slash commands that exist in the playground only: they do what its page cannot."""

from typing import Any, cast

import discord
from discord import app_commands

from bot.client import LookoutClient
from bot.playground.stage import Spot, Stage
from bot.ui.asking import Interaction


def add_commands(stage: Stage, client: LookoutClient) -> None:
    """Offer ``/go``, ``/post``, ``/sam`` and ``/restart``."""

    @app_commands.command(description="Playground: show another place")
    @app_commands.choices(
        place=[
            app_commands.Choice(name="the channel", value=Spot.CHANNEL.value),
            app_commands.Choice(name="the newest thread", value=Spot.THREAD.value),
            app_commands.Choice(name="the moderation log", value=Spot.LOG.value),
            app_commands.Choice(name="your direct messages with Lookout", value=Spot.DIRECT.value),
            app_commands.Choice(name="Sam's direct messages", value=Spot.SAMS_DIRECT.value),
        ]
    )
    async def go(interaction: Interaction, place: str) -> None:
        await interaction.response.send_message("Going there …", ephemeral=True)
        stage.wishes.put_nowait(lambda: stage.go(Spot(place)))

    @app_commands.command(description="Playground: post a message with a picture")
    async def post(interaction: Interaction, text: str, picture: discord.Attachment) -> None:
        await interaction.response.send_message("Posting …", ephemeral=True)
        mention = f"<@{cast('discord.ClientUser', client.user).id}>"
        words = text.replace("@Lookout", mention)
        stage.wishes.put_nowait(lambda: stage.post(words, picture))

    @app_commands.command(description="Playground: let Sam post a picture, a scam if you give none")
    async def sam(
        interaction: Interaction,
        picture: discord.Attachment | None = None,
        text: str = "Look at this!",
        times: app_commands.Range[int, 1, 30] = 1,
    ) -> None:
        if stage.is_sam_banned():
            said = "Sam is banned here. Take that back on the card of the case, and Sam can post."
            await interaction.response.send_message(said, ephemeral=True)
            return
        await interaction.response.send_message("Sam is posting …", ephemeral=True)
        stage.wishes.put_nowait(lambda: stage.post(text, picture, as_sam=True, times=times))

    @app_commands.command(description="Playground: end the bot and start it anew")
    async def restart(interaction: Interaction) -> None:
        await interaction.response.send_message("Restarting …", ephemeral=True)
        stage.wishes.put_nowait(stage.restart)

    offered: tuple[app_commands.Command[Any, Any, None], ...] = (go, post, sam, restart)
    for command in offered:
        command.allowed_contexts = app_commands.AppCommandContext(guild=True, dm_channel=True)
        client.tree.add_command(command)
