"""Work off the queue: several kinds beside each other, each with its own number at once.

A job ends in one of three ways: done, given back for later, or given up, which its handler makes
visible. Whatever goes wrong with one job or with the database, the work goes on.
"""

import asyncio
import random
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog

from bot.domain.errors import StorageFailed, place_of
from bot.domain.moderation.jobs import Job, JobKind, JobQueue
from bot.domain.moderation.ports import Postponed
from bot.services.moderation.circuit import Circuit

_log = structlog.get_logger(__name__)

OLDEST_TURN = 4
"""Every fourth claim takes what waits longest, so that new work never starves old."""
BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 300.0
JITTER = 0.25
"""By which part a wait is drawn out at random, so that not all come back at once."""
STORAGE_PAUSE_SECONDS = 2.0
CLAIM_WAIT_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 1.0
_IDLE_LOOK_SECONDS = 0.2


class Later(Exception):
    """Not now: give the job back for ``after_seconds`` (None: longer with each attempt)."""

    def __init__(self, after_seconds: float | None = None, *, is_attempt: bool) -> None:
        super().__init__()
        self.after_seconds = after_seconds
        self.is_attempt = is_attempt


class Handler(Protocol):
    """Does one kind of job. Doing one twice does no harm."""

    async def handle(self, job: Job) -> None:
        """Do it. Raises Later, Postponed and StorageFailed; anything else counts as an attempt."""
        ...

    async def give_up(self, job: Job) -> None:
        """Bring what failed as often as allowed to an end that can be seen."""
        ...


@dataclass(eq=False, slots=True)
class Lane:
    """One kind of job, ``parallel`` at once; ``in_order`` takes the oldest first always."""

    kind: JobKind
    handler: Handler
    parallel: int
    circuit: Circuit | None = None
    in_order: bool = False
    running: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    changed: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def places(self) -> int:
        """Return how many more may begin now."""
        if self.circuit is None:
            return self.parallel - len(self.running)
        return await self.circuit.places(len(self.running), self.parallel)


@dataclass(frozen=True, slots=True)
class _Back:
    """How a job that is not done goes back; ``retry_in_seconds`` None lets it rest as dead."""

    retry_in_seconds: float | None
    is_attempt: bool


_AT_ONCE = _Back(0.0, is_attempt=False)
_AFTER_STORAGE = _Back(STORAGE_PAUSE_SECONDS, is_attempt=False)
_DEAD = _Back(None, is_attempt=True)


