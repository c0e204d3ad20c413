"""Answer from a second engine while the first is down, for the tasks it can do.

Which engine answers may change between two calls, so whoever keeps answers follows one rule:
**look an answer up under the engine that** ``would_use`` **names, keep it under the engine and
model that the Answer names.** An answer of the second engine then never passes for one of the
first, even if the first goes down between the look-up and the answer.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.answer import Answer, EngineEvent, Reset
from bot.domain.clock import utc_now
from bot.domain.errors import CannotAnswer, EngineError, EngineUnavailable
from bot.domain.picture import Note, PictureNeeds
from bot.domain.ports import Engine, EngineStatus, Room
from bot.domain.task import Asked, Parameters, TaskName
from bot.vision.health import WatchedEngine, is_outage

_log = structlog.get_logger(__name__)

BACK_OFF_SECONDS = 20.0
"""How long an engine found down is left alone, so that nobody waits for it in vain each time."""


class FallbackEngine:
    """``primary`` wherever it answers; for ``tasks``, ``fallback`` while it is down.

    Once the primary was found down, by a request or by its own watch, those tasks do not try it for
    ``back_off_seconds``, unless it is found up again earlier. A watch that probes more often than
    that spares everybody the wait. ``clock`` gives UTC times, as the primary's does.
    """

    def __init__(
        self,
        primary: WatchedEngine,
        fallback: Engine,
        tasks: frozenset[TaskName],
        *,
        back_off_seconds: float = BACK_OFF_SECONDS,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = primary.name
        self._primary = primary
        self._fallback = fallback
        # A conversation goes on with the model that led it so far, or waits for it.
        self._tasks = tasks - {TaskName.ASK}
        self._back_off = timedelta(seconds=back_off_seconds)
        self._clock = clock

    def would_use(self, task: TaskName) -> Engine:
        """Return the engine that would be asked for ``task`` at this moment.

        Its ``name``, ``model_for`` and ``needs_for`` belong together: take all three from the one
        object for the length of a request.
        """
        failed_at = self._primary.failed_at
        if task not in self._tasks or failed_at is None:
            return self._primary
        return self._fallback if self._clock() < failed_at + self._back_off else self._primary

    def model_for(self, task: TaskName) -> str:
        """Name the model that would answer ``task`` at this moment."""
        return self.would_use(task).model_for(task)

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        """Say what a picture must be for the engine that would answer at this moment."""
        return self.would_use(task).needs_for(task, parameters)

    def room(self) -> Room | None:
        """Say how much a Dialogue may hold: the primary's answer, as nobody stands in for it."""
        return self._primary.room()

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        """Yield what the primary yields; begin again with the fallback when it is down.

        An Answer of the fallback carries ``Note.FALLBACK_READER``. Raises what the primary raises,
        and EngineUnavailable when the fallback cannot help either.
        """
        if self.would_use(question.task) is self._fallback:
            async with aclosing(self._from_fallback(question)) as events:
                async for event in events:
                    yield event
            return
        streamed = False
        try:
            async with aclosing(self._primary.stream(question)) as events:
                async for event in events:
                    streamed = True
                    yield event
        except EngineError as error:
            if not is_outage(error) or question.task not in self._tasks:
                raise
        else:
            return
        if streamed:
            yield Reset()
        async with aclosing(self._from_fallback(question)) as events:
            async for event in events:
                yield event

    async def status(self) -> EngineStatus:
        """Return the primary's status, with the models that answer at this moment."""
        status = await self._primary.status()
        models = tuple((task, self.model_for(task)) for task, _ in status.models)
        standing_in = any(self.would_use(task) is self._fallback for task in self._tasks)
        return replace(status, models=models, standing_in=standing_in)

    async def _from_fallback(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        _log.info("fallback_used", engine=self._fallback.name, task=question.task)
        try:
            async with aclosing(self._fallback.stream(question)) as events:
                async for event in events:
                    if isinstance(event, Answer):
                        yield replace(event, notes=(*event.notes, Note.FALLBACK_READER))
                    else:
                        yield event
        except (EngineError, CannotAnswer) as error:
            # The outage is what the person should hear of, not the stand-in's trouble.
            _log.warning("fallback_failed", engine=self._fallback.name, error=type(error).__name__)
            raise EngineUnavailable from error
