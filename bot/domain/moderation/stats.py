"""What was counted, by day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.domain.moderation.assessment import WITHOUT_A_LOOK, Outcome
from bot.domain.moderation.policy import RuleId


@dataclass(frozen=True, slots=True)
class DayCount:
    """One day (UTC) of one server. ``by_rule`` counts are flagged, confirmed and overturned."""

    day: date
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    flagged: Mapping[RuleId, int] = field(default_factory=dict)
    confirmed: Mapping[RuleId, int] = field(default_factory=dict)
    overturned: Mapping[RuleId, int] = field(default_factory=dict)
    verdict_seconds: float = 0.0
    """Sum of the times from upload to verdict."""
    verdicts: int = 0

    @property
    def scanned(self) -> int:
        """The uploads that were looked at."""
        return sum(
            count for outcome, count in self.outcomes.items() if outcome not in WITHOUT_A_LOOK
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """What still waits."""

    to_screen: int
    to_judge: int
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """Days in order, and what waits now."""

    days: tuple[DayCount, ...]
    backlog: Backlog
    open_cases: int
    median_verdict_seconds: float | None = None
    """Of the newest thousand verdicts."""
    slowest_verdict_seconds: float | None = None
