"""One life of the bot after the other, each ended by SIGKILL."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.conversations.discord import Discord
from bench.conversations.engine import Engine
from bench.conversations.ledger import Asked, Ledger
from bench.conversations.moments import Moment
from bench.conversations.people import People
from bench.conversations.records import age, turns_kept
from bench.processes import running
from bench.subjects.watch import Settings
from bench.traps import Moments, Trap

_CONNECT_SECONDS = 60.0
_TOLD_SECONDS = 20.0
"""Within this time of a start, everybody who was interrupted knows."""
_LIFE_SECONDS = 8.0
"""A moment that has not come by then is not waited for."""
_LONG_OUTAGES, _HALF = 0.3, 0.5
_AT_START = (Moment.CONNECTED, Moment.TELLING)


@dataclass(slots=True)
class Lives:
    """The bot's lives on one database, among ``crowd`` people."""

    crowd: int
    chance: random.Random
    ledger: Ledger
    moments: Moments
    discord: Discord
    engine: Engine
    people: People
    database: Path
    settings: Settings
    ended: Counter[str] = field(default_factory=Counter)
    """How many lives ended at each moment."""
    missed: set[int] = field(default_factory=set)
    """Acknowledged, and not in the database right after a restart."""
    late: set[int] = field(default_factory=set)
    """Interrupted, and not told within the time of one life."""
    unheard: set[int] = field(default_factory=set)
    """Asked in the last life and passed over: a reply to what only the dead process knew."""

    async def live(self, moment: Moment | None) -> None:
        """Start the bot, let people talk to it, kill it at ``moment``, note what was cut off."""
        self.discord.gateway.begin()
        self.engine.begin()
        self.moments.set(None)
        async with running("lookout", self.settings) as subject:
            trap = Trap(moment, self.chance, subject.kill) if moment is not None else None
            if moment in _AT_START:
                self.moments.set(trap)
            connecting = self.discord.gateway.connected()
            if await self._unless(trap, subject.alive_until(connecting, _CONNECT_SECONDS)):
                self.moments.reached(Moment.CONNECTED)
                await self._talk(trap)
            if trap is None:
                return
            trap.close()
            await subject.ended()
        self.ended[trap.moment.label] += 1
        await self.discord.settled()
        self.ledger.died()
        if self.chance.random() < _LONG_OUTAGES:
            aged = await asyncio.to_thread(age, self.database, lambda: self.chance.random() < _HALF)
            self.discord.expire(aged)

    async def _talk(self, trap: Trap | None) -> None:
        interrupted, before = self.ledger.waiting(), len(self.ledger.asked)
        kept = await asyncio.to_thread(turns_kept, self.database)
        self.missed.update(self.ledger.verdict(kept).lost)
        await self._repeat()
        async with self._talking():
            told = await self._unless(trap, self._told(interrupted))
            if trap is not None and told:
                self.moments.set(trap)
                self.moments.reached(Moment.ANY)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LIFE_SECONDS):
                        await trap.sprung.wait()
        if trap is None:  # the last life is ended politely, with nothing under way
            await self._told(list(self.ledger.asked.values())[before:])

    @contextlib.asynccontextmanager
    async def _talking(self) -> AsyncIterator[None]:
        chances = [random.Random(self.chance.random()) for _ in range(self.crowd)]
        tasks = [
            asyncio.create_task(self.people.live(person, chance))
            for person, chance in enumerate(chances)
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            errors = [error for error in ended if isinstance(error, Exception)]
            if errors:
                raise errors[0]

    async def _told(self, interrupted: list[Asked]) -> None:
        """Wait until everybody who was interrupted knows."""
        try:
            async with asyncio.timeout(_TOLD_SECONDS):
                await self.discord.ended(*interrupted)
        except TimeoutError:
            left = [asked for asked in interrupted if not asked.ended]
            self.late.update(asked.number for asked in left if asked.acknowledged)
            self.unheard.update(asked.number for asked in left if not asked.acknowledged)

    async def _repeat(self) -> None:
        """Tell the bot of messages again, as Discord does after a connection was lost."""
        for message in self.people.posted[-3 * self.crowd :]:
            assert message.question is not None
            heard = self.ledger.asked[message.question].acknowledged
            if self.chance.random() < (0.25 if heard else 0.5):
                await self.discord.post(message)

    async def _unless(self, trap: Trap | None, work: Coroutine[Any, Any, None]) -> bool:
        """Do ``work`` unless the trap springs before; say whether it was done."""
        task = asyncio.create_task(work)
        sprung = asyncio.create_task(trap.sprung.wait() if trap else asyncio.Event().wait())
        await asyncio.wait((task, sprung), return_when=asyncio.FIRST_COMPLETED)
        sprung.cancel()
        if trap is not None and trap.sprung.is_set():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return False
        await task
        return True
