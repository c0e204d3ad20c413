"""A server's rules: what is looked at, what counts, and what is done about it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MAX_CUSTOM_RULES = 10
MAX_CUSTOM_RULE_CHARACTERS = 200
MAX_BLOCKED_WORDS = 200
MAX_BLOCKED_WORD_CHARACTERS = 60
MAX_EXEMPT_ROLES = 20
MAX_CHANNELS = 50
"""Roles and channels as many as in Discord's own AutoMod (discord-api-docs, auto-moderation)."""
MAX_LADDER_STEPS = 4


class Category(enum.StrEnum):
    """What pictures are looked at for; ``bot.domain.moderation.taxonomy`` maps them to others'."""

    SEXUAL = "sexual"
    NUDITY = "nudity"
    GRAPHIC_VIOLENCE = "graphic_violence"
    SELF_HARM = "self_harm"
    HATE_SYMBOLS = "hate_symbols"
    HARASSMENT = "harassment"
    WEAPONS = "weapons"
    DRUGS = "drugs"
    SCAM = "scam"
    PERSONAL_INFORMATION = "personal_information"
    SPAM = "spam"


RuleId = str
"""A category's value, ``custom:N`` for a rule in the server's own words, or one of those below."""

BLOCKED_PICTURE: RuleId = "blocked_picture"
"""A copy of a picture that moderators of this server blocked."""
ORDERS: RuleId = "orders"
"""Text in a picture that tells the model what to answer."""
REPORTED: RuleId = "reported"
"""A member asked for a look."""
UNANSWERED: RuleId = "unanswered"
"""The model gave no answer that could be used: a person has to look."""
SPECIAL: RuleId = "special"
"""Sexual content that may show a minor: nothing of it is kept (docs/moderation.md)."""


def custom_rule_id(number: int) -> RuleId:
    """Name a custom rule."""
    return f"custom:{number}"


class Step(enum.IntEnum):
    """What is done, from the mildest to the hardest; each includes a card from FLAG on."""

    NOTE = 1
    """Counted and kept in the history; nobody is called."""
    FLAG = 2
    DELETE = 3
    TIME_OUT = 4
    """Delete and time out."""
    KICK = 5
    """Delete and kick."""
    BAN = 6
    """Delete and ban."""

    @property
    def concerns_person(self) -> bool:
        """Whether it is about the person, and not only about what they posted."""
        return self >= Step.TIME_OUT


@dataclass(frozen=True, slots=True)
class Rule:
    """When a category counts and what is done then.

    ``threshold`` is how sure a source must be (0 to 1). ``ladder`` says what is done the first
    time, the second time …; its last step holds for all further times. What counts as a time is a
    case of the same person that a moderator confirmed within the policy's window.
    """

    enabled: bool = True
    threshold: float = 0.7
    ladder: tuple[Step, ...] = (Step.FLAG,)
    people_without_human: bool = False
    """Whether a step about the person is taken before a moderator confirmed it."""

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ValueError("a threshold is above 0 and at most 1")
        if not 1 <= len(self.ladder) <= MAX_LADDER_STEPS:
            raise ValueError(f"a ladder has 1 to {MAX_LADDER_STEPS} steps")


@dataclass(frozen=True, slots=True)
class CustomRule:
    """A rule in the server's own words; ``number`` never changes and is not used again."""

    number: int
    text: str = field(repr=False)
    rule: Rule = Rule()

    @property
    def id(self) -> RuleId:
        """How findings name it."""
        return custom_rule_id(self.number)


class AgeRestricted(enum.StrEnum):
    """How age-restricted channels differ."""

    SAME = "same"
    ADULT_ALLOWED = "adult_allowed"
    """Sexual content and nudity are no violation there; everything else is."""
    NOT_LOOKED_AT = "not_looked_at"


class Watch(enum.StrEnum):
    """Which channels are looked at."""

    ALL_EXCEPT = "all_except"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything one server chose. The default looks at nothing and does nothing."""

    enabled: bool = False
    dry_run: bool = True
    """Cards say what would have been done; nothing is done until a moderator presses."""
    log_channel_id: int | None = None
    watch: Watch = Watch.ALL_EXCEPT
    channel_ids: tuple[int, ...] = ()
    """Channels or whole categories of channels; threads belong to their channel."""
    exempt_role_ids: tuple[int, ...] = ()
    exempt_staff: bool = True
    """Whether the owner, and members who may manage messages here, are left alone."""
    look_at_bots: bool = True
    """Bots and webhooks too, except Lookout itself; their messages can only be deleted."""
    age_restricted: AgeRestricted = AgeRestricted.ADULT_ALLOWED
    rules: Mapping[Category, Rule] = field(
        default_factory=lambda: MappingProxyType({category: Rule() for category in Category})
    )
    custom_rules: tuple[CustomRule, ...] = ()
    blocked_words: tuple[str, ...] = field(default=(), repr=False)
    """Words or phrases that make a picture count as SPAM when they are read in it."""
    time_out_seconds: int = 3600
    repeat_window_days: int = 30
    raid_window_seconds: int = 3600
    """How long further copies of a picture join the case of the first."""
    tell_person: bool = True
    """Whether the person concerned gets a direct message."""
    delete_special: bool = True
    """Whether a message on the special path is deleted at once (never in dry run)."""
    preset: str = "general"
    """The preset it began with; edited rules may differ."""
    next_custom_number: int = 1

    def rule(self, rule_id: RuleId) -> Rule | None:
        """Return the rule of a category or a custom one; None for what has none."""
        for custom in self.custom_rules:
            if custom.id == rule_id:
                return custom.rule
        try:
            return self.rules.get(Category(rule_id))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """Who changed what of a policy; ``what`` is a setting's name, before and after are words."""

    actor_id: int
    what: str
    before: str = field(repr=False)
    after: str = field(repr=False)
