"""Wait out an outage: nothing is tried while it lasts, but one thing at a time now and then."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

_log = structlog.get_logger(__name__)

PROBE_EVERY_SECONDS = 15.0
BLIND_PROBE_EVERY = 20
"""Every so many waits something is tried although the other side says that it is not ready."""


async def _unknown() -> bool:
    return True


class Circuit:
    """Opens after ``failures`` outages in a row, and closes with the first success.

    While it is open, ``places`` lets one piece of work through at a time, ``probe_every_seconds``
    after the one before, once ``is_ready`` says that it may succeed.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = 1,
        probe_every_seconds: float = PROBE_EVERY_SECONDS,
        is_ready: Callable[[], Awaitable[bool]] = _unknown,
    ) -> None:
        self._name = name
        self._failures = failures
        self._probe_every_seconds = probe_every_seconds
        self._is_ready = is_ready
        self._failed_in_a_row = 0
        self._probed_at: float | None = None
        self._waits = 0

    @property
    def is_open(self) -> bool:
        """Whether an outage is going on."""
        return self._failed_in_a_row >= self._failures

    @property
    def probe_every_seconds(self) -> float:
        """How long to wait until something is tried again."""
        return self._probe_every_seconds

    def succeeded(self) -> None:
        """Hear that something worked."""
        if self.is_open:
            _log.info("outage_over", of=self._name)
        self._failed_in_a_row = 0
        self._waits = 0

    def failed(self, *, certain: bool = False) -> bool:
        """Hear of an outage; return whether one was going on before, so that it is no news.

        One that is ``certain`` opens it at once.
        """
        was_open = self.is_open
        self._failed_in_a_row = self._failures if certain else self._failed_in_a_row + 1
        if self.is_open:
            self._probed_at = asyncio.get_running_loop().time()
            if not was_open:
                _log.warning("outage", of=self._name)
        return was_open

    async def places(self, running: int, parallel: int) -> int:
        """Return how much more may begin now: what is free, or one probe at a time.

        While it is open this asks ``is_ready`` at most every ``probe_every_seconds``.
        """
        if not self.is_open:
            return parallel - running
        if running:
            return 0
        now = asyncio.get_running_loop().time()
        if self._probed_at is not None and now - self._probed_at < self._probe_every_seconds:
            return 0
        self._probed_at = now
        self._waits += 1
        return 1 if self._waits % BLIND_PROBE_EVERY == 0 or await self._is_ready() else 0
