"""Processes are killed among uploads, again and again; every picture still has one verdict."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.engine import MODEL, Speed
from bench.figures import Figure, Outcome
from bench.moderation import records
from bench.moderation.databases import fresh
from bench.moderation.discord import Discord
from bench.moderation.engine import Engine
from bench.moderation.fleet import Member, fleet
from bench.moderation.moments import Moment
from bench.moderation.place import WATCHED
from bench.moderation.posting import Posting
from bench.moderation.verdict import Verdict, verdict_on
from bench.subjects.watch import Settings
from bench.traps import Moments, Trap, shuffled
from bench.world import serving
from bot.logs import logging_to
from bot.storage.database import Database

_LIFE_SECONDS = 15.0
"""A moment that has not come by then is not waited for: it counts as any."""
_BEGUN_SECONDS = 30.0
_REST_SECONDS = 900.0
_IDLE_SECONDS = 30.0
"""Where nothing waits for so long and uploads have no verdict, they never will."""
_LOOK_SECONDS = 0.3
_OUTAGES, _LONGEST_OUTAGE_SECONDS = 0.4, 6.0
_NONCES_FORGOTTEN = 0.5
_LONGEST_DEATH_SECONDS = 1.5
_CLIENT_KILLED = 0.5
_LEASE_SECONDS = 10.0
_EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pictures are posted, and how often a process is killed meanwhile."""

    uploads: int = 500
    kills: int = 20
    database: str = "sqlite"
    workers: int = 0
    """Processes that judge, beside the client, which then does not."""
    seed: int = 5
    speed: Speed = field(
        default_factory=lambda: Speed(parallel=2, first_word_seconds=0.15, words=1)
    )

    @classmethod
    def on(cls, database: str, *, quick: bool) -> "Plan":
        """Plan for a kind of database; ``quick`` for 60 seconds."""
        workers = 3 if database == "postgresql" else 0
        if quick:
            return cls(uploads=80, kills=4, database=database, workers=workers)
        return cls(database=database, workers=workers)


@dataclass(slots=True)
class _Lives:
    """The processes' lives, and what goes on around them."""

    chance: random.Random
    moments: Moments
    discord: Discord
    engine: Engine
    database: Database
    posting: Posting
    members: list[Member]
    killed: Counter[str] = field(default_factory=Counter)
    victims: Counter[str] = field(default_factory=Counter)
    _dead: Member | None = None

    async def kill_at(self, moment: Moment, uploads: int) -> None:
        """Revive whoever died last, and kill somebody at ``moment``, while pictures are posted."""
        victim = self._victim(moment)
        trap = Trap(moment, self.chance, victim.kill)
        if moment in (Moment.STARTING, Moment.READING):
            self.moments.set(trap)
        outage = asyncio.create_task(self._outage())
        posting = asyncio.create_task(self.posting.post(uploads))
        await self._revive(moment, trap)
        self.moments.set(trap)
        self.moments.reached(Moment.ANY)
        came = moment
        try:
            async with asyncio.timeout(_LIFE_SECONDS):
                await trap.sprung.wait()
        except TimeoutError:
            came = Moment.ANY
            trap.close()
        await victim.ended()
        self.moments.set(None)
        self._dead = victim
        self.killed[came.label] += 1
        self.victims[victim.name] += 1
        await self.discord.settled()
        await asyncio.gather(posting, outage)
        if self.chance.random() < _NONCES_FORGOTTEN:
            self.discord.place.forget_nonces()
        await asyncio.sleep(self.chance.uniform(0, _LONGEST_DEATH_SECONDS))

    async def rest(self) -> bool:
        """Let all that is left be done; say whether it was."""
        await self._revive()
        await self.posting.post(self.posting.left)
        await self.engine.go_up()
        worked_at = began_at = time.monotonic()
        while time.monotonic() < min(worked_at + _IDLE_SECONDS, began_at + _REST_SECONDS):
            left = await records.left(self.database)
            if left.jobs:
                worked_at = time.monotonic()
            elif left.verdicts >= len(self.discord.uploads):
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def begin(self) -> None:
        """Wait until the bot knows from where on it watches."""
        async with asyncio.timeout(_BEGUN_SECONDS):
            while not set(WATCHED) <= await records.heard(self.database):  # noqa: ASYNC110 - theirs
                await asyncio.sleep(0.1)

    def _victim(self, moment: Moment) -> Member:
        dead = self._dead
        reads = moment is Moment.READING
        if dead is not None and (moment is Moment.STARTING or (reads and dead.is_client)):
            return dead
        client, *workers = self.members
        if reads:
            return client
        judges = moment in (Moment.JUDGING, Moment.JUDGED)
        if workers and (judges or self.chance.random() >= _CLIENT_KILLED):
            return self.chance.choice(workers)
        return client

    async def _revive(self, moment: Moment | None = None, trap: Trap | None = None) -> None:
        dead, self._dead = self._dead, None
        if dead is None:
            return
        await dead.start()
        if moment is not None:
            self.moments.reached(Moment.STARTING)
        ready = asyncio.create_task(dead.ready())
        sprung = asyncio.create_task(trap.sprung.wait() if trap else asyncio.Event().wait())
        await asyncio.wait((ready, sprung), return_when=asyncio.FIRST_COMPLETED)
        sprung.cancel()
        if trap is None or not trap.sprung.is_set():
            await ready
        else:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)

    async def _outage(self) -> None:
        """Let the engine be out of order for a while, now and then."""
        if self.chance.random() >= _OUTAGES:
            return
        await asyncio.sleep(self.chance.uniform(0, 2))
        await self.engine.go_down()
        await asyncio.sleep(self.chance.uniform(1, _LONGEST_OUTAGE_SECONDS))
        await self.engine.go_up()


