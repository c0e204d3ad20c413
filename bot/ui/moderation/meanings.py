"""What rules mean, and how sure somebody is, in plain words."""

from collections.abc import Mapping

from bot.domain.moderation.policy import (
    BLOCKED_PICTURE,
    ORDERS,
    REPORTED,
    SPECIAL,
    UNANSWERED,
    Category,
    RuleId,
)
from bot.ui.i18n import Words, mark
from bot.ui.moderation.naming import CATEGORY_MEANINGS

_OTHER_MEANINGS: Mapping[RuleId, str] = {
    BLOCKED_PICTURE: mark("It looks the same as a picture that moderators of this server blocked."),
    ORDERS: mark("Writing in the picture tries to tell the model what to say about it."),
    REPORTED: mark("A member asked the moderators to look at it."),
    UNANSWERED: mark(
        "The model could not judge this picture, which does not mean that it is fine."
    ),
    SPECIAL: mark("It may show a minor in a sexual way."),
}
_SURE: tuple[tuple[float, str], ...] = (
    (0.9, mark("almost certain")),
    (0.7, mark("very likely")),
    (0.5, mark("likely")),
    (0.3, mark("possible")),
    (0.0, mark("unlikely")),
)


def rule_meaning(rule_id: RuleId, say: Words) -> str:
    """Say in plain words what a rule is about; empty for a server's own, which says it itself."""
    try:
        return say.say(CATEGORY_MEANINGS[Category(rule_id)])
    except ValueError:
        meaning = _OTHER_MEANINGS.get(rule_id)
        return say.say(meaning) if meaning else ""


def sure(score: float, say: Words) -> str:
    """Say a score in words."""
    return say.say(next(word for least, word in _SURE if score >= least))
