"""Lookout as a bot of its own: the discord.py client, taking the same road as any host bot."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import discord
import structlog
from discord.ext import commands

from bot.app import GRACE_SECONDS, Lookout
from bot.config import Config
from bot.domain.errors import ConfigError
from bot.ui.errors import responding
from bot.ui.translator import Translator

_log = structlog.get_logger(__name__)


class LookoutClient(commands.Bot):
    """A client with no intent and no cache beyond what is needed.

    Without ``message_content``, a privileged intent, Discord sends messages with nothing in them,
    except those that are meant for this client.
    """

    def __init__(self, lookout: Lookout, *, message_content: bool = False) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(
                guilds=True,
                guild_messages=True,
                dm_messages=True,
                emojis_and_stickers=True,
                message_content=message_content,
            ),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self._services = lookout
        self.tree.error(_on_tree_error)

    async def setup_hook(self) -> None:
        """Load the cogs, fail fast, and register the commands."""
        await self.tree.set_translator(Translator())
        await self._services.attach(self)
        settings = self._services.config.discord
        if settings.sync_commands:
            guild_id = settings.development_guild_id
            guild = discord.Object(guild_id) if guild_id else None
            if guild is not None:
                self.tree.copy_global_to(guild=guild)
            synced = await self.tree.sync(guild=guild)
            self._services.commands.ids.update({command.name: command.id for command in synced})
            _log.info("commands_registered", count=len(synced))

    async def on_ready(self) -> None:
        """Say that the gateway is there."""
        _log.info("ready", guilds=len(self.guilds), user_id=self.user.id if self.user else None)

    async def on_message(self, message: discord.Message, /) -> None:
        """Look for no text commands: there are none, and mentions are heard by a cog."""

    async def close(self) -> None:
        """Let answers under way end before the connection does."""
        await self._services.running.close(GRACE_SECONDS)
        await super().close()


async def run(config: Config) -> None:
    """Run the bot until it is told to stop.

    Raises ConfigError when Discord refuses the token, and what opening Lookout raises. A
    privileged intent that Discord does not grant costs what needs it, not the start.
    """
    wanted = config.discord.message_content
    try:
        await _run(config, message_content=wanted)
    except discord.PrivilegedIntentsRequired:
        _log.warning("intent_not_granted", intent="message_content")
        await _run(config, message_content=False)


async def _run(config: Config, *, message_content: bool) -> None:
    token = config.discord.token.get_secret_value()
    async with (
        Lookout(config) as lookout,
        LookoutClient(lookout, message_content=message_content) as client,
    ):
        try:
            await until_signal(lambda: client.start(token))
        except discord.LoginFailure as error:
            raise ConfigError(("discord.token was refused by Discord",)) from error


async def until_signal(work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work`` until it ends or the process is asked to stop (SIGINT, SIGTERM)."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work())
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, task.cancel)
        except NotImplementedError:  # Windows has no signal handlers; Ctrl-C cancels by itself
            return await task
    try:
        await task
    except asyncio.CancelledError:
        _log.info("stopping")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _on_tree_error(
    interaction: discord.Interaction[discord.Client], error: discord.app_commands.AppCommandError
) -> None:
    async with responding(interaction):
        raise error
