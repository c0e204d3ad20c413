"""Originals: fetched, prepared and let go of again, few at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.domain.picture import Picture, PictureNeeds, PictureRef
from bot.domain.ports import Engine, Fetcher, Preparer
from bot.domain.task import Parameters, TaskName

Prepare = Callable[[PictureNeeds], Awaitable[Picture]]


@dataclass(slots=True)
class Originals:
    """What everybody who needs pictures shares.

    ``hold`` bounds how many originals are in memory at once (fetched and not yet prepared),
    ``max_frames`` how many frames of an animation a model is shown.
    """

    fetcher: Fetcher
    preparer: Preparer
    hold: int = 4
    max_frames: int = 4
    _holding: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._holding = asyncio.Semaphore(self.hold)

    def needs(self, engine: Engine, task: TaskName, parameters: Parameters) -> PictureNeeds:
        """Say what a picture must be for ``engine``, with no more frames than allowed."""
        needs = engine.needs_for(task, parameters)
        return replace(needs, max_frames=min(needs.max_frames, self.max_frames))

    @asynccontextmanager
    async def opened(self, source: PictureRef) -> AsyncIterator[Prepare]:
        """Hold an original for the length of the block; the target prepares it, more than once too.

        Raises what fetching raises; preparing raises a PictureError.
        """
        async with self._holding:
            data = await self.fetcher.fetch(source)
            yield lambda needs: self.preparer.prepare(data, needs)

    async def get(self, source: PictureRef, needs: PictureNeeds) -> Picture:
        """Fetch and prepare one picture. Raises what fetching and preparing raise."""
        async with self.opened(source) as prepare:
            return await prepare(needs)

    async def prepare_again(self, data: bytes, needs: PictureNeeds) -> Picture:
        """Prepare what is at hand already, such as a kept copy."""
        async with self._holding:
            return await self.preparer.prepare(data, needs)
