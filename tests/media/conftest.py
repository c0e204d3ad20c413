"""One worker for the whole room: what these tests see went through a real child process."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.domain.errors import PictureError
from bot.domain.moderation.fingerprint import Views
from bot.domain.moderation.ports import Examined
from bot.domain.picture import Frame, Picture, PictureNeeds
from bot.media import examiner
from bot.media.examiner import PictureExaminer
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


class Eyes:
    """``PictureExaminer`` for tests that wait for nothing else."""

    def __init__(self, runner: asyncio.Runner, pool: WorkerPool) -> None:
        self._runner = runner
        self._examiner = PictureExaminer(pool)

    def examine(self, data: bytes) -> Examined:
        return self._runner.run(self._examiner.examine(data))

    def outcome(self, data: bytes) -> Examined | PictureError:
        try:
            return self.examine(data)
        except PictureError as refusal:
            return refusal

    def views(self, *frames: Frame) -> Views:
        return self._runner.run(self._examiner.views(frames))

    def thumbnail(self, frame: Frame) -> bytes:
        return self._runner.run(self._examiner.thumbnail(frame))


@pytest.fixture(scope="session")
def eyes() -> Iterator[Eyes]:
    with asyncio.Runner() as runner:
        pool = WorkerPool(
            examiner.HANDLER,
            size=1,
            memory_bytes=MEMORY_BYTES,
            timeout_seconds=20,
            recycle_after=1_000_000,
        )
        runner.run(pool.start())
        yield Eyes(runner, pool)
        runner.run(pool.close())
