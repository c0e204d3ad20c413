"""Sets of rules to begin with. None of them acts on a person without a moderator."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.domain.moderation.policy import Category, Policy, Rule, Step

_FLAG = (Step.FLAG,)
_DELETE = (Step.DELETE,)
_WARN_FIRST = (Step.FLAG, Step.DELETE)
_HARDER = (Step.DELETE, Step.TIME_OUT)
_GRAVEST = (Step.DELETE, Step.TIME_OUT, Step.BAN)

_GENERAL = {category: Rule() for category in Category}

PRESETS: Mapping[str, Mapping[Category, Rule]] = MappingProxyType(
    {
        # Younger members: asks sooner, and takes down what nobody there should see.
        "family": {
            Category.SEXUAL: Rule(threshold=0.5, ladder=_HARDER),
            Category.NUDITY: Rule(threshold=0.5, ladder=_DELETE),
            Category.GRAPHIC_VIOLENCE: Rule(threshold=0.55, ladder=_DELETE),
            Category.SELF_HARM: Rule(threshold=0.5, ladder=_FLAG),
            Category.HATE_SYMBOLS: Rule(threshold=0.6, ladder=_WARN_FIRST),
            Category.HARASSMENT: Rule(threshold=0.6, ladder=_WARN_FIRST),
            Category.WEAPONS: Rule(threshold=0.65, ladder=_FLAG),
            Category.DRUGS: Rule(threshold=0.6, ladder=_FLAG),
            Category.SCAM: Rule(threshold=0.65, ladder=_DELETE),
            Category.PERSONAL_INFORMATION: Rule(threshold=0.6, ladder=_FLAG),
            Category.SPAM: Rule(threshold=0.7, ladder=_FLAG),
        },
        # Asks a moderator about everything, and does nothing by itself.
        "general": _GENERAL,
        # Large servers under attack: the gravest is gone before anybody looks.
        "strict": {
            Category.SEXUAL: Rule(threshold=0.65, ladder=_GRAVEST),
            Category.NUDITY: Rule(threshold=0.7, ladder=_HARDER),
            Category.GRAPHIC_VIOLENCE: Rule(threshold=0.65, ladder=_HARDER),
            Category.SELF_HARM: Rule(threshold=0.6, ladder=_FLAG),
            Category.HATE_SYMBOLS: Rule(threshold=0.65, ladder=_GRAVEST),
            Category.HARASSMENT: Rule(threshold=0.7, ladder=(Step.FLAG, Step.TIME_OUT)),
            Category.WEAPONS: Rule(threshold=0.7, ladder=_WARN_FIRST),
            Category.DRUGS: Rule(threshold=0.7, ladder=_WARN_FIRST),
            Category.SCAM: Rule(threshold=0.7, ladder=_GRAVEST),
            Category.PERSONAL_INFORMATION: Rule(threshold=0.65, ladder=_WARN_FIRST),
            Category.SPAM: Rule(threshold=0.75, ladder=_WARN_FIRST),
        },
        # Servers for adults: sexual content and nudity belong there, the rest as in general.
        "adult": _GENERAL
        | {
            Category.SEXUAL: Rule(enabled=False),
            Category.NUDITY: Rule(enabled=False),
        },
    }
)


def preset(name: str, policy: Policy) -> Policy:
    """Return ``policy`` with a preset's rules; channels, roles and own rules stay as they are.

    Raises KeyError for a name that no preset has.
    """
    return replace(policy, rules=MappingProxyType(dict(PRESETS[name])), preset=name)
