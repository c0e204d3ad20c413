"""What moderators see and decide."""

import enum
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.moderation.assessment import Finding, Outcome
from bot.domain.moderation.policy import RuleId, Step
from bot.domain.moderation.upload import Author, Subject

MAX_APPEAL_CHARACTERS = 1000
MAX_REPORT_CHARACTERS = 500


class CaseState(enum.StrEnum):
    """Whether a moderator decided."""

    OPEN = "open"
    DECIDED = "decided"


class Decision(enum.StrEnum):
    """What a moderator made of a case."""

    KEEP = "keep"
    """Leave it where it is, this time; nothing is learnt."""
    DELETE = "delete"
    TIME_OUT = "time_out"
    KICK = "kick"
    BAN = "ban"
    NOT_VIOLATION = "not_violation"
    """The rule was wrong about this picture: it is allowed here from now on."""
    BLOCK = "block"
    """Delete, and remove copies at once from now on."""

    @property
    def confirms(self) -> bool:
        """Whether it says that the picture breaks the rule."""
        return self not in {Decision.KEEP, Decision.NOT_VIOLATION}


class ActionKind(enum.StrEnum):
    """What can be done in Discord."""

    DELETE = "delete"
    TIME_OUT = "time_out"
    KICK = "kick"
    BAN = "ban"
    END_TIME_OUT = "end_time_out"
    UNBAN = "unban"
    TELL = "tell"
    """A direct message to the person concerned."""


class ActionState(enum.StrEnum):
    """How an action ended."""

    PENDING = "pending"
    DONE = "done"
    ALREADY = "already"
    """It was so already: the message was gone, the member banned."""
    REFUSED = "refused"
    """Discord did not allow it, for a reason that is none of those below."""
    NOT_PERMITTED = "not_permitted"
    """Lookout lacks the permission."""
    NO_RIGHT = "no_right"
    """The moderator who asked for it may not do it (any more)."""
    OUTRANKED = "outranked"
    """The person owns the server, or stands above the bot or the moderator."""
    LEFT = "left"
    """The person is no longer in the server."""
    REPLACED = "replaced"
    """Somebody else's holds since, and longer: their time-out is not ours to end."""
    UNREACHABLE = "unreachable"
    """Direct messages are closed."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do in Discord, once."""

    id: int
    case_id: int
    case_number: int
    guild_id: int
    kind: ActionKind
    state: ActionState
    created_at: datetime
    attempts_begun: int = 0
    """How often carrying it out was begun: from the second time on, look before acting."""
    channel_id: int | None = None
    message_id: int | None = None
    person_id: int | None = None
    subject: Subject = Subject.MESSAGE
    until: datetime | None = None
    """Until when a time-out lasts."""
    requested_by: int | None = None
    """The moderator; None where the policy did it."""
    rule: RuleId | None = None


@dataclass(frozen=True, slots=True)
class ActionCount:
    """How many actions of a kind ended alike; of what was tried again, the last time counts."""

    kind: ActionKind
    state: ActionState
    count: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """One upload of the picture a case is about."""

    upload_id: int
    channel_id: int
    message_id: int
    author_id: int
    author: Author
    subject: Subject
    posted_at: datetime


class EventKind(enum.StrEnum):
    """What happened to a case, for its history."""

    OPENED = "opened"
    DECIDED = "decided"
    UNDONE = "undone"
    APPEALED = "appealed"
    REVEALED = "revealed"


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One line of a case's history."""

    kind: EventKind
    at: datetime
    actor_id: int | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """What the person concerned says; once per case and person."""

    person_id: int
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What a member said when they reported the picture."""

    reporter_id: int
    reason: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A picture that a rule names, and everything about it. ``number`` counts within a server.

    ``sightings`` holds the newest few; ``sighting_count`` and ``people_count`` count all.
    """

    id: int
    guild_id: int
    number: int
    state: CaseState
    outcome: Outcome
    rule: RuleId
    score: float
    severity: int
    step: Step | None
    automatic: Step | None
    dry_run: bool
    opened_at: datetime
    updated_at: datetime
    version: int
    """Grows with every change; a card shows one version."""
    findings: tuple[Finding, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    sighting_count: int = 1
    people_count: int = 1
    decision: Decision | None = None
    decided_by: int | None = None
    decided_at: datetime | None = None
    thumbnail: bytes | None = field(default=None, repr=False)
    actions: tuple[Action, ...] = ()
    """The newest of each kind and target, at most 25."""
    action_counts: tuple[ActionCount, ...] = ()
    """All of them."""
    appeals: tuple[Appeal, ...] = ()
    reports: tuple[Report, ...] = ()
    card_channel_id: int | None = None
    card_message_id: int | None = None
    card_version: int = 0
    seen_before: int = 0
    """How often this picture had a case here before."""
    person_before: int = 0
    """How many confirmed cases the first person concerned had before."""

    @property
    def special(self) -> bool:
        """Whether nothing of the picture may be kept or shown."""
        return self.outcome is Outcome.SPECIAL


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What a moderator pressed; rights were checked before."""

    case_id: int
    guild_id: int
    moderator_id: int
    decision: Decision
    until: datetime | None = None
    """For TIME_OUT."""
    tell_person: bool = True
    people_count: int | None = None
    """How many people they were asked about: where others posted the picture since, nothing is
    decided."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a press: ``fresh`` is False when nothing was decided by it.

    Then somebody else was faster, or the case is about more people than were asked about. The case
    is as it is now, either way.
    """

    case: Case
    fresh: bool
