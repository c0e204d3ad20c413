"""One engine call for everybody who asks the same thing at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.domain.answer import Answer
from bot.domain.ports import AnswerKey
from bot.services.progress import Part

Listener = Callable[[Part], None]
Start = Callable[[Listener], Coroutine[Any, Any, Answer]]


class _Run:
    """A call under way and those who wait for it."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.last = Part()
        self.task: asyncio.Task[Answer] | None = None

    def tell(self, part: Part) -> None:
        self.last = part
        for listener in tuple(self.listeners):
            listener(part)


class Sharing:
    """Joins equal questions. A call goes on while one person waits for it, and no longer."""

    def __init__(self) -> None:
        self._runs: dict[AnswerKey, _Run] = {}

    async def join(self, key: AnswerKey, start: Start, listen: Listener) -> Answer:
        """Return the answer of the call for ``key``, starting it when nobody has.

        ``listen`` hears the call's progress, its present state at once. Cancelling the last one
        who waits cancels the call. Raises what ``start`` raises.
        """
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = _Run()
            run.task = asyncio.create_task(self._keep(key, run, start(run.tell)))
        else:
            listen(run.last)
        assert run.task is not None
        run.listeners.append(listen)
        try:
            return await asyncio.shield(run.task)
        finally:
            run.listeners.remove(listen)
            if not run.listeners and not run.task.done():
                self._forget(key, run)
                run.task.cancel()
                await asyncio.wait([run.task])

    async def _keep(self, key: AnswerKey, run: _Run, call: Awaitable[Answer]) -> Answer:
        try:
            return await call
        finally:
            self._forget(key, run)

    def _forget(self, key: AnswerKey, run: _Run) -> None:
        if self._runs.get(key) is run:
            del self._runs[key]
