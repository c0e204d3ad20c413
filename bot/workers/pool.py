"""A pool of worker processes: hostile work costs one job, never the bot.

Each slot of the pool is a task made at ``start``, and only these tasks touch the pipes; callers
wait on futures. A slot gives its process one job at a time and kills it on timeout, on
cancellation and after any failure, so a late answer has no pipe left to arrive by.
"""

import asyncio
import contextlib
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import structlog

from bot.domain.errors import Interrupted
from bot.workers import wire
from bot.workers.failure import WorkerFailure
from bot.workers.process import Reply, WorkerProcess

__all__ = ["Reply", "WorkerFailure", "WorkerPool"]

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Job:
    reply: asyncio.Future[Reply]
    timeout_seconds: float
    request: bytes = field(repr=False)
    body: bytes = field(repr=False)


class WorkerPool:
    """Up to ``size`` processes that run ``handler`` (``"package.module:function"``).

    The handler is ``def handle(head: dict, body: bytes) -> tuple[dict, Sequence[bytes]]``; heads
    are JSON objects. ``memory_bytes`` is what a process may take above its size after importing
    the handler (enforced on Linux only; macOS and Windows have the time limit alone).
    ``timeout_seconds`` is wall time per job, from the moment a worker takes it. A process is
    replaced after ``recycle_after`` jobs.
    """

    def __init__(
        self,
        handler: str,
        *,
        size: int,
        memory_bytes: int,
        timeout_seconds: float,
        recycle_after: int = 200,
    ) -> None:
        if size < 1:
            raise ValueError("a pool has at least one worker")
        self._handler = handler
        self._size = size
        self._memory_bytes = memory_bytes
        self._timeout_seconds = timeout_seconds
        self._recycle_after = recycle_after
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._workers: dict[int, WorkerProcess] = {}
        self._slots: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self, *, warm: bool = False) -> None:
        """Accept jobs from now on.

        Processes start with the first jobs, or in the background at once when ``warm``.
        """
        if not self._slots:
            slots = range(self._size)
            self._slots = [asyncio.create_task(self._slot(number, warm=warm)) for number in slots]

    async def close(self) -> None:
        """Kill every worker; whoever still waits gets Interrupted."""
        slots, self._slots = self._slots, []
        for slot in slots:
            slot.cancel()
        await asyncio.gather(*slots, return_exceptions=True)
        while not self._jobs.empty():
            _fail(self._jobs.get_nowait(), Interrupted())

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Ids of the processes that run now, for measuring."""
        return tuple(worker.id for worker in self._workers.values() if worker.alive)

    async def run(
        self, head: Mapping[str, Any], body: bytes = b"", *, timeout_seconds: float | None = None
    ) -> Reply:
        """Run one job on the next free worker. Cancelling kills the worker that runs it.

        Raises WorkerFailure, or Interrupted when the pool is closed or closing.
        """
        if not self._slots:
            raise Interrupted
        limit = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        cpu_seconds = limit * (os.cpu_count() or 1)
        request = wire.pack({"head": dict(head), "cpu_seconds": cpu_seconds}, len(body))
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(_Job(reply, limit, request, body))
        return await reply

    async def _slot(self, number: int, *, warm: bool) -> None:
        try:
            while True:
                if warm:
                    with contextlib.suppress(WorkerFailure):  # the next job tries again
                        await self._worker(number)
                job = await self._jobs.get()
                if not job.reply.done():
                    await self._serve(number, job)
                    warm = True  # a replacement is ready before it is needed
                del job  # a waiting slot must not hold the last picture
        finally:
            await self._retire(number)

    async def _serve(self, number: int, job: _Job) -> None:
        """Settle ``job``, whatever happens to the worker."""
        try:
            worker = await self._worker(number)
            if job.reply.done():
                return
            job.reply.add_done_callback(functools.partial(_kill_if_cancelled, worker))
            reply = await worker.exchange(
                job.request, job.body, timeout_seconds=job.timeout_seconds
            )
        except WorkerFailure as failure:
            if not job.reply.cancelled():
                _log.warning("worker_failed", handler=self._handler, reason=failure.reason)
            _fail(job, failure)
            await self._retire(number)
            return
        except asyncio.CancelledError:
            _fail(job, Interrupted())
            raise
        if not job.reply.done():
            job.reply.set_result(reply)
        if job.reply.cancelled() or worker.jobs_done >= self._recycle_after:
            # After a cancellation the callback may still be due: it must not find a later job.
            await self._retire(number)

    async def _worker(self, number: int) -> WorkerProcess:
        worker = self._workers.get(number)
        if worker is not None and worker.alive:
            return worker
        await self._retire(number)
        worker = await WorkerProcess.spawn(self._handler, self._memory_bytes)
        self._workers[number] = worker
        await worker.wait_until_ready()
        return worker

    async def _retire(self, number: int) -> None:
        """Kill and reap; when this is cancelled, the next call does the rest."""
        worker = self._workers.get(number)
        if worker is not None:
            await worker.close()
            del self._workers[number]


def _fail(job: _Job, error: Exception) -> None:
    if not job.reply.done():
        job.reply.set_exception(error)


def _kill_if_cancelled(worker: WorkerProcess, reply: asyncio.Future[Reply]) -> None:
    if reply.cancelled():
        worker.kill()
