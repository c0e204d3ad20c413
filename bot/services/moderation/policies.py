"""Every server's policy: the ones that are switched on in memory, all of them in the store."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from bot.domain.moderation.policy import Policy, PolicyChange
from bot.domain.moderation.ports import PolicyStore


class Policies:
    """What the gateway's events are filtered by at once, and what everything else reads.

    Made in the process that is connected to Discord; ``get`` asks the store each time, so that
    another process judges by what holds now.
    """

    def __init__(self, store: PolicyStore) -> None:
        self._store = store
        self._enabled: dict[int, Policy] = {}
        self._saving = asyncio.Lock()
        self._revising = asyncio.Lock()

    async def open(self) -> None:
        """Read what is switched on. Raises StorageFailed."""
        self._enabled = dict(await self._store.enabled())

    async def get(self, guild_id: int) -> Policy:
        """Return a server's policy as it is kept. Raises StorageFailed."""
        return await self._store.get(guild_id)

    def cached(self, guild_id: int) -> Policy | None:
        """Return a server's policy where it is switched on."""
        return self._enabled.get(guild_id)

    def enabled_guilds(self) -> Collection[int]:
        """Return the servers that are looked after."""
        return tuple(self._enabled)

    async def save(self, guild_id: int, policy: Policy, changes: Sequence[PolicyChange]) -> None:
        """Replace a policy and keep who changed what. Raises StorageFailed; nothing changed then.

        What still waits when moderation is switched off ends as withdrawn.
        """
        async with self._saving:
            await self._store.save(guild_id, policy, changes)
            if policy.enabled:
                self._enabled[guild_id] = policy
            else:
                self._enabled.pop(guild_id, None)

    async def revise(
        self, guild_id: int, revise: Callable[[Policy], tuple[Policy, Sequence[PolicyChange]]]
    ) -> Policy:
        """Change a policy as it is kept now, so that two who change it at once lose nothing.

        Raises StorageFailed, and what ``revise`` raises; nothing changed then.
        """
        async with self._revising:
            policy, changes = revise(await self.get(guild_id))
            if changes:
                await self.save(guild_id, policy, changes)
        return policy

    async def changes(self, guild_id: int, limit: int) -> Sequence[tuple[datetime, PolicyChange]]:
        """Return the newest changes of a policy. Raises StorageFailed."""
        return await self._store.changes(guild_id, limit)

    def forget(self, guild_id: int) -> None:
        """Look after a server no more: Lookout left it."""
        self._enabled.pop(guild_id, None)
