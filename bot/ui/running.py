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
    replaces_id: int | None = None
    """The kept answer whose place this one takes."""
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

    def start(
        self,
        asker_id: int,
        work: Callable[[Run], Awaitable[None]],
        *,
        replaces_id: int | None = None,
    ) -> None:
        """Begin ``work``; it is handed its Run, which is stopped already while closing."""
        run = Run(secrets.randbits(48), secrets.token_hex(4).upper(), asker_id, replaces_id)
        if self._closing:
            run.stopped = Stop.SHUTDOWN
        self._runs[run.id] = run
        run.task = self._context.copy().run(asyncio.create_task, self._keep(run, work))
        run.task.add_done_callback(lambda _: self._runs.pop(run.id, None))

    async def _keep(self, run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
        structlog.contextvars.bind_contextvars(reference=run.reference)
        await work(run)

    def is_replacing(self, posted_id: int) -> bool:
        """Say whether an answer is being replaced right now."""
        return any(run.replaces_id == posted_id for run in self._runs.values())

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
            await asyncio.sleep(0)  # let the callbacks run that take finished ones out

    async def close(self, grace_seconds: float) -> None:
        """Let answers finish for ``grace_seconds``; the rest are stopped and say so."""
        self._closing = True
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_seconds)
        for run in list(self._runs.values()):
            self.stop(run, Stop.SHUTDOWN)
        await self.idle()
