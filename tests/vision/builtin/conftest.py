"""One reader for the whole room: what these tests see went through both real child processes."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.answer import Answer
from bot.domain.task import Parameters, Question, TaskName
from bot.media.preparer import HANDLER, PicturePreparer
from bot.vision.builtin import BuiltinEngine
from bot.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Road:
    """From the bytes a person uploads to the Answer."""

    preparer: PicturePreparer
    engine: BuiltinEngine

    async def ask(self, data: bytes, task: TaskName = TaskName.OCR, **parameters: Any) -> Answer:
        """Prepare and answer; parameters as in ``Parameters``."""
        chosen = Parameters(**parameters)
        picture = await self.preparer.prepare(data, self.engine.needs_for(task, chosen))
        events = [event async for event in self.engine.stream(Question(task, chosen, picture))]
        (answer,) = events
        return answer

    async def words(self, data: bytes) -> str:
        """Prepare, and return what rules are given."""
        needs = self.engine.needs_for(TaskName.OCR, Parameters())
        return await self.engine.words(await self.preparer.prepare(data, needs))


@pytest.fixture(scope="package", autouse=True)
def _without_tesseract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever this machine has installed, the room reads with the bundled model alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
        yield


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def road(_without_tesseract: None) -> AsyncIterator[Road]:
    decoder = WorkerPool(HANDLER, size=1, memory_bytes=1024**3, timeout_seconds=20)
    async with decoder, BuiltinEngine(timeout_seconds=120) as engine:
        yield Road(PicturePreparer(decoder), engine)
