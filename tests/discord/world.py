"""A small server with people in it, and the real bot beside them."""

import asyncio
import contextlib
import contextvars
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.app import Lookout
from bot.client import LookoutClient
from bot.config import Config
from bot.domain.ports import Engine
from bot.media.fetch import Response
from bot.playground import SIMULATED_HOST, SimulatedTransport

SETTLE_SECONDS = 30.0


class PacedTransport(SimulatedTransport):
    """The simulated file host; it waits while ``ready`` is cleared."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()
        self.ready.set()

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Response]:
        await self.ready.wait()
        async with super().open(url) as response:
            yield response


@dataclass
class World:
    """One server, one channel; Ann and Ben are members, Mod may manage messages."""

    env: simcord.Env
    lookout: Lookout
    transport: PacedTransport
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    ann: simcord.MemberActor
    ben: simcord.MemberActor
    mod: simcord.MemberActor

    async def slash(
        self, actor: simcord.MemberActor, name: str, **options: Any
    ) -> simcord.InteractionResult:
        """Use a slash command and wait for its answer."""
        return await self.finished(await actor.slash(self.channel, name, **options))

    async def menu(
        self, actor: simcord.MemberActor, name: str, message: discord.Message
    ) -> simcord.InteractionResult:
        """Use a right-click command and wait for its answer."""
        return await self.finished(await actor.context_menu(self.channel, name, message))

    async def click(
        self, actor: simcord.MemberActor, shown: simcord.InteractionResult, label: str
    ) -> simcord.InteractionResult:
        """Press a button under an answer and wait for what follows."""
        assert shown.response is not None
        return await self.finished(await actor.click(shown.response.message, label=label))

    async def finished(self, result: simcord.InteractionResult) -> simcord.InteractionResult:
        """Wait until no answer is under way."""
        await self.lookout.running.idle()
        return result


def components(message: simcord.ResponseMessage | None) -> list[dict[str, Any]]:
    """List all components of a message, nested ones after their parents."""
    assert message is not None
    found: list[dict[str, Any]] = []

    def walk(items: list[dict[str, Any]]) -> None:
        for item in items:
            found.append(item)
            walk(item.get("components", []))

    walk(message.components)
    return found


def shown(result: simcord.InteractionResult) -> str:
    """Return all text of an answer, a component a line."""
    return texts(result.response)


def texts(message: simcord.ResponseMessage | None) -> str:
    """Return all text of a message, a component a line."""
    return "\n".join(item["content"] for item in components(message) if item["type"] == 10)


def labels(result: simcord.InteractionResult) -> list[str]:
    """Return the labels of an answer's buttons."""
    return [item["label"] for item in components(result.response) if item["type"] == 2]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that the bot does by itself; a component may not be there yet."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while True:
            with contextlib.suppress(AssertionError, KeyError):
                if condition():
                    return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def restarted(w: World, engine: Engine | None = None) -> AsyncIterator[World]:
    """Start the bot anew on the same database, in the same server."""
    async with Lookout(w.lookout.config, transport=w.transport, engine=engine) as lookout:
        await w.env.restart_bot(LookoutClient(lookout))
        lookout.running.adopt(contextvars.copy_context())
        yield dataclasses.replace(w, lookout=lookout)
        await lookout.running.idle()


@asynccontextmanager
async def world(
    tmp_path: Path, *, engine: Engine | None = None, **sections: dict[str, object]
) -> AsyncIterator[World]:
    """Open the real bot with ``engine`` in a simulated server; sections override the settings."""
    settings: dict[str, dict[str, object]] = {
        "storage": {"database": f"sqlite:///{tmp_path / 'lookout.sqlite3'}"},
        "pictures": {"extra_hosts": (SIMULATED_HOST,), "workers": 1},
        "replies": {"edit_interval_seconds": 0.5},
    }
    for name, values in sections.items():
        settings.setdefault(name, {}).update(values)
    config = Config.model_validate(settings)
    transport = PacedTransport()
    async with Lookout(config, transport=transport, engine=engine) as lookout:
        client = LookoutClient(lookout, message_content=config.discord.message_content)
        async with simcord.run(client, settle_timeout=SETTLE_SECONDS) as env:
            transport.env = env
            lookout.running.adopt(contextvars.copy_context())
            yield populate(env, lookout, transport)
            await lookout.running.idle()


def populate(env: simcord.Env, lookout: Lookout, transport: PacedTransport) -> World:
    """Create the server and its people."""
    guild = env.create_guild("Photographers")
    moderators = guild.create_role(
        "Moderators", permissions=discord.Permissions(manage_messages=True)
    )
    return World(
        env,
        lookout,
        transport,
        guild,
        guild.create_text_channel("pictures"),
        guild.add_member(env.create_user("ann")),
        guild.add_member(env.create_user("ben")),
        guild.add_member(env.create_user("mod"), roles=[moderators]),
    )
