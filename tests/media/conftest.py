"""One worker for the whole room: what these tests see went through a real child process."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.domain.picture import Picture, PictureNeeds
from bot.media.preparer import HANDLER, PicturePreparer
from bot.workers.pool import WorkerPool

Prepare = Callable[..., Picture]
MEMORY_BYTES = 1024**3


@pytest.fixture(scope="session")
def worker() -> Iterator[tuple[asyncio.Runner, WorkerPool]]:
    with asyncio.Runner() as runner:
        pool = WorkerPool(
            HANDLER, size=1, memory_bytes=MEMORY_BYTES, timeout_seconds=20, recycle_after=1_000_000
        )
        runner.run(pool.start())
        yield runner, pool
        runner.run(pool.close())


@pytest.fixture(scope="session")
def prepare(worker: tuple[asyncio.Runner, WorkerPool]) -> Prepare:
    """``prepare(data, **needs)``: the Picture, or its PictureError."""
    runner, pool = worker
    preparer = PicturePreparer(pool)

    def run(
        data: bytes, *, background: tuple[int, int, int] | None = None, **needs: Any
    ) -> Picture:
        extra = {} if background is None else {"background": background}
        return runner.run(preparer.prepare(data, PictureNeeds(**needs), **extra))

    return run
