"""A bare discord.py bot that only forwards: what the libraries cost without Lookout."""

import asyncio
import time

import discord
import ollama
from discord import app_commands
from discord.ext import commands

from bench.subjects.watch import Settings, at_the_stand_in, watched


class PlainBot(commands.Bot):
    """Reads the whole picture, sends it as it came, edits its reply as words arrive."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("!", intents=discord.Intents(guilds=True), help_command=None)
        self._settings = settings
        self._engine = ollama.AsyncClient(settings.address)
        self._turns = asyncio.Semaphore(settings.parallel)

        @app_commands.command()
        async def describe(
            interaction: discord.Interaction[discord.Client], picture: discord.Attachment
        ) -> None:
            """Describe a picture."""
            await interaction.response.defer(thinking=True)
            await self._answer(interaction, await picture.read())

        self.tree.add_command(describe)

    async def _answer(
        self, interaction: discord.Interaction[discord.Client], picture: bytes
    ) -> None:
        text, drawn_at = "", 0.0
        messages = [{"role": "user", "content": "Describe this.", "images": [picture]}]
        async with self._turns:
            async for part in await self._engine.chat(
                model=self._settings.model, messages=messages, stream=True
            ):
                text += part.message.content or ""
                if time.monotonic() - drawn_at > self._settings.edit_interval_seconds:
                    drawn_at = time.monotonic()
                    await interaction.edit_original_response(content=text)
        await interaction.edit_original_response(content=text)


async def live(settings: Settings) -> None:
    """Run until cancelled."""
    async with PlainBot(settings) as bot:
        await bot.start("bench")


if __name__ == "__main__":
    _settings = Settings.read()
    at_the_stand_in(_settings.address)
    asyncio.run(watched(live(_settings)))
