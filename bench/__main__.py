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
from typing import Any

from bench import load, memory, overhead
from bench.conversations import growth, kill
from bench.figures import Figure, Outcome, line

_RESULTS = Path(__file__).parent / "results"
Measure = Callable[[bool], Coroutine[Any, Any, dict[str, Figure] | Outcome]]

BENCHES: dict[str, Measure] = {
    "overhead": lambda quick: overhead.measure(overhead.Plan.quick() if quick else overhead.Plan()),
    "load": lambda quick: load.measure(load.Plan.quick() if quick else load.Plan()),
    "memory": lambda quick: memory.measure(memory.Plan.quick() if quick else memory.Plan()),
    "conversations": lambda quick: growth.measure(growth.Plan.quick() if quick else growth.Plan()),
    "conversations_kill": lambda quick: kill.measure(kill.Plan.quick() if quick else kill.Plan()),
}


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line: no name means all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="each within 45 seconds")
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


def main() -> int:
    """Run what was asked for, one after the other; 1 when one of them did not pass."""
    asked = arguments()
    passed = True
    for name in asked.names or BENCHES:
        began = time.perf_counter()
        found = asyncio.run(BENCHES[name](asked.quick))
        outcome = found if isinstance(found, Outcome) else Outcome(found)
        keep(
            name, outcome.figures, _RESULTS, quick=asked.quick, seconds=time.perf_counter() - began
        )
        for note in outcome.notes:
            print(note)
        print(line(name, outcome.figures), flush=True)
        passed = passed and outcome.passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
