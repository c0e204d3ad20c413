"""A handler that does as it is told, and workers that give it jobs."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot.domain.moderation.jobs import Job, JobKind
from bot.services.moderation.circuit import Circuit
from bot.services.moderation.worker import Lane, Worker
from tests.services.moderation.memory_queue import MemoryQueue

ATTEMPTS = 3
Do = Callable[[Job], Coroutine[Any, Any, None]]


async def _nothing(_: Job) -> None:
    """Succeed at once."""


@dataclass
class Scripted:
    """A handler that does what it is told, and remembers what it was given."""

    do: Do = _nothing
    handled: list[Job] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    on_give_up: Do = _nothing
    at: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def subjects(self) -> list[int]:
        return [job.subject_id for job in self.handled]

    async def handle(self, job: Job) -> None:
        self.handled.append(job)
        self.at.append(asyncio.get_running_loop().time())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.do(job)
        finally:
            self.at_once -= 1

    async def give_up(self, job: Job) -> None:
        await self.on_give_up(job)
        self.given_up.append(job.subject_id)


def lane(handler: Scripted, parallel: int = 1, circuit: Circuit | None = None) -> Lane:
    return Lane(JobKind.JUDGE, handler, parallel, circuit)


def worker_of(queue: MemoryQueue, *lanes: Lane) -> Worker:
    return Worker(queue, lanes, attempts=ATTEMPTS, chance=random.Random(1))


async def drain(queue: MemoryQueue, *lanes: Lane) -> None:
    worker = worker_of(queue, *lanes)
    worker.start()
    await worker.idle()
    await worker.stop(0)
