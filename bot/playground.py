"""The same bot inside a simulated Discord in the browser: no token, no network, nothing to set up.

SimCord stands in for Discord: its client, gateway and file host run in this process, and its page
drives the real commands, buttons and answers.
"""

import asyncio
import contextlib
import contextvars
import os
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import simcord
import structlog
from simcord.backend.errors import SetupError

from bot.app import Lookout
from bot.client import LookoutClient, until_signal
from bot.config import Config
from bot.domain.errors import ConfigError, LookoutError
from bot.media.fetch import Response
from bot.media.samples import samples
from bot.ui.layouts import plain
from bot.vision.models import ModelCatalog

_log = structlog.get_logger(__name__)

SIMULATED_HOST = "cdn.simcord.invalid"
_SETTLE_SECONDS = 300.0
_LOOK_EVERY_SECONDS = 0.4
_WELCOME = (
    "## Welcome to Lookout's playground\n"
    "This is a simulated Discord: nothing leaves your machine. Above are three sample pictures. "
    "Try this:\n"
    "- Open the menu of a message with a picture and choose **Describe picture**, **Alt text** or "
    "**Read text**.\n"
    "- Type `/describe`, `/alt` or `/ocr` below and choose a picture of your own.\n"
    "- Use the buttons under an answer, and `/help`, `/about` and `/status`."
)


class SimulatedTransport:
    """Reads the simulated Discord's file host as if over HTTP."""

    def __init__(self) -> None:
        self.env: simcord.Env | None = None

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Response]:
        """Answer 200 with the file's bytes, or 404."""
        data = self.env.backend.cdn.get(url) if self.env is not None else None

        async def chunks() -> AsyncIterator[bytes]:
            view = data or b""
            for start in range(0, len(view), 65_536):
                yield view[start : start + 65_536]

        yield Response(
            status=404 if data is None else 200,
            content_type="application/octet-stream",
            content_length=len(data) if data is not None else 0,
            chunks=chunks(),
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """Which engine the playground uses, and what to tell the person first."""

    config: Config
    sentence: str


async def choose_engine(config: Config) -> Choice:
    """Take Ollama when it answers with a vision model, else the built-in reader."""
    vision = config.vision
    reader = _with(config, engine="builtin")
    if vision.engine == "builtin":
        return Choice(reader, "Engine: the built-in reader, as configured.")
    how = f"install Ollama, run “ollama pull {vision.model}” and start again"
    try:
        async with ModelCatalog(host=vision.host, connect_timeout_seconds=2) as catalog:
            installed = await catalog.list_models()
    except LookoutError:
        return Choice(
            reader,
            f"Engine: the built-in reader (it reads text and measures; no Ollama answered at "
            f"{vision.host}). For a vision model: {how}.",
        )
    seeing = [model.name for model in installed if model.sees]
    if not seeing:
        return Choice(
            reader,
            f"Engine: the built-in reader (Ollama at {vision.host} has no vision model). For one: "
            f"run “ollama pull {vision.model}” and start again.",
        )
    wanted = {vision.model, f"{vision.model}:latest"}
    model = next((name for name in seeing if name in wanted), seeing[0])
    return Choice(
        _with(config, engine="ollama", model=model),
        f"Engine: Ollama at {vision.host} with the vision model {model}. For the built-in reader "
        "instead: set LOOKOUT_VISION__ENGINE=builtin.",
    )


def _with(config: Config, **vision: object) -> Config:
    pictures = config.pictures.model_copy(update={"extra_hosts": (SIMULATED_HOST,)})
    storage = config.storage.model_copy(update={"database": config.playground.database})
    limits = config.limits.model_copy(update={"person_per_minute": 1000, "person_per_hour": 10_000})
    return config.model_copy(
        update={
            "vision": config.vision.model_copy(update=vision),
            "pictures": pictures,
            "storage": storage,
            "limits": limits,
        }
    )


@asynccontextmanager
async def opened(config: Config, port: int = 0) -> AsyncIterator[simcord.Preview]:
    """Open the simulated server with samples and welcome, and serve its page."""
    transport = SimulatedTransport()
    async with Lookout(config, transport=transport) as lookout:
        client = LookoutClient(lookout)
        async with simcord.run(client, settle_timeout=_SETTLE_SECONDS, check_errors=False) as env:
            transport.env = env
            lookout.running.adopt(contextvars.copy_context())
            guild = env.create_guild("Playground")
            channel = guild.create_text_channel("pictures")
            you = guild.add_member(env.create_user("you", global_name="You"))
            poster = guild.add_member(env.create_user("sam", global_name="Sam"))
            for sample in samples():
                await poster.send(
                    channel, sample.name, attachments=[(sample.file_name, sample.data)]
                )
            await client.get_partial_messageable(channel.id).send(view=plain(_WELCOME))
            async with (
                env.preview(channel, viewers=[you, poster], layout="channel", port=port) as preview,
                _kept_fresh(env, preview),
            ):
                yield preview


@asynccontextmanager
async def _kept_fresh(env: simcord.Env, preview: simcord.Preview) -> AsyncIterator[None]:
    """Publish what the bot does between the person's own actions: streamed text, late answers."""

    async def follow() -> None:
        published = -1
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            done = len(env.http_requests)
            if done == published:
                continue
            with contextlib.suppress(SetupError):  # an action of the person's is under way
                await preview.refresh()
                published = done

    task = asyncio.create_task(follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def play(config: Config, say: Callable[[str], None] = print) -> None:
    """Run the playground until its page is closed or the process is told to stop.

    Raises ConfigError when there is neither Ollama nor the built-in reader.
    """
    choice = await choose_engine(config)
    say(choice.sentence)
    async with opened(choice.config, config.playground.port) as preview:
        say(f"Playground: {preview.url}")
        say("Stop it with Ctrl-C.")
        if has_screen():
            webbrowser.open(preview.url)
        await until_signal(preview.wait_closed)


def has_screen() -> bool:
    """Say whether a browser could be shown to a person here."""
    if sys.platform in {"win32", "darwin"}:
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


__all__ = ["ConfigError", "SimulatedTransport", "choose_engine", "opened", "play"]
