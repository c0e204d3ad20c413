"""Lookout as `python -m bot run` opens it; only the addresses are the stand-ins'."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bench.payloads import CDN
from bench.subjects.watch import Settings, at_the_stand_in, watched
from bot.app import Lookout
from bot.client import LookoutClient
from bot.config import Config
from bot.logs import logging_to
from bot.media.fetch import AiohttpTransport, Response

_PLENTY = 100_000


class LocalTransport:
    """The real transport, with Discord's file host at another address."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._real = AiohttpTransport(session)
        self._address = address

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Response]:
        """Send the request to the stand-in."""
        async with self._real.open(url.replace(CDN, self._address)) as response:
            yield response


def config(settings: Settings) -> Config:
    """Keep the defaults, except for addresses and for limits that keep people from hurrying."""
    return Config.model_validate(
        {
            "discord": {"sync_commands": False},
            "vision": {
                "host": settings.engine or settings.address,
                "model": settings.model,
                "parallel": settings.parallel,
            },
            "limits": {
                "person_per_minute": 10_000,
                "person_per_hour": _PLENTY,
                "guild_per_minute": _PLENTY,
            },
            "replies": {"edit_interval_seconds": settings.edit_interval_seconds},
            "storage": {"database": settings.database},
            "moderation": {
                "judge_here": settings.judge_here,
                "lease_seconds": settings.lease_seconds,
                # Its time is measured by itself; what judges here is of a fixed speed.
                "read_text": False,
            },
        }
    )


async def live(settings: Settings) -> None:
    """Run until cancelled."""
    async with aiohttp.ClientSession() as session:
        transport = LocalTransport(session, settings.address)
        async with (
            Lookout(config(settings), transport=transport) as lookout,
            LookoutClient(lookout, message_content=settings.message_content) as client,
        ):
            await client.start("bench")


def main() -> None:
    """Write the log as always, but to where it is wanted, which is nowhere if not said."""
    settings = Settings.read()
    at_the_stand_in(settings.address)
    with Path(settings.log).open("a", encoding="utf-8") as log, logging_to(log):
        asyncio.run(watched(live(settings)))


if __name__ == "__main__":
    main()
