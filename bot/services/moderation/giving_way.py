"""A turn at the engine that is given up when a person waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.domain.ports import Asker, Gate, Priority


class GaveWay(Exception):
    """A person waited: what was asked of the engine was stopped, and may be asked again."""


@asynccontextmanager
async def background_turn(
    gate: Gate, asker: Asker, *, may_give_way: bool = True
) -> AsyncIterator[None]:
    """Wait for a turn in the background and hold it; the block is cancelled when a person waits.

    Raises GaveWay then, and what the gate raises.
    """
    try:
        async with asyncio.timeout(None) as patience:
            now = asyncio.get_running_loop().time
            async with gate.admit(
                asker,
                priority=Priority.BACKGROUND,
                on_wanted=(lambda: patience.reschedule(now())) if may_give_way else None,
            ):
                yield
    except TimeoutError:
        if patience.expired():
            raise GaveWay from None
        raise
