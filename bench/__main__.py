"""``python -m bench [NAME …] [--quick]``: measure, print one line each, keep them as JSON."""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from bench import load, memory, overhead
from bench.conversations import growth, kill
from bench.figures import Figure, Outcome, line
from bench.moderation import everything
from bench.moderation import kill as moderation_kill
from bench.moderation.databases import KINDS

Plan = TypeVar("Plan")
_RESULTS = Path(__file__).parent / "results"
Measure = Callable[[argparse.Namespace], Coroutine[Any, Any, dict[str, Figure] | Outcome]]


def _plain(
    measure: Callable[[Plan], Coroutine[Any, Any, dict[str, Figure] | Outcome]],
    full: Callable[[], Plan],
    quick: Callable[[], Plan],
) -> Measure:
    """Make a bench of one that has two plans."""
    return lambda asked: measure(quick() if asked.quick else full())


BENCHES: dict[str, Measure] = {
    "overhead": _plain(overhead.measure, overhead.Plan, overhead.Plan.quick),
    "load": _plain(load.measure, load.Plan, load.Plan.quick),
    "memory": _plain(memory.measure, memory.Plan, memory.Plan.quick),
    "conversations": _plain(growth.measure, growth.Plan, growth.Plan.quick),
    "conversations_kill": _plain(kill.measure, kill.Plan, kill.Plan.quick),
    "moderation": _plain(everything.measure, everything.Plan, everything.Plan.quick),
    "moderation_kill": lambda asked: moderation_kill.measure(
        moderation_kill.Plan.on(asked.database, quick=asked.quick)
    ),
}


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line: no name means all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="each within about a minute")
    parser.add_argument(
        "--database", choices=KINDS, default=KINDS[0], help="for moderation_kill (%(default)s)"
    )
    parsed = parser.parse_args(given)
    unknown = [name for name in parsed.names if name not in BENCHES]
    if unknown:
        parser.error(f"no such bench: {unknown[0]} (there are {', '.join(BENCHES)})")
    return parsed


def keep(
    name: str, figures: dict[str, Figure], folder: Path, *, quick: bool, seconds: float
) -> None:
    """Write the figures as JSON into ``folder``."""
    folder.mkdir(exist_ok=True)
    record = {
        "bench": name,
        "quick": quick,
        "seconds": round(seconds, 1),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "figures": figures,
    }
    (folder / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def _file(name: str, asked: argparse.Namespace) -> str:
    """Return the name of the file for a bench's figures."""
    other_database = name == "moderation_kill" and asked.database != KINDS[0]
    return f"{name}_{asked.database}" if other_database else name


def main() -> int:
    """Run what was asked for, one after the other; 1 when one of them did not pass."""
    asked = arguments()
    passed = True
    for name in asked.names or BENCHES:
        began = time.perf_counter()
        found = asyncio.run(BENCHES[name](asked))
        outcome = found if isinstance(found, Outcome) else Outcome(found)
        seconds = time.perf_counter() - began
        keep(_file(name, asked), outcome.figures, _RESULTS, quick=asked.quick, seconds=seconds)
        for note in outcome.notes:
            print(note)
        print(line(name, outcome.figures), flush=True)
        passed = passed and outcome.passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
