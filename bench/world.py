"""Everything around a bot: Discord, its people, its file host and the engine, on one port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from bench.discord import Discord
from bench.engine import MODEL, Engine, Speed
from bench.payloads import CDN
from bench.processes import Subject, running
from bench.subjects.watch import Settings

_MAX_BODY_BYTES = 256 * 1024 * 1024
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class World:
    """The stand-ins and their address."""

    discord: Discord
    engine: Engine
    address: str
    folder: Path


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Open the stand-ins."""
    discord, engine = Discord(), Engine()
    async with serving([*discord.routes(), *engine.routes()]) as address:
        with TemporaryDirectory(prefix="lookout-bench-") as folder:
            yield World(discord, engine, address, Path(folder))


@asynccontextmanager
async def serving(routes: list[web.RouteDef]) -> AsyncIterator[str]:
    """Serve ``routes`` on one port of this machine and say at which address."""
    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bot(
    around: World, name: str, speed: Speed, *, edit_interval_seconds: float = 1.2
) -> AsyncIterator[Subject]:
    """Start the bot ``name`` (``lookout`` or ``plain``) and wait until it is connected."""
    around.engine.set_speed(speed)
    around.discord.begin(CDN if name == "lookout" else around.address)
    settings = Settings(
        address=around.address,
        model=MODEL,
        parallel=speed.parallel,
        edit_interval_seconds=edit_interval_seconds,
        database=f"sqlite:///{around.folder / f'{name}.sqlite3'}",
    )
    async with running(name, settings) as subject:
        await subject.alive_until(around.discord.gateway.connected(), _READY_SECONDS)
        yield subject
