"""How long it takes to look a picture up among very many remembered ones."""

import asyncio
import random
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from bench.figures import Figure, percentile
from bot.domain.moderation.fingerprint import BankEntry, BankKind, Fingerprint, Hash64, Views
from bot.domain.moderation.ports import BankChanges
from bot.media.bank import MemoryBank

_GUILD = 1
_PAGE = 20_000
_VIEWS = 7
"""Hashes of one picture: the whole, five crops, the mirror image."""
_CHANGED_BITS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pictures are remembered, and how often one is looked up."""

    few: int = 10_000
    many: int = 1_000_000
    lookups: int = 60


@dataclass(frozen=True, slots=True)
class ChanceBank:
    """A store of ``pictures`` whose hashes are left to chance."""

    pictures: int
    known: list[Sequence[Hash64]] = field(default_factory=list)
    """The hashes of one picture of each page that was asked for."""

    async def revision(self, guild_id: int) -> int:
        """Return a figure that stays as it is."""
        return self.pictures

    async def changes(self, guild_id: int, after: int) -> BankChanges:
        """Return the next page."""
        last = min(self.pictures, after + _PAGE)
        return BankChanges(last, await asyncio.to_thread(self._entries, after, last))

    def _entries(self, after: int, last: int) -> list[BankEntry]:
        chance = np.random.default_rng(after)
        drawn = chance.integers(0, 2**64, (last - after, 2 * _VIEWS), np.uint64).tolist()
        self.known.extend(drawn[-1:])
        return [
            BankEntry(number, _GUILD, BankKind.BLOCKED, (), None, _views(tuple(hashes)))
            for number, hashes in enumerate(drawn, after + 1)
        ]

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
    store = ChanceBank(pictures)
    bank = MemoryBank(store)
    began = time.perf_counter()
    await bank.match(_GUILD, _looked_up(0, ()))
    load_seconds = time.perf_counter() - began
    chance = random.Random(9)
    taken: list[float] = []
    for number in range(lookups):
        known = number % 2 == 0
        hashes = _copy(chance.choice(store.known), chance) if known else _other(chance)
        began = time.perf_counter()
        found = await bank.match(_GUILD, _looked_up(number, hashes))
        taken.append(time.perf_counter() - began)
        if bool(found) is not known:
            raise RuntimeError("a picture was not recognised, or one that nobody remembers was")
    return taken, load_seconds


def _looked_up(number: int, hashes: tuple[Hash64, ...]) -> Fingerprint:
    return Fingerprint(sha256(number.to_bytes(8, "big")).hexdigest(), hashes)


def _views(hashes: tuple[Hash64, ...]) -> Views:
    return Views(hashes=hashes, whole=hashes[:2])


def _copy(hashes: Sequence[Hash64], chance: random.Random) -> tuple[Hash64, ...]:
    """Return a view of a remembered picture with a few bits changed."""
    view = 2 * chance.randrange(_VIEWS)
    coarse, fine = hashes[view : view + 2]
    for bit in chance.sample(range(64), _CHANGED_BITS):
        coarse ^= 1 << bit
    return coarse, fine


def _other(chance: random.Random) -> tuple[Hash64, ...]:
    return chance.getrandbits(64), chance.getrandbits(64)
