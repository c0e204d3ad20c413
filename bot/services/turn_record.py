"""What a turn was in ids and figures, for the log and for metrics: no words, no pixels."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import structlog

from bot.services.answering import Answered
from bot.services.turn_work import TurnResult

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn once it is over."""

    turn_id: int
    person_id: int
    guild_id: int | None
    conversation_id: int | None = None
    pictures: int = 0
    """How many came with it."""
    bytes: int = 0
    model: str = ""
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    estimated_tokens: int | None = None
    """What its prompt was thought to take before the engine counted."""
    new_window: bool = False
    failure: str | None = None
    milliseconds: int = 0


TurnObserver = Callable[[TurnRecord], None]
"""Hears of every turn once it is over; must return at once and raise nothing."""


def log_turn(record: TurnRecord) -> None:
    """Write the one line of a turn."""
    _log.info("turn", **asdict(record))


def recorded(record: TurnRecord, result: TurnResult, answered: Answered) -> TurnRecord:
    """Add to a record what became of the turn."""
    usage, plan = result.answer.usage, answered.prompt.plan
    return replace(
        record,
        conversation_id=result.turn.conversation_id,
        pictures=len(result.new),
        bytes=sum(picture.size_bytes for _, picture in result.new),
        model=result.answer.model,
        prompt_tokens=usage.prompt_tokens,
        answer_tokens=usage.answer_tokens,
        estimated_tokens=plan.tokens,
        new_window=plan.opens,
    )
