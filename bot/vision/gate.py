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
from bot.domain.ports import Asker, GateState, Priority
from bot.vision.limits import Limits, Meter
from bot.vision.queue import FairQueue

__all__ = ["Gate", "Limits", "Priority"]


@dataclass(eq=False, slots=True)
class _Request:
    """One request; ``granted`` is done once a slot is its own (or none ever will).

    ``on_wanted`` is gone once it was asked to give way.
    """

    person_id: int
    priority: Priority
    on_place: Callable[[int], None] | None
    on_wanted: Callable[[], None] | None
    granted: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    queued: bool = False
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
        self._queue: FairQueue[_Request] = FairQueue()
        self._inside: list[_Request] = []
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
        on_wanted: Callable[[], None] | None = None,
    ) -> AsyncIterator[None]:
        """Wait for a slot and hold it for the length of the block.

        ``on_place`` is told the request's place (1 = next) when it has to wait and whenever the
        place improves, at most once a turn of the loop and never once the slot is given. It must
        not raise. A place that fairness to a newcomer makes worse is not announced: the number a
        person sees only falls.

        ``on_wanted`` is for a BACKGROUND request that can give way: each person who begins to wait
        calls that of one request inside, the one let in last, once. It must not raise.

        Raises QueueFull at once, Interrupted when the gate is closed or closes meanwhile.
        """
        request = _Request(
            asker.person_id,
            priority,
            on_place,
            on_wanted if priority is Priority.BACKGROUND else None,
        )
        await self._enter(request)
        try:
            yield
        finally:
            self._leave(request)

    def state(self) -> GateState:
        """Say how busy the gate is, with the true place of everybody's first request."""
        places: dict[int, int] = {}
        for place, request in enumerate(self._queue, start=1):
            places.setdefault(request.person_id, place)
        return GateState(
            running=len(self._inside),
            waiting=len(self._queue),
            capacity=self._parallel,
            queue_limit=self._queue_limit,
            places=places,
        )

    def close(self) -> None:
        """Let nobody in any more: who waits gets Interrupted, who is inside may finish."""
        self._closed = True
        while self._queue:
            request = self._queue.take()
            request.queued = False
            if not request.granted.done():
                request.granted.set_exception(Interrupted())

    async def _enter(self, request: _Request) -> None:
        if self._closed:
            raise Interrupted
        if len(self._inside) < self._parallel:
            # Nobody waits while a slot is free: _admit_next() hands each one on at once.
            self._inside.append(request)
            return
        self._refuse_when_full(request)
        request.queued = True
        self._queue.add(request)
        self._announce_soon()
        if request.priority is Priority.INTERACTIVE:
            self._ask_to_give_way()
        try:
            await request.granted
        except asyncio.CancelledError:
            if request.queued:
                request.queued = False
                self._queue.remove(request)
                self._announce_soon()
            elif request in self._inside:
                # The slot was handed over in the same turn of the loop as the cancellation.
                self._leave(request)
            raise

    def _refuse_when_full(self, request: _Request) -> None:
        limit = self._queue_limit
        if request.priority is Priority.BACKGROUND or self._queue.holds(request.person_id):
            limit -= self._queue_limit // 4
        if len(self._queue) >= limit:
            raise QueueFull(waiting=len(self._queue))

    def _ask_to_give_way(self) -> None:
        for request in reversed(self._inside):
            if request.on_wanted is not None:
                on_wanted, request.on_wanted = request.on_wanted, None
                on_wanted()
                return

    def _leave(self, request: _Request) -> None:
        self._inside.remove(request)
        self._admit_next()

    def _admit_next(self) -> None:
        while self._queue and len(self._inside) < self._parallel:
            request = self._queue.take()
            request.queued = False
            self._announce_soon()
            if not request.granted.done():  # else cancelled, and its task has yet to hear of it
                self._inside.append(request)
                request.granted.set_result(None)

    def _announce_soon(self) -> None:
        """Tell places once, however many people come and go in this turn of the loop."""
        if not self._announcing:
            self._announcing = True
            asyncio.get_running_loop().call_soon(self._announce)

    def _announce(self) -> None:
        self._announcing = False
        for place, request in enumerate(tuple(self._queue), start=1):
            if request.on_place is None or request.granted.done():
                continue
            if request.announced is None or place < request.announced:
                request.announced = place
                request.on_place(place)
