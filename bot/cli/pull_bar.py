"""A download's progress, on standard error."""

import time
from collections.abc import Callable

from bot.cli.line import Line
from bot.vision.models import PullProgress

_REDRAW_SECONDS = 0.1
_PLAIN_STEP_PERCENT = 10
_BAR_CELLS = 24
_GIGABYTE = 1_000_000_000
_MEGABYTE = 1_000_000


class PullBar:
    """A download's progress: a bar with percent, total and rate, or a line every ten percent."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._clock = clock
        self._status = ""
        self._began = (0.0, 0)
        self._drawn_at = float("-inf")
        self._said_percent = 0

    def show(self, progress: PullProgress) -> None:
        """Show the newest state of the download."""
        now = self._clock()
        if progress.status != self._status:
            self._status = progress.status
            self._began = (now, progress.completed_bytes)
            self._drawn_at = float("-inf")
            self._said_percent = 0
            if not self._line.living:
                size = f" ({_size(progress.total_bytes)})" if progress.total_bytes else ""
                self._line.say(f"{progress.status}{size}")
        if self._line.living:
            whole = progress.completed_bytes >= progress.total_bytes
            if whole or now - self._drawn_at >= _REDRAW_SECONDS:
                self._drawn_at = now
                self._line.draw(self._bar(progress, now))
            return
        percent = _percent(progress) // _PLAIN_STEP_PERCENT * _PLAIN_STEP_PERCENT
        if percent > self._said_percent:
            self._said_percent = percent
            self._line.say(f"{progress.status}: {percent} %")

    def _bar(self, progress: PullProgress, now: float) -> str:
        if not progress.total_bytes:
            return f"{progress.status} …"
        percent = _percent(progress)
        full = _BAR_CELLS * percent // 100
        bar = "█" * full + "░" * (_BAR_CELLS - full)
        began, before = self._began
        seconds = now - began
        rate = (progress.completed_bytes - before) / seconds if seconds > 0 else 0.0
        left = (progress.total_bytes - progress.completed_bytes) / rate if rate else 0.0
        parts = [
            f"{bar} {percent:3} %",
            f"{_size(progress.completed_bytes)} of {_size(progress.total_bytes)}",
        ]
        if rate:
            parts += [f"{_size(int(rate))}/s", f"{_clock(left)} left"]
        return f"{'  '.join(parts)}  {progress.status}"


def _percent(progress: PullProgress) -> int:
    if not progress.total_bytes:
        return 0
    return min(100, 100 * progress.completed_bytes // progress.total_bytes)


def _size(size_bytes: int) -> str:
    """Write a size in the decimal units of download pages."""
    if size_bytes >= _GIGABYTE:
        return f"{size_bytes / _GIGABYTE:.1f} GB"
    return f"{size_bytes / _MEGABYTE:.1f} MB"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
