"""A raid: one picture, changed a little each time, and what is taken for it that is another."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context

from PIL import Image, ImageOps
from sqlalchemy import select

from bench import payloads
from bench.engine import Speed
from bench.figures import Figure
from bench.moderation.fates import Fate
from bench.moderation.pictures import encoded
from bench.moderation.place import FIRST_MEMBER, WATCHED
from bench.moderation.world import World, moderated
from bot.domain.moderation.fingerprint import Fingerprint
from bot.media.bank import MemoryBank
from bot.media.fingerprint import query_hashes
from bot.storage.moderation.bank import SqlBankStore
from bot.storage.moderation_tables import CaseRow
from tests.media.lookalikes import (
    bordered,
    captioned,
    cropped,
    photo,
    recompressed,
    resized,
    screenshot,
)

_ENGINE = Speed(parallel=2, first_word_seconds=0.5, words=1)
_PROCESSES = 2
_RAIDED = 1_000_000
"""The seed of the raid's picture; those of the others are below."""
_BURST = 20
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """So many copies posted at once, and so many other pictures held against them."""

    copies: int = 1000
    unrelated: int = 5000


async def measure(plan: Plan) -> dict[str, Figure]:
    """Count the questions to the model, the cases, and what was folded in by mistake."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn")) as pool:
        async with moderated(_ENGINE, lambda _: Fate.FLAGGED) as around:
            made = [loop.run_in_executor(pool, copy, number) for number in range(plan.copies)]
            await _post(around, await asyncio.gather(*made))
            await around.at_rest()
            others = range(plan.unrelated)
            found = [loop.run_in_executor(pool, hashes_of_unrelated, seed) for seed in others]
            folded = await _folded(around, await asyncio.gather(*found))
            async with around.database.reading() as session:
                sightings = list(await session.scalars(select(CaseRow.sighting_count)))
            return {
                "raid_copies": plan.copies,
                "raid_model_calls": len(around.engine.asked),
                "raid_cases": len(sightings),
                "raid_largest_case": max(sightings),
                "unrelated": plan.unrelated,
                "unrelated_folded_in": folded,
            }


async def _post(around: World, copies: list[bytes]) -> None:
    for number, data in enumerate(copies):
        person_id = FIRST_MEMBER + number
        await around.discord.post(person_id, WATCHED[number % len(WATCHED)], [(0, data)])
        if number % _BURST == _BURST - 1:
            await asyncio.sleep(_PAUSE_SECONDS)


async def _folded(around: World, unrelated: list[tuple[int, ...]]) -> int:
    """Count the pictures that the bot's own bank takes for copies of those it remembers."""
    bank = MemoryBank(SqlBankStore(around.database))
    folded = 0
    for number, hashes in enumerate(unrelated):
        digest = sha256(number.to_bytes(8, "big")).hexdigest()
        folded += bool(await bank.match(payloads.GUILD, Fingerprint(digest, hashes)))
    return folded


def copy(number: int) -> bytes:
    """Change the raid's picture in one to three ways, none twice."""
    chance = random.Random(number)
    image = photo(_RAIDED)
    for change in chance.sample(list(_CHANGES), chance.randint(1, 2)):
        image = _CHANGES[change](image, chance)
    return encoded(image, chance.randint(60, 95))


_CHANGES: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "resized": lambda image, chance: resized(chance.uniform(0.4, 1.6))(image),
    "recompressed": lambda image, chance: recompressed(chance.randint(20, 70))(image),
    "captioned": lambda image, _: captioned(image),
    "cropped": lambda image, chance: cropped(chance.choice((0.02, 0.05, 0.10)))(image),
    "bordered": lambda image, chance: bordered(
        chance.uniform(0.02, 0.08), chance.choice(("black", "white", "#5865f2"))
    )(image),
    "mirrored": lambda image, _: ImageOps.mirror(image),
}


def kinds_of(copies: int) -> Counter[str]:
    """Return how many copies were changed in which way."""
    kinds: Counter[str] = Counter()
    for number in range(copies):
        chance = random.Random(number)
        kinds.update(chance.sample(list(_CHANGES), chance.randint(1, 2)))
    return kinds


def hashes_of_unrelated(seed: int) -> tuple[int, ...]:
    """Return what a photo or a screenshot is looked up by."""
    drawn: Image.Image = (screenshot if seed % 2 else photo).__wrapped__(seed)
    return query_hashes([drawn])
