"""One moderated server around one bot, with nobody killed."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from bench.engine import MODEL, Speed
from bench.moderation import records
from bench.moderation.databases import fresh
from bench.moderation.engine import Engine
from bench.moderation.fates import Fate
from bench.moderation.fleet import fleet
from bench.moderation.place import WATCHED
from bench.moderation.talking import TalkingDiscord
from bench.subjects.watch import Settings
from bench.world import serving
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import UploadState
from bot.storage.database import Database
from bot.storage.moderation_tables import UploadRow

_REST_SECONDS = 600.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class World:
    """The stand-ins, and the bot's database."""

    discord: TalkingDiscord
    engine: Engine
    database: Database

    async def queued(self) -> int:
        """Return how many uploads are recorded."""
        async with self.database.reading() as session:
            return int(await session.scalar(select(func.count()).select_from(UploadRow)) or 0)

    async def at_rest(self) -> None:
        """Wait until all that was posted has its verdict and nothing is left to be done."""
        async with asyncio.timeout(_REST_SECONDS):
            while not await records.at_rest(self.database, len(self.discord.uploads)):  # noqa: ASYNC110 - the bot's
                await asyncio.sleep(_LOOK_SECONDS)

    async def verdict_seconds(self, keys: Sequence[str]) -> list[float]:
        """Return how long after they were posted these uploads had their verdicts, in order."""
        async with self.database.reading() as session:
            rows = await session.execute(
                select(UploadRow.key, UploadRow.done_at).where(UploadRow.state == UploadState.DONE)
            )
            done: dict[str, datetime] = {key: done_at for key, done_at in rows if done_at}
        clock = time.time() - time.perf_counter()
        posted = self.discord.uploads
        return [done[key].timestamp() - clock - posted[key].posted_at for key in keys]


@asynccontextmanager
async def moderated(
    speed: Speed, fate: Callable[[int], Fate], rules: Policy | None = None
) -> AsyncIterator[World]:
    """Start a bot in a server with ``rules``, by default those by which every fate comes true."""
    discord, engine = TalkingDiscord(), Engine(speed, fate=fate)
    async with (
        fresh("sqlite", rules) as (url, database),
        serving(discord.routes()) as address,
        engine.serving() as engine_address,
    ):
        settings = Settings(
            address=address,
            engine=engine_address,
            model=MODEL,
            parallel=speed.parallel,
            database=url,
            message_content=True,
        )
        async with fleet(settings, discord.gateway, 0, Path(os.devnull)):
            if rules is None or rules.enabled:
                async with asyncio.timeout(_REST_SECONDS):
                    while not set(WATCHED) <= await records.heard(database):  # noqa: ASYNC110 - the bot's
                        await asyncio.sleep(_LOOK_SECONDS)
            yield World(discord, engine, database)