async def measure(plan: Plan, log: Path | None = None) -> Outcome:
    """Kill them so often; the log of all processes goes to ``log``."""
    with TemporaryDirectory(prefix="lookout-bench-") as folder:
        output = log or Path(folder) / "log"
        with _logging_to(output):
            return await _measure(plan, output)


async def _measure(plan: Plan, log: Path) -> Outcome:
    chance, moments = random.Random(plan.seed), Moments()
    discord, engine = Discord(moments), Engine(plan.speed, moments)
    posting = Posting(discord, chance, plan.uploads)
    async with (
        fresh(plan.database) as (url, database),
        serving(discord.routes()) as address,
        engine.serving() as engine_address,
    ):
        settings = Settings(
            address=address,
            engine=engine_address,
            model=MODEL,
            parallel=plan.speed.parallel,
            database=url,
            message_content=True,
            judge_here=not plan.workers,
            lease_seconds=_LEASE_SECONDS,
            log=str(log),
        )
        async with fleet(settings, discord.gateway, plan.workers, log) as members:
            lives = _Lives(chance, moments, discord, engine, database, posting, members)
            await lives.begin()
            for moment in shuffled(Moment, plan.kills, chance):
                await lives.kill_at(moment, plan.uploads // (plan.kills + 1))
            began = time.monotonic()
            rested = await lives.rest()
            rest_seconds = time.monotonic() - began
        await discord.settled()
        kept = await records.read(database)
    found = verdict_on(discord.uploads.values(), kept, discord.deeds)
    return _outcome(lives, found, kept, rest_seconds if rested else None)


@contextmanager
def _logging_to(log: Path) -> Iterator[None]:
    with log.open("a", encoding="utf-8") as stream, logging_to(stream):
        yield


def _outcome(
    lives: _Lives, found: Verdict, kept: records.Records, rest_seconds: float | None
) -> Outcome:
    figures: dict[str, Figure] = {
        "uploads": len(lives.discord.uploads),
        "kills": sum(lives.killed.values()),
        "lost": len(found.lost),
        "verdicts_twice": len(found.verdicts_twice),
        "actions_twice": len(found.actions_twice),
    }
    deeds = Counter(deed.value for deed, _, _ in lives.discord.deeds.done)
    notes = [
        f"killed at: {_counted(lives.killed)}",
        f"killed were: {_counted(lives.victims)}",
        f"verdicts: {_counted(Counter(kept.counted))}",
        f"done in Discord: {_counted(deeds)}; cases: {kept.cases}",
        f"outages of the engine: {lives.engine.outages}, questions: {len(lives.engine.asked)}",
        "what was left at the last kill was never done"
        if rest_seconds is None
        else f"what was left at the last kill took {rest_seconds:.0f} s",
    ]
    for name, examples in (
        ("lost", found.lost),
        ("verdicts twice", found.verdicts_twice),
        ("actions twice", found.actions_twice),
        ("done and not wanted", found.wrong),
    ):
        if examples:
            notes.append(f"{name}: {len(examples)}, such as {examples[:_EXAMPLES]}")
    if kept.jobs:
        notes.append(f"left in the queue: {_counted(kept.jobs)}")
    if lives.discord.unknown:
        notes.append(f"calls unknown to the stand-in: {sorted(lives.discord.unknown)}")
    return Outcome(figures, tuple(notes), found.passed and rest_seconds is not None)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())
