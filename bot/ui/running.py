"""Answers under way: who may stop them, and how they end when Lookout does."""

import asyncio
import contextlib
import contextvars
import enum
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog


class Stop(enum.StrEnum):
    """Why an answer was stopped before its end."""

    CANCELLED = "cancelled"
    SHUTDOWN = "shutdown"
    WITHDRAWN = "withdrawn"
    """The question was deleted or asked in other words: there is nothing to say."""


@dataclass(slots=True)
class Run:
    """One answer under way. ``reference`` is what the person and the log both read."""

    id: int
    reference: str
    asker_id: int
    place_id: int | None = None
    """The message of an older answer whose place this one takes."""
    turn_id: int | None = None
    """The turn of a conversation that it answers."""
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when what is written so far is to be the answer."""
    stopped: Stop | None = None
    task: asyncio.Task[None] | None = None


Stopping = Callable[[], Awaitable[None]]


class Running:
    """Keeps answers in tasks of their own, so that a command returns as soon as it is accepted.

    The tasks run in the context in which this object was made, or in one it adopted since: not in
    the caller's, who may be measured or simulated.
    """

    def __init__(self) -> None:
        self._context = contextvars.copy_context()
        self._runs: dict[int, Run] = {}
        self._claimed: set[int] = set()
        self._closing = False
        self._stops: list[Stopping] = []

    def adopt(self, context: contextvars.Context) -> None:
        """Run later answers in a copy of ``context``."""
        self._context = context

    def start(
        self,
        asker_id: int,
        work: Callable[[Run], Awaitable[None]],
        *,
        place_id: int | None = None,
        turn_id: int | None = None,
    ) -> None:
        """Begin ``work``; it is handed its Run, which is stopped already while closing."""
        run = Run(secrets.randbits(48), secrets.token_hex(4).upper(), asker_id, place_id, turn_id)
        if self._closing:
            run.stopped = Stop.SHUTDOWN
        self._runs[run.id] = run
        run.task = self._context.copy().run(asyncio.create_task, self._keep(run, work))
        run.task.add_done_callback(lambda _: self._runs.pop(run.id, None))

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Begin work that goes on by itself, in the context of answers; its caller keeps it."""
        return self._context.copy().run(asyncio.create_task, work, name=name)

    async def _keep(self, run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
        structlog.contextvars.bind_contextvars(reference=run.reference)
        await work(run)

    def is_replacing(self, message_id: int) -> bool:
        """Say whether the answer in a message is being replaced right now."""
        return any(run.place_id == message_id for run in self._runs.values())

    @contextlib.contextmanager
    def claimed(self, message_id: int) -> Iterator[bool]:
        """Hold the place of a message until an answer has begun to replace it.

        Yields False when somebody holds it, or is replacing it, already.
        """
        if message_id in self._claimed or self.is_replacing(message_id):
            yield False
            return
        self._claimed.add(message_id)
        try:
            yield True
        finally:
            self._claimed.discard(message_id)

    def of_turn(self, turn_id: int) -> Run | None:
        """Return the run that answers a turn, while it is under way."""
        return next((run for run in self._runs.values() if run.turn_id == turn_id), None)

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

    def at_close(self, stop: Stopping) -> None:
        """Have ``stop`` awaited first thing in ``close``, once; it raises nothing."""
        self._stops.append(stop)

    async def close(self, grace_seconds: float) -> None:
        """Let answers finish for ``grace_seconds``; the rest are stopped and say so."""
        self._closing = True
        while self._stops:
            await self._stops.pop()()
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_seconds)
        for run in list(self._runs.values()):
            self.stop(run, Stop.SHUTDOWN)
        await self.idle()
