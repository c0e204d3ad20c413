"""Answers under way: who may stop them, and how they end when Lookout does."""

import asyncio
import contextvars
import enum
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog


class Stop(enum.StrEnum):
    """Why an answer was stopped before its end."""

    CANCELLED = "cancelled"
    SHUTDOWN = "shutdown"


@dataclass(slots=True)
class Run:
    """One answer under way. ``reference`` is what the person and the log both read."""

    id: int
    reference: str
    asker_id: int
    stopped: Stop | None = None
    task: asyncio.Task[None] | None = None


class Running:
    """Keeps answers in tasks of their own, so that a command returns as soon as it is accepted.

    The tasks run in the context in which this object was made, or in one it adopted since: not in
    the caller's, who may be measured or simulated.
    """

    def __init__(self) -> None:
        self._context = contextvars.copy_context()
        self._runs: dict[int, Run] = {}
        self._closing = False

    def adopt(self, context: contextvars.Context) -> None:
        """Run later answers in a copy of ``context``."""
        self._context = context

    def start(self, asker_id: int, work: Callable[[Run], Awaitable[None]]) -> Run:
        """Begin ``work``; it is handed its Run."""
        run = Run(secrets.randbits(48), secrets.token_hex(4).upper(), asker_id)
        self._runs[run.id] = run
        run.task = self._context.copy().run(asyncio.create_task, self._keep(run, work))
        if self._closing:
            run.stopped = Stop.SHUTDOWN
            run.task.cancel()
        return run

    async def _keep(self, run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
        structlog.contextvars.bind_contextvars(reference=run.reference)
        try:
            await work(run)
        finally:
            del self._runs[run.id]

    def get(self, run_id: int) -> Run | None:
        """Return a run that is still under way."""
        return self._runs.get(run_id)

    def stop(self, run: Run, reason: Stop) -> None:
        """Stop a run; it says so to the person itself."""
        if run.task is not None and run.stopped is None:
            run.stopped = reason
            run.task.cancel()

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while tasks := [run.task for run in self._runs.values() if run.task is not None]:
            await asyncio.wait(tasks)

    async def close(self, grace_seconds: float) -> None:
        """Let answers finish for ``grace_seconds``; the rest are stopped and say so."""
        self._closing = True
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_seconds)
        for run in list(self._runs.values()):
            self.stop(run, Stop.SHUTDOWN)
        await self.idle()