class Worker:
    """Works off ``lanes`` between ``start`` and ``stop``.

    What failed ``attempts`` times is given up.
    """

    def __init__(
        self,
        queue: JobQueue,
        lanes: Sequence[Lane],
        *,
        attempts: int,
        claim_wait_seconds: float = CLAIM_WAIT_SECONDS,
        chance: random.Random | None = None,
    ) -> None:
        self._queue = queue
        self._lanes = tuple(lane for lane in lanes if lane.parallel > 0)
        self._attempts = attempts
        self._claim_wait_seconds = claim_wait_seconds
        self._random = chance or random.Random()  # noqa: S311 - jitter is no secret
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._serving: list[asyncio.Task[None]] = []
        self._settling: set[asyncio.Task[None] | None] = set()

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._serving = [
            asyncio.create_task(self._serve(lane), name=f"lane-{lane.kind}") for lane in self._lanes
        ]

    async def stop(self, grace_seconds: float) -> None:
        """Claim nothing more; let what is under way finish within a grace, and give back the rest.

        Takes as long as waiting for a job does, and the grace, at most.
        """
        self._stopping.set()
        for lane in self._lanes:
            lane.changed.set()
        await asyncio.gather(*self._serving)
        running = [task for lane in self._lanes for task in lane.running]
        if running:
            _, late = await asyncio.wait(running, timeout=grace_seconds)
            for task in late - self._settling:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until no job waits, here or elsewhere, and none is under way here.

        Raises StorageFailed.
        """
        while True:
            self._ended.clear()
            if not any(lane.running for lane in self._lanes) and not await self._queue.pending():
                return
            await _wait(self._ended, _IDLE_LOOK_SECONDS)

    async def _serve(self, lane: Lane) -> None:
        claims = 0
        while not self._stopping.is_set():
            try:
                claims += await self._claim(lane, oldest_first=_is_old_turn(lane, claims))
            except StorageFailed as error:
                _log.warning("jobs_wait_for_storage", kind=lane.kind, reason=error.reason)
                await _wait(self._stopping, STORAGE_PAUSE_SECONDS)
            except Exception as error:  # noqa: BLE001 - a fault of ours must not end the work
                _log_failure("lane_failed", error, kind=lane.kind)
                await _wait(self._stopping, STORAGE_PAUSE_SECONDS)

    async def _claim(self, lane: Lane, *, oldest_first: bool) -> bool:
        """Begin what may begin; return whether there was anything."""
        lane.changed.clear()
        places = await lane.places()
        if places < 1:
            if not self._stopping.is_set():
                await _wait(lane.changed, _LOOK_AGAIN_SECONDS)
            return False
        jobs = await self._queue.claim(
            (lane.kind,),
            places,
            oldest_first=oldest_first,
            wait_seconds=self._claim_wait_seconds,
        )
        for job in jobs:
            if self._stopping.is_set():
                await self._settle(job, _AT_ONCE)
                continue
            task = asyncio.create_task(self._work(lane, job), name=f"job-{job.kind}-{job.id}")
            lane.running.add(task)
            task.add_done_callback(lane.running.discard)
            task.add_done_callback(lambda _: self._tell(lane))
        return bool(jobs)

    def _tell(self, lane: Lane) -> None:
        lane.changed.set()
        self._ended.set()

    async def _work(self, lane: Lane, job: Job) -> None:
        try:
            ending = await self._attempt(lane, job)
        except asyncio.CancelledError:
            # Not raised on: only stop() cancels, and it waits for the lease to be given back.
            ending = _AT_ONCE
        task = asyncio.current_task()
        self._settling.add(task)  # what is nearly told to the queue is not cut off by stop()
        try:
            await self._settle(job, ending)
        finally:
            self._settling.discard(task)

    async def _attempt(self, lane: Lane, job: Job) -> _Back | None:
        """Do a job; return how it goes back, None when it is done."""
        if job.attempts > self._attempts:  # whoever tried it last died of it
            return await self._give_up(lane, job)
        try:
            await lane.handler.handle(job)
        except Later as later:
            ending = _Back(
                self._backoff(job) if later.after_seconds is None else later.after_seconds,
                later.is_attempt,
            )
        except Postponed as postponed:
            ending = _Back(postponed.after_seconds, is_attempt=not postponed.outage)
        except StorageFailed as error:
            _log.warning(
                "job_waits_for_storage",
                kind=job.kind,
                subject=job.subject_id,
                reason=error.reason,
            )
            # An outage is no attempt; "failed" may be about this job alone.
            ending = _AFTER_STORAGE
            if error.reason == "failed":
                ending = _Back(self._backoff(job), is_attempt=True)
        except Exception as error:  # noqa: BLE001 - one job must not end the others
            _log_failure(
                "job_failed", error, kind=job.kind, subject=job.subject_id, attempt=job.attempts
            )
            ending = _Back(self._backoff(job), is_attempt=True)
        else:
            return None
        if ending.is_attempt and job.attempts >= self._attempts:
            return await self._give_up(lane, job)
        return ending

    async def _give_up(self, lane: Lane, job: Job) -> _Back | None:
        _log.warning("job_given_up", kind=job.kind, subject=job.subject_id, attempts=self._attempts)
        try:
            await lane.handler.give_up(job)
        except StorageFailed as error:
            if error.reason == "failed":
                return _Back(MAX_BACKOFF_SECONDS, is_attempt=False)
            return _AFTER_STORAGE
        except Exception as error:  # noqa: BLE001 - there is no further road for this job
            _log_failure("job_not_given_up", error, kind=job.kind, subject=job.subject_id)
            return _DEAD
        return None

    async def _settle(self, job: Job, ending: _Back | None) -> None:
        """Tell the queue; again until it hears, as it holds what it has not heard of."""
        while True:
            try:
                if ending is None:
                    await self._queue.done(job)
                else:
                    seconds = ending.retry_in_seconds
                    await self._queue.fail(
                        job,
                        retry_in=None if seconds is None else timedelta(seconds=seconds),
                        is_attempt=ending.is_attempt,
                    )
            except StorageFailed:
                if self._stopping.is_set():
                    return  # the queue returns what it holds when it closes, or its lease ends
                await _wait(self._stopping, STORAGE_PAUSE_SECONDS)
            else:
                return

    def _backoff(self, job: Job) -> float:
        seconds = min(MAX_BACKOFF_SECONDS, BACKOFF_SECONDS * 2.0 ** (job.attempts - 1))
        return seconds * (1 + JITTER * self._random.random())


def _is_old_turn(lane: Lane, claims: int) -> bool:
    return lane.in_order or claims % OLDEST_TURN == OLDEST_TURN - 1


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _log_failure(event: str, error: Exception, **figures: object) -> None:
    """Write an exception's class and place, never its text, with a reference to ask for."""
    _log.error(
        event,
        reference=secrets.token_hex(4).upper(),
        error=type(error).__name__,
        where=place_of(error),
        **figures,
    )
