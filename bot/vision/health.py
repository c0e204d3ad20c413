"""Notice when an engine goes down and when it is back, and say each once."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.answer import EngineEvent
from bot.domain.clock import utc_now
from bot.domain.errors import AnswerInterrupted, EngineError, EngineTimeout, EngineUnavailable
from bot.domain.picture import PictureNeeds
from bot.domain.ports import Engine, EngineStatus, Room
from bot.domain.task import Asked, Parameters, TaskName

_log = structlog.get_logger(__name__)


PROBE_EVERY_SECONDS = 15.0


def is_outage(error: EngineError) -> bool:
    """Say whether ``error`` means that nothing answers at the engine's address."""
    return isinstance(error, EngineUnavailable) or (
        isinstance(error, EngineTimeout) and error.phase == "connect"
    )


class WatchedEngine:
    """An engine that knows since when it is down.

    Every request and every ``status`` call is evidence; one ``engine_down`` and one ``engine_up``
    line are logged per outage. While it is down it is asked again every ``probe_every_seconds``
    (None for never), so that its return is noticed without traffic; ``aclose`` ends that.
    ``clock`` gives UTC times.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime] = utc_now,
        probe_every_seconds: float | None = PROBE_EVERY_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = engine.name
        self._engine = engine
        self._clock = clock
        self._probe_every_seconds = probe_every_seconds
        self._sleep = sleep
        self._down_since: datetime | None = None
        self._failed_at: datetime | None = None
        self._last_outage: tuple[datetime, datetime] | None = None
        self._prober: asyncio.Task[None] | None = None

    @property
    def down_since(self) -> datetime | None:
        """When the engine stopped answering (UTC), None while it answers."""
        return self._down_since

    @property
    def failed_at(self) -> datetime | None:
        """When it was last found down (UTC), None while it answers."""
        return self._failed_at

    def model_for(self, task: TaskName) -> str:
        """Name the model that would answer ``task``."""
        return self._engine.model_for(task)

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        """Say what a picture must be for ``task``."""
        return self._engine.needs_for(task, parameters)

    def room(self) -> Room | None:
        """Say how much a Dialogue may hold."""
        return self._engine.room()

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        """Yield what the engine yields; raises what it raises."""
        try:
            async with aclosing(self._engine.stream(question)) as events:
                async for event in events:
                    self._is_up()
                    yield event
        except EngineError as error:
            if is_outage(error):
                self._is_down()
            elif not isinstance(error, EngineTimeout | AnswerInterrupted):
                self._is_up()  # a refusal comes from an engine that is there
            raise

    async def status(self) -> EngineStatus:
        """Ask the engine how it is, and add what is known of its outages."""
        status = await self._engine.status()
        if status.ready or status.version:
            self._is_up()
        else:
            self._is_down()
        return replace(status, down_since=self._down_since, last_outage=self._last_outage)

    async def aclose(self) -> None:
        """Stop probing for good."""
        self._probe_every_seconds = None
        prober, self._prober = self._prober, None
        if prober is not None:
            prober.cancel()
            await asyncio.gather(prober, return_exceptions=True)

    def _is_down(self) -> None:
        self._failed_at = self._clock()
        if self._down_since is not None:
            return
        self._down_since = self._failed_at
        _log.warning("engine_down", engine=self.name)
        if self._probe_every_seconds is not None and (self._prober is None or self._prober.done()):
            self._prober = asyncio.create_task(self._probe(self._probe_every_seconds))

    def _is_up(self) -> None:
        if self._down_since is None:
            return
        now = self._clock()
        _log.info(
            "engine_up",
            engine=self.name,
            down_seconds=round((now - self._down_since).total_seconds(), 1),
        )
        self._last_outage = (self._down_since, now)
        self._down_since = self._failed_at = None

    async def _probe(self, every_seconds: float) -> None:
        while self._down_since is not None:
            await self._sleep(every_seconds)
            await self.status()
