"""Looking uploads up among a server's remembered pictures."""

import asyncio
import importlib.util
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.errors import ConfigError
from bot.domain.moderation.fingerprint import BankMatch, Fingerprint
from bot.domain.moderation.ports import BankStore

if TYPE_CHECKING:
    from bot.media.bank_index import BankIndex

_IN_THE_LOOP_ROWS = 20_000
"""Fewer hashes are looked through in less time than it takes to reach a thread (about 0.1 ms)."""
_LEAST_COST_ROWS = 1_000


def _empty_index() -> "BankIndex":
    from bot.media.bank_index import BankIndex  # noqa: PLC0415 - numpy only where it is used

    return BankIndex()


@dataclass(slots=True)
class _Guild:
    """What is loaded of one server."""

    index: "BankIndex"
    revision: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class MemoryBank:
    """Implements ``Bank`` over ``store``: an index in memory for each server that is active.

    What was added or removed meanwhile is loaded before every match, so each costs one cheap look
    at the store. Servers that were not asked about for longest are let go when all together hold
    more than ``max_rows`` hashes (about 25 bytes each). Raises ConfigError without the extra
    ``moderation``.
    """

    def __init__(self, store: BankStore, *, max_rows: int = 16_000_000) -> None:
        if importlib.util.find_spec("numpy") is None:
            raise ConfigError(("moderation: needs the extra `moderation` (numpy)",))
        self._store = store
        self._max_rows = max_rows
        self._guilds: OrderedDict[int, _Guild] = OrderedDict()

    async def match(self, guild_id: int, fingerprint: Fingerprint) -> tuple[BankMatch, ...]:
        """Return the best match of each kind: BLOCKED, ALLOWED and SEEN, in that order.

        Raises StorageFailed.
        """
        if guild_id not in self._guilds:
            index = await asyncio.to_thread(_empty_index)  # the first one imports numpy
            self._guilds.setdefault(guild_id, _Guild(index))
        guild = self._guilds[guild_id]
        self._guilds.move_to_end(guild_id)
        async with guild.lock:
            newest = await self._store.revision(guild_id)
            if newest != guild.revision:
                await self._refresh(guild_id, guild, newest)
                self._let_go()
            if guild.index.rows <= _IN_THE_LOOP_ROWS:
                return guild.index.match(fingerprint)
            return await asyncio.to_thread(guild.index.match, fingerprint)

    async def _refresh(self, guild_id: int, guild: _Guild, newest: int) -> None:
        """Load what is new, page by page, up to a revision."""
        while True:
            changes = await self._store.changes(guild_id, guild.revision)
            if changes.revision < guild.revision:  # all of it was forgotten meanwhile
                guild.index = _empty_index()
            try:
                await asyncio.to_thread(guild.index.apply, changes.added, changes.removed_ids)
            except BaseException:  # cancelled: the thread goes on, with an index that nobody uses
                guild.index, guild.revision = _empty_index(), 0
                raise
            before, guild.revision = guild.revision, changes.revision
            if guild.revision == before or guild.revision >= newest:
                return

    def _let_go(self) -> None:
        """Forget the servers that were used least recently; the newest stays whatever it takes."""
        costs = {
            guild_id: max(_LEAST_COST_ROWS, guild.index.rows)
            for guild_id, guild in self._guilds.items()
        }
        total = sum(costs.values())
        for guild_id, cost in list(costs.items())[:-1]:
            if total <= self._max_rows:
                return
            del self._guilds[guild_id]
            total -= cost
