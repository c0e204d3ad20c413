"""What moderation costs and how long it takes, each part on its own."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bench.engine import Speed
from bench.figures import Figure, Outcome, line
from bench.moderation import backlog, intake, lookup, pace, raid, reading


@dataclass(frozen=True, slots=True)
class Plan:
    """All parts."""

    queueing: intake.Plan = field(default_factory=intake.Plan)
    pacing: pace.Plan = field(default_factory=pace.Plan)
    raiding: raid.Plan = field(default_factory=raid.Plan)
    looking_up: lookup.Plan = field(default_factory=lookup.Plan)
    waiting: backlog.Plan = field(default_factory=backlog.Plan)
    words: reading.Plan = field(default_factory=reading.Plan)

    @classmethod
    def quick(cls) -> "Plan":
        """Plan for a minute."""
        return cls(
            intake.Plan(stream_seconds=2.0, singles=10, burst=50),
            pace.Plan(seconds=2.0),
            raid.Plan(copies=50, unrelated=200),
            lookup.Plan(many=100_000, lookups=20),
            backlog.Plan(backlog=200, describes=4, speed=Speed(first_word_seconds=0.3, words=1)),
            reading.Plan(pictures=3),
        )


async def measure(plan: Plan) -> Outcome:
    """Measure one part after the other; a line of figures each, and one of all."""
    figures: dict[str, Figure] = {}
    parts: dict[str, Callable[[], Coroutine[Any, Any, dict[str, Figure]]]] = {
        "queueing": lambda: intake.measure(plan.queueing),
        "pacing": lambda: pace.measure(plan.pacing),
        "raiding": lambda: raid.measure(plan.raiding),
        "looking_up": lambda: lookup.measure(plan.looking_up),
        "waiting": lambda: backlog.measure(plan.waiting),
        "reading": lambda: reading.measure(plan.words),
    }
    for name, part in parts.items():
        found = await part()
        print(line(f"moderation_{name}", found), flush=True)  # the whole takes its time
        figures |= found
    return Outcome(figures, passed=not figures["unrelated_folded_in"])
