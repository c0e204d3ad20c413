"""The bot is killed in the middle of conversations, again and again, and started anew."""

import asyncio
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.conversations.discord import Discord
from bench.conversations.engine import Engine
from bench.conversations.ledger import Ledger, Verdict
from bench.conversations.lives import Lives
from bench.conversations.moments import Moment
from bench.conversations.people import People
from bench.conversations.records import turns_kept
from bench.engine import MODEL, Speed
from bench.figures import Figure, Outcome
from bench.photos import SMALL, Camera
from bench.subjects.watch import Settings
from bench.traps import Moments, shuffled
from bench.world import serving

_PHOTOS = 16
_NAMED, _EXAMPLES = 20, 3
_INTERRUPTION = "I was restarted while I was answering this."


@dataclass(frozen=True, slots=True)
class Plan:
    """How often the bot is killed, and how many people talk to it meanwhile."""

    kills: int = 50
    people: int = 12
    seed: int = 4
    speed: Speed = field(
        default_factory=lambda: Speed(
            parallel=4, first_word_seconds=0.1, words=12, word_seconds=0.035
        )
    )

    @classmethod
    def quick(cls) -> "Plan":
        """Plan for 45 seconds."""
        return cls(kills=5, people=8)


async def measure(plan: Plan, log: Path | None = None) -> Outcome:
    """Kill it at so many moments; the bot's log goes to ``log``."""
    chance = random.Random(plan.seed)
    ledger = Ledger(_INTERRUPTION)
    moments = Moments()
    discord, engine = Discord(ledger, moments), Engine(plan.speed, moments)
    camera = Camera(SMALL)
    people = People(discord, SMALL, [camera.picture(number) for number in range(_PHOTOS)])
    with TemporaryDirectory(prefix="lookout-bench-") as folder:
        database = Path(folder) / "lookout.sqlite3"
        async with serving([*discord.routes(), *engine.routes()]) as address:
            settings = Settings(
                address=address,
                model=MODEL,
                parallel=plan.speed.parallel,
                edit_interval_seconds=0.5,
                database=f"sqlite:///{database}",
                message_content=True,
                log=os.devnull if log is None else str(log),
            )
            lives = Lives(
                plan.people, chance, ledger, moments, discord, engine, people, database, settings
            )
            for moment in shuffled(Moment, plan.kills, chance):
                await lives.live(moment)
            await lives.live(None)
        verdict = ledger.verdict(await asyncio.to_thread(turns_kept, database))
    return _outcome(lives, verdict)


def _outcome(lives: Lives, verdict: Verdict) -> Outcome:
    lost = lives.missed | set(verdict.lost)
    untold = lives.late | set(verdict.untold)
    told = len(set(verdict.interrupted) - untold)
    mixed = [seen for seen in lives.engine.prompts if lives.ledger.mixes(seen)]
    figures: dict[str, Figure] = {
        "kills": sum(lives.ended.values()),
        "acknowledged": verdict.acknowledged,
        "lost": len(lost),
        "duplicated": len(verdict.duplicated),
        "interrupted_told": told,
    }
    roads = Counter(asked.road for asked in lives.ledger.asked.values() if asked.acknowledged)
    notes = [
        f"killed at: {_counted(lives.ended)}",
        f"asked by: {_counted(roads)}",
        f"interrupted: {len(verdict.interrupted)}",
    ]
    for name, numbers in (
        ("lost", lost),
        ("duplicated", verdict.duplicated),
        ("untold", untold),
        ("strange", verdict.strange),
        ("passed over in the last life", lives.unheard),
    ):
        if numbers:
            notes.append(f"{name}: {len(numbers)}, such as {sorted(numbers)[:_NAMED]}")
    notes += [f"strange: {lives.ledger.asked[n].strange}" for n in verdict.strange[:_EXAMPLES]]
    if lives.discord.unknown:
        notes.append(f"calls unknown to the stand-in: {sorted(lives.discord.unknown)}")
    if mixed:
        notes.append(f"prompts that mix conversations: {len(mixed)}")
    passed = not (lost or untold or mixed) and verdict.passed
    return Outcome(figures, tuple(notes), passed)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())
