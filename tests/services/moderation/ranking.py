"""Which of two verdicts is the milder one."""

from bot.domain.moderation.assessment import Outcome, Verdict

RANK = {
    Outcome.CLEAN: 0,
    Outcome.NOTED: 1,
    Outcome.NEEDS_HUMAN: 2,
    Outcome.FLAGGED: 3,
    Outcome.ACTED: 4,
    Outcome.SPECIAL: 5,
}
"""How much comes of each."""


def no_milder(after: Verdict, before: Verdict) -> bool:
    """Say whether at least as much comes of ``after`` in every respect."""
    special = after.outcome is Outcome.SPECIAL
    return (
        RANK[after.outcome] >= RANK[before.outcome]
        and (special or (after.step or 0) >= (before.step or 0))
        and (special or (after.automatic or 0) >= (before.automatic or 0))
        and (after.settled or not before.settled)
    )
