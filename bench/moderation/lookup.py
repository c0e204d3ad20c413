"""How long it takes to look a picture up among very many remembered ones."""

import asyncio
import random
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bench.figures import Figure, percentile
from bot.domain.moderation.fingerprint import BankEntry, BankKind, Fingerprint, Hash64, Views
from bot.domain.moderation.ports import BankChanges
from bot.media.bank import MemoryBank

_GUILD = 1
_PAGE = 20_000
_VIEWS = 7
"""Hashes of one picture: the whole, five crops, the mirror image."""
_CHANGED_BITS = 4
_UNKNOWN = 1_000_000_000
"""Pictures from this number on are not remembered."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pictures are remembered, and how often one is looked up."""

    few: int = 10_000
    many: int = 1_000_000
    lookups: int = 60


@dataclass(frozen=True, slots=True)
class ChanceBank:
    """A store of ``pictures`` with hashes by chance, the same whenever it is asked."""

    pictures: int

    async def revision(self, guild_id: int) -> int:
        """Return a figure that stays as it is."""
        return self.pictures

    async def changes(self, guild_id: int, after: int) -> BankChanges:
        """Return the next page."""
        last = min(self.pictures, after + _PAGE)
        added = await asyncio.to_thread(lambda: [_entry(one) for one in range(after + 1, last + 1)])
        return BankChanges(last, added)

    async def add(self, entries: Sequence[BankEntry]) -> int:
        """Take nothing."""
        raise NotImplementedError

    async def remove(self, guild_id: int, entry_ids: Collection[int]) -> int:
        """Give nothing away."""
        raise NotImplementedError

    async def listed(
        self, guild_id: int, kind: BankKind, *, offset: int = 0, limit: int = 25
    ) -> tuple[int, Sequence[BankEntry]]:
        """List nothing."""
        raise NotImplementedError


async def measure(plan: Plan) -> dict[str, Figure]:
    """Look up copies of remembered pictures, and others, in turn."""
    few, _ = await _lookups(plan.few, plan.lookups)
    many, load_seconds = await _lookups(plan.many, plan.lookups)
    return {
        "banked": plan.many,
        "lookup_p50_ms": percentile(many, 0.5) * 1000,
        "lookup_p99_ms": percentile(many, 0.99) * 1000,
        "lookup_ratio": percentile(many, 0.5) / percentile(few, 0.5),
        "bank_loaded_s": load_seconds,
    }


async def _lookups(pictures: int, lookups: int) -> tuple[list[float], float]:
    bank = MemoryBank(ChanceBank(pictures))
    began = time.perf_counter()
    await bank.match(_GUILD, Fingerprint("0" * 64))
    load_seconds = time.perf_counter() - began
    chance = random.Random(9)
    taken: list[float] = []
    for number in range(lookups):
        known = number % 2 == 0
        hashes = (
            _copy(chance.randint(1, pictures), chance) if known else _hashes(_UNKNOWN + number, 1)
        )
        began = time.perf_counter()
        found = await bank.match(_GUILD, Fingerprint(f"{number:064x}", hashes))
        taken.append(time.perf_counter() - began)
        if bool(found) is not known:
            raise RuntimeError("a picture was not recognised, or one that nobody remembers was")
    return taken, load_seconds


def _entry(number: int) -> BankEntry:
    hashes = _hashes(number, _VIEWS)
    views = Views(hashes=hashes, whole=hashes[:2])
    return BankEntry(number, _GUILD, BankKind.BLOCKED, (), None, views)


def _hashes(seed: int, views: int) -> tuple[Hash64, ...]:
    chance = random.Random(seed)
    return tuple(chance.getrandbits(64) for _ in range(2 * views))


def _copy(number: int, chance: random.Random) -> tuple[Hash64, ...]:
    """Return a remembered picture's hash with a few bits changed."""
    coarse, fine = _hashes(number, 1)
    for bit in chance.sample(range(64), _CHANGED_BITS):
        coarse ^= 1 << bit
    return coarse, fine
