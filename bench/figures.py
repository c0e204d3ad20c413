"""Figures and the one line they end in."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Figure = int | float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a bench found: figures for its one line, and more to be said before."""

    figures: dict[str, Figure]
    notes: tuple[str, ...] = ()
    passed: bool = True
    """False ends the whole command with exit code 1."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` (0 to 1) of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(name: str, seconds: Sequence[float]) -> dict[str, Figure]:
    """Write p50 and p99 of ``seconds`` in milliseconds, under ``name``."""
    return {
        f"{name}_p50_ms": percentile(seconds, 0.5) * 1000,
        f"{name}_p99_ms": percentile(seconds, 0.99) * 1000,
    }


def line(name: str, figures: Mapping[str, Figure]) -> str:
    """Write ``NAME key=value …`` with three significant decimals at most."""
    return " ".join([name, *(f"{key}={_short(value)}" for key, value in figures.items())])


def _short(value: Figure) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value:.{3 if abs(value) < 10 else 1}f}"
