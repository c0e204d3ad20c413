"""What was found in a picture, by whom, and what the policy makes of it."""

import enum
from dataclasses import dataclass, field

from bot.domain.moderation.policy import RuleId, Step

MAX_EVIDENCE_CHARACTERS = 200


class Source(enum.StrEnum):
    """Who found it; each stands on the card with its own score."""

    BANK = "bank"
    QR = "qr"
    WORDS = "words"
    CLASSIFIER = "classifier"
    MODEL = "model"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Finding:
    """One source's opinion on one rule: ``score`` says how sure (0 to 1), ``severity`` how bad.

    ``severity`` is 0 (harmless) to 3 (as bad as it gets). ``evidence`` is a sentence or what was
    read; it comes from a picture or a model, so it is data wherever it is shown.
    """

    rule: RuleId
    source: Source
    score: float
    severity: int
    evidence: str = field(default="", repr=False)
    case_id: int | None = None
    """The case of the picture that this one is a copy of (BANK)."""

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1 or not 0 <= self.severity <= 3:  # noqa: PLR2004 - the scales
            raise ValueError("a score is 0 to 1, a severity 0 to 3")


class Unanswered(enum.StrEnum):
    """Why the model's answer cannot be used. None of these means that a picture is clean."""

    REFUSED = "refused"
    INVALID = "invalid"
    LOOPED = "looped"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"
    """Discord shows the picture and we cannot decode it."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that was found. Findings are only ever added: nothing lowers another's score."""

    findings: tuple[Finding, ...] = ()
    allowed_rules: frozenset[RuleId] = frozenset()
    """Rules that moderators said this very picture does not break."""
    unanswered: Unanswered | None = None
    special: bool = False
    model: str = ""
    asked_model: bool = False

    def with_findings(self, *further: Finding) -> "Assessment":
        """Return it with more findings."""
        return Assessment(
            findings=(*self.findings, *further),
            allowed_rules=self.allowed_rules,
            unanswered=self.unanswered,
            special=self.special,
            model=self.model,
            asked_model=self.asked_model,
        )


class Outcome(enum.StrEnum):
    """How the look at an upload ended. Every upload ends in exactly one."""

    CLEAN = "clean"
    NOTED = "noted"
    FLAGGED = "flagged"
    ACTED = "acted"
    """Flagged, and something was done at once (in dry run: FLAGGED, and the card says what)."""
    NEEDS_HUMAN = "needs_human"
    SPECIAL = "special"
    GONE = "gone"
    """Could not be fetched: deleted before the scan."""
    UNREADABLE = "unreadable"
    """Not a picture, or broken so that Discord does not show it either."""
    EXPIRED = "expired"
    """Older than the operator's limit before anybody could look."""
    FAILED = "failed"
    """Tried as often as allowed, and failed each time for reasons of ours."""
    WITHDRAWN = "withdrawn"
    """Moderation was switched off, or Lookout left the server, before the scan."""


WITH_CASE = frozenset(
    {
        Outcome.NOTED,
        Outcome.FLAGGED,
        Outcome.ACTED,
        Outcome.NEEDS_HUMAN,
        Outcome.SPECIAL,
        Outcome.FAILED,
    }
)
"""Outcomes that make a case; NOTED ones have no card."""


WITHOUT_A_LOOK = (
    Outcome.GONE,
    Outcome.UNREADABLE,
    Outcome.EXPIRED,
    Outcome.FAILED,
    Outcome.WITHDRAWN,
)
"""Outcomes of uploads that nobody saw."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision depends on besides assessment and policy."""

    age_restricted: bool = False
    confirmed_before: int = 0
    """Cases of this person that moderators confirmed within the policy's window."""
    reports: int = 0
    only_reported: bool = False
    """Looked at for a report alone: the policy may leave this person or place out. Only what was
    blocked, and the special path, is dealt with before a moderator saw it."""
    person_can_be_acted_on: bool = True
    """False for webhooks, bots, the owner and whoever stands above the bot."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy makes of an assessment."""

    outcome: Outcome
    rule: RuleId | None = None
    """The gravest rule that counted."""
    score: float = 0.0
    severity: int = 0
    step: Step | None = None
    """What the ladder says."""
    automatic: Step | None = None
    """The part of ``step`` that is done now: DELETE or more, None for nothing."""
    dry_run: bool = False
    reasons: tuple[Finding, ...] = ()
    """The findings that counted, gravest first."""
    settled: bool = False
    """Nothing that could still be found would change it: the model need not be asked."""
