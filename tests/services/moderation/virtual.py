"""An event loop whose time passes only while nothing happens: hours in a moment, to the second."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_TURN_SECONDS = 1e-6


class _Selector(selectors.SelectSelector):
    """Instead of waiting, moves the loop's time on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        self.now += _TURN_SECONDS  # else whoever waits for less than a float's last digit waits on
        if not events:
            assert timeout is not None, "nothing would ever happen any more"
            self.now += timeout
        return events


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._passing = _Selector()
        super().__init__(self._passing)

    def time(self) -> float:
        return self._passing.now

    def run_in_executor(  # type: ignore[override]
        self, _executor: Executor | None, work: Callable[..., ResultT], *given: Any
    ) -> asyncio.Future[ResultT]:
        """Work at once: a thread would work in real time, while hours pass here."""
        done: asyncio.Future[ResultT] = self.create_future()
        try:
            done.set_result(work(*given))
        except Exception as error:  # noqa: BLE001 - it is whose who waits
            done.set_exception(error)
        return done


def virtually(scenario: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run ``scenario`` in virtual time, which begins at 0 seconds and at ``BEGINNING``."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(scenario)


def virtual_now() -> datetime:
    """Return the running loop's time as a date."""
    return BEGINNING + timedelta(seconds=asyncio.get_running_loop().time())
