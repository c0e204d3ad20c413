"""The same bot inside a simulated Discord in the browser: no token, no network, nothing to set up.

SimCord stands in for Discord: its client, gateway and file host run in this process, and its page
drives the real commands, buttons and answers.
"""

import asyncio
import contextlib
import contextvars
import errno
import os
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import simcord
from discord import ui
from simcord.backend.errors import SetupError

from bot.client import LookoutClient, until_signal
from bot.config import Config
from bot.domain.errors import ConfigError
from bot.media.samples import samples
from bot.playground.choice import Choice, choose_engine
from bot.playground.commands import add_commands
from bot.playground.menu import MenuButton, menu_rows
from bot.playground.stage import Stage
from bot.playground.transport import SIMULATED_HOST, SimulatedTransport

__all__ = ["SIMULATED_HOST", "Choice", "SimulatedTransport", "choose_engine", "opened", "play"]

_SETTLE_SECONDS = 300.0
_WELCOME = (
    "## Welcome to Lookout's playground\n"
    "This is a simulated Discord: nothing leaves your machine. Try this:\n"
    "- Press a button below. On the real Discord these are in the menu of every message with a "
    "picture: right-click, Apps.\n"
    "- Type `/describe`, `/alt`, `/ocr` or `/ask` and choose a picture of your own.\n"
    "- Reply to an answer, or use the buttons under it. `/help` explains the rest.\n"
    "- You own this server: switch moderation on with `/moderation setup`, let Sam post a scam "
    "with `/sam`, and look into the log with `/go`.\n"
    "- Write `@Lookout` to mention it. Only here: `/post` posts a picture, `/go` shows the newest "
    "thread, the moderation log or direct messages, `/restart` starts the bot anew.\n"
)


@asynccontextmanager
async def opened(config: Config, port: int = 0) -> AsyncIterator[simcord.Preview]:
    """Open the simulated server with samples and welcome, and serve its page.

    Raises ConfigError when ``port`` cannot be had.
    """
    transport = SimulatedTransport()
    await asyncio.to_thread(samples)
    stage = Stage(config, transport, _add_controls)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(stage.close)
        client = await stage.client()
        stage.env = env = await stack.enter_async_context(
            simcord.run(client, settle_timeout=_SETTLE_SECONDS, check_errors=False)
        )
        transport.env = env
        stage.keep_time()
        stage.lookout.running.adopt(contextvars.copy_context())
        env.backend.bot_user.name = "Lookout"
        owner = env.create_user("you", global_name="You")
        guild = stage.guild = env.create_guild("Playground", owner=owner)
        stage.channel = guild.create_text_channel("pictures")
        hidden = discord.PermissionOverwrite(view_channel=False)
        assert client.user is not None
        shown = discord.PermissionOverwrite(view_channel=True)
        stage.log = guild.create_text_channel(
            "mod-log", overwrites={guild.default_role: hidden, client.user: shown}
        )
        you = guild.add_member(owner)
        sam = guild.add_member(env.create_user("sam", global_name="Sam"))
        stage.people = (you, sam)
        await _welcome(client, stage.channel, sam)
        stage.preview = env.preview(
            stage.channel, viewers=stage.people, layout="channel", port=port
        )
        await stack.enter_async_context(_served(stage.preview, port))
        stage.smooth()
        await stack.enter_async_context(_followed(stage))
        yield stage.preview


def _add_controls(stage: Stage, client: LookoutClient) -> None:
    client.add_dynamic_items(MenuButton)
    add_commands(stage, client)


@asynccontextmanager
async def _served(preview: simcord.Preview, port: int) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(preview)
        except SetupError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            busy = error.__cause__.errno == errno.EADDRINUSE
            reason = "is taken by another program" if busy else "cannot be opened"
            raise ConfigError(
                (f"playground.port: port {port} {reason}; choose another, or 0 for any free one",)
            ) from error
        yield


async def _welcome(
    client: LookoutClient, channel: simcord.ChannelHandle, sam: simcord.MemberActor
) -> None:
    """Post the samples and a welcome that says what to try on them."""
    welcome = ui.LayoutView(timeout=None)
    welcome.add_item(ui.TextDisplay(_WELCOME))
    for sample in samples():
        message = await sam.send(
            channel, sample.name, attachments=[(sample.file_name, sample.data)]
        )
        welcome.add_item(ui.TextDisplay(f"**{sample.name}**"))
        for row in menu_rows(message.id):
            welcome.add_item(row)
    welcome.stop()
    await client.get_partial_messageable(channel.id).send(view=welcome)


@asynccontextmanager
async def _followed(stage: Stage) -> AsyncIterator[None]:
    task = asyncio.create_task(stage.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def play(config: Config) -> None:
    """Run the playground until its page is closed or the process is told to stop.

    Raises ConfigError when there is neither Ollama nor the built-in reader, or the port is taken.
    """
    choice = await choose_engine(config)
    print(f"{choice.sentence}\nOpening the playground …", flush=True)
    async with opened(choice.config, config.playground.port) as preview:
        print(f"Playground: {preview.url}\nStop it with Ctrl-C.", flush=True)
        if has_screen():
            webbrowser.open(preview.url)
        await until_signal(preview.wait_closed)


def has_screen() -> bool:
    """Say whether a browser could be shown to a person here."""
    if sys.platform in {"win32", "darwin"}:
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
