"""The one door to the engine: who may use it now, who is next, and who asked too often.

An engine serves a few requests at a time and queues the rest without a bound, a place or a way to
be fair, so all of that happens here. ``parallel`` are inside at once; ``bot.vision.queue`` decides
who comes next. The queue is bounded, and its last quarter is for people who have nothing waiting
yet, so that nobody fills it alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.domain.errors import Interrupted, QueueFull
from bot.domain.ports import Asker, GateState
from bot.vision.limits import Limits, Meter
from bot.vision.queue import FairQueue, Priority

__all__ = ["Gate", "Limits", "Priority"]


@dataclass(eq=False, slots=True)
class _Waiter:
    """One request that waits; ``granted`` is done once a slot is its own (or none ever will)."""

    person_id: int
    priority: Priority
    on_place: Callable[[int], None] | None
    granted: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    queued: bool = True
    announced: int | None = None


class Gate:
    """Admits requests to the engine; used from one event loop.

    ``parallel`` is how many the engine serves at once, ``queue_limit`` how many may wait,
    ``clock`` gives monotonic seconds.
    """

    def __init__(
        self,
        *,
        parallel: int,
        queue_limit: int,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if parallel < 1 or queue_limit < 0:
            raise ValueError("parallel is at least 1 and queue_limit at least 0")
        self._parallel = parallel
        self._queue_limit = queue_limit
        self._meter = Meter(limits)
        self._clock = clock
        self._queue: FairQueue[_Waiter] = FairQueue()
        self._running = 0
        self._announcing = False
        self._closed = False

    def charge(self, asker: Asker, pictures: int = 1) -> None:
        """Count ``pictures`` against the asker's limits, all or nothing.

        Called before anything slow is done for them. Raises RateLimited.
        """
        self._meter.charge(asker, pictures, self._clock())

    @asynccontextmanager
    async def admit(
        self,
        asker: Asker,
        *,
        priority: Priority = Priority.INTERACTIVE,
        on_place: Callable[[int], None] | None = None,
    ) -> AsyncIterator[None]:
        """Wait for a slot and hold it for the length of the block.

        ``on_place`` is told the request's place (1 = next) when it has to wait and whenever the
        place improves, at most once a turn of the loop and never once the slot is given. It must
        not raise. A place that fairness to a newcomer makes worse is not announced: the number a
        person sees only falls.

        Raises QueueFull at once, Interrupted when the gate is closed or closes meanwhile.
        """
        await self._enter(asker, priority, on_place)
        try:
            yield
        finally:
            self._leave()

    def state(self) -> GateState:
        """Say how busy the gate is, with the true place of everybody's first request."""
        places: dict[int, int] = {}
        for place, waiter in enumerate(self._queue, start=1):
            places.setdefault(waiter.person_id, place)
        return GateState(
            running=self._running,
            waiting=len(self._queue),
            capacity=self._parallel,
            queue_limit=self._queue_limit,
            places=places,
        )

    def close(self) -> None:
        """Let nobody in any more: who waits gets Interrupted, who is inside may finish."""
        self._closed = True
        while self._queue:
            waiter = self._queue.take()
            waiter.queued = False
            if not waiter.granted.done():
                waiter.granted.set_exception(Interrupted())

    async def _enter(
        self, asker: Asker, priority: Priority, on_place: Callable[[int], None] | None
    ) -> None:
        if self._closed:
            raise Interrupted
        if self._running < self._parallel:
            # Nobody waits while a slot is free: _admit_next() hands each one on at once.
            self._running += 1
            return
        self._refuse_when_full(asker, priority)
        waiter = _Waiter(asker.person_id, priority, on_place)
        self._queue.add(waiter)
        self._announce_soon()
        try:
            await waiter.granted
        except asyncio.CancelledError:
            if waiter.queued:
                waiter.queued = False
                self._queue.remove(waiter)
                self._announce_soon()
            elif not waiter.granted.cancelled() and waiter.granted.exception() is None:
                # The slot was handed over in the same turn of the loop as the cancellation.
                self._leave()
            raise

    def _refuse_when_full(self, asker: Asker, priority: Priority) -> None:
        limit = self._queue_limit
        if priority is Priority.BACKGROUND or self._queue.holds(asker.person_id):
            limit -= self._queue_limit // 4
        if len(self._queue) >= limit:
            raise QueueFull(waiting=len(self._queue))

    def _leave(self) -> None:
        self._running -= 1
        self._admit_next()

    def _admit_next(self) -> None:
        while self._queue and self._running < self._parallel:
            waiter = self._queue.take()
            waiter.queued = False
            self._announce_soon()
            if not waiter.granted.done():  # else cancelled, and its task has yet to hear of it
                self._running += 1
                waiter.granted.set_result(None)

    def _announce_soon(self) -> None:
        """Tell places once, however many people come and go in this turn of the loop."""
        if not self._announcing:
            self._announcing = True
            asyncio.get_running_loop().call_soon(self._announce)

    def _announce(self) -> None:
        self._announcing = False
        for place, waiter in enumerate(tuple(self._queue), start=1):
            if waiter.on_place is None or waiter.granted.done():
                continue
            if waiter.announced is None or place < waiter.announced:
                waiter.announced = place
                waiter.on_place(place)
