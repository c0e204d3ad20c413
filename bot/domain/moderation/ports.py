"""The seams of moderation: who keeps it, who sees, who acts in Discord."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.domain.moderation.case import (
    Action,
    ActionState,
    Appeal,
    Case,
    CaseEvent,
    CaseState,
    Decided,
    DecisionRequest,
    Report,
)
from bot.domain.moderation.fingerprint import BankEntry, BankKind, BankMatch, Fingerprint, Views
from bot.domain.moderation.policy import Policy, PolicyChange
from bot.domain.moderation.stats import Stats
from bot.domain.moderation.upload import Conclusion, Cursor, NewUpload, Screened, Upload
from bot.domain.picture import Frame


class UploadStore(Protocol):
    """Uploads from the moment they are heard of to their verdict. Raises StorageFailed."""

    async def record(self, uploads: Sequence[NewUpload], cursors: Sequence[Cursor] = ()) -> int:
        """Keep uploads, their SCREEN jobs and how far channels were heard, in one transaction.

        Return how many were new; those whose ``key`` is known change nothing. A cursor only ever
        moves forward.
        """
        ...

    async def record_report(self, uploads: Sequence[NewUpload], report: Report) -> int:
        """Keep what a member reported, with priority; a key that is known gets one report more.

        Once per reporter and key. Return how many of ``uploads`` were not reported by them before.
        """
        ...

    async def get(self, upload_id: int) -> Upload | None:
        """Return it; the words and link of one that is DONE are gone."""
        ...

    async def spool(self, upload_id: int, screened: Screened) -> bool:
        """Keep what screening found until the verdict, with its JUDGE job; False when DONE."""
        ...

    async def spooled(self, upload_id: int) -> Screened | None:
        """Return what was spooled; None once it is DONE."""
        ...

    async def conclude(self, conclusion: Conclusion) -> int | None:
        """Keep the one verdict, in one transaction; return its case's id.

        None where there is no case, and when there was a verdict before.

        Erases the spool, the link and the words, counts the day, and where the outcome makes a
        case: joins the case of the same message, else the open case of which this is a copy (SEEN,
        within the raid window), else opens one; banks it as SEEN; adds the automatic actions with
        their ACT jobs, and the CARD job (not for NOTED).
        """
        ...

    async def cursors(self, guild_id: int) -> Sequence[Cursor]:
        """Return how far each channel of a server was heard."""
        ...

    async def scrub(self) -> bool:
        """Remove from the disk what verdicts erased, if any did; False when it has to wait."""
        ...

    async def withdraw(self, guild_id: int) -> int:
        """Conclude whatever still waits for a server as WITHDRAWN; return how many."""
        ...


class PolicyStore(Protocol):
    """Every server's policy and who changed it. Raises StorageFailed."""

    async def get(self, guild_id: int) -> Policy:
        """Return a server's policy, the default where it has none."""
        ...

    async def enabled(self) -> dict[int, Policy]:
        """Return the policies that are switched on, by server."""
        ...

    async def save(self, guild_id: int, policy: Policy, changes: Sequence[PolicyChange]) -> None:
        """Replace it, and keep who changed what."""
        ...

    async def changes(self, guild_id: int, limit: int) -> Sequence[tuple[datetime, PolicyChange]]:
        """Return the newest changes."""
        ...


@dataclass(frozen=True, slots=True)
class BankChanges:
    """What happened to the remembered pictures of a server up to a revision.

    Whose ``revision`` is below the one that was asked with begins anew: all of it was forgotten.
    """

    revision: int
    added: Sequence[BankEntry] = ()
    removed_ids: Collection[int] = ()


class BankStore(Protocol):
    """Remembered pictures. Raises StorageFailed."""

    async def revision(self, guild_id: int) -> int:
        """Return a figure that grows with every change; 0 for none."""
        ...

    async def changes(self, guild_id: int, after: int) -> BankChanges:
        """Return what was added and removed after a revision; all of it after 0.

        Much comes in pages: ask again, after the revision that is returned, until that is the one
        that was asked with.
        """
        ...

    async def add(self, entries: Sequence[BankEntry]) -> int:
        """Remember pictures (ids are given by the store); return how many were not known yet."""
        ...

    async def remove(self, guild_id: int, entry_ids: Collection[int]) -> int:
        """Forget some; return how many there were."""
        ...

    async def listed(
        self, guild_id: int, kind: BankKind, *, offset: int = 0, limit: int = 25
    ) -> tuple[int, Sequence[BankEntry]]:
        """Return how many there are, and a page of them, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases are wanted. All that is given must hold."""

    guild_id: int
    person_id: int | None = None
    state: CaseState | None = None
    since: datetime | None = None


class CaseStore(Protocol):
    """Cases, decisions, actions, appeals and figures. Raises StorageFailed."""

    async def get(self, case_id: int) -> Case | None:
        """Return a case with its newest 10 sightings."""
        ...

    async def special_messages(
        self, guild_id: int, message_ids: Collection[int]
    ) -> Collection[int]:
        """Return which of these show a picture that nobody is to be shown."""
        ...

    async def severity(self, case_id: int) -> int | None:
        """Return how bad a case's picture is (0 to 3); None for an unknown case."""
        ...

    async def by_number(self, guild_id: int, number: int) -> Case | None:
        """Return a case by its number in a server."""
        ...

    async def people(self, case_id: int) -> Sequence[int]:
        """Return everybody who posted the picture as a member, at most 200, in order."""
        ...

    async def concerns(self, case_id: int, person_id: int) -> bool:
        """Say whether somebody posted the picture as a member, however many others did."""
        ...

    async def actions_on(self, case_id: int, person_id: int) -> Sequence[Action]:
        """Return the newest action of each kind that is about one person, in order."""
        ...

    async def decide(self, request: DecisionRequest) -> Decided | None:
        """Keep what a moderator decided, in one transaction; None for an unknown case.

        The first one counts, unless it is about more people than were asked about. Adds actions for
        every sighting (DELETE for what is still there, the decision for every person, TELL where
        wished for and something is done), ACT and CARD jobs;
        BLOCK and NOT_VIOLATION change the bank; counts confirmed or overturned.
        What does not confirm the rule lets go of actions that wait and ends what the policy did to
        people because of it. Nobody is told because of a special case.
        """
        ...

    async def undo(self, case_id: int, moderator_id: int, decided_at: datetime) -> Decided | None:
        """Open a decided case again: ends time-outs, lifts bans, takes back what was banked.

        Messages stay deleted, who was kicked stays out. ``fresh`` is False when the decision of
        that moment does not stand any more: the case is open, or was decided anew.
        """
        ...

    async def appeal(self, case_id: int, appeal: Appeal) -> bool:
        """Keep an appeal and redraw the card; False when the person appealed before or may not."""
        ...

    async def revealed(self, case_id: int, moderator_id: int) -> None:
        """Note that a moderator looked at the picture itself."""
        ...

    async def begin_action(self, action_id: int) -> Action | None:
        """Count that an action is begun and return it; None when it has ended or is unknown."""
        ...

    async def end_action(self, action_id: int, state: ActionState) -> None:
        """Keep how an action ended, and redraw the card."""
        ...

    async def card_drawn(
        self, case_id: int, version: int, channel_id: int | None, message_id: int | None
    ) -> None:
        """Keep where a case's card is and which version it shows."""
        ...

    async def events(self, case_id: int) -> Sequence[CaseEvent]:
        """Return a case's history, oldest first."""
        ...

    async def confirmed_before(self, guild_id: int, person_id: int, since: datetime) -> int:
        """Count a person's cases that moderators confirmed."""
        ...

    async def find(
        self, query: CaseQuery, *, offset: int = 0, limit: int = 10
    ) -> tuple[int, Sequence[Case]]:
        """Return how many cases there are, and a page of them, newest first."""
        ...

    def export(self, query: CaseQuery) -> AsyncIterator[tuple[Case, Sequence[CaseEvent]]]:
        """Yield cases with their history, oldest first, a batch a transaction."""
        ...

    async def stats(self, guild_id: int, days: int) -> Stats:
        """Return the figures of the last days, today included."""
        ...


class Bank(Protocol):
    """Looks uploads up among the remembered pictures; fast at a million (``bot.media``)."""

    async def match(self, guild_id: int, fingerprint: Fingerprint) -> tuple[BankMatch, ...]:
        """Return the best match of each kind: BLOCKED, ALLOWED and SEEN, in that order."""
        ...


@dataclass(frozen=True, slots=True)
class Examined:
    """What the decoding process found out about an original."""

    fingerprint: Fingerprint
    frames: tuple[Frame, ...]
    dark: tuple[Frame, ...] = ()
    codes: tuple[str, ...] = field(default=(), repr=False)
    animated: bool = False


class Examiner(Protocol):
    """Looks into originals and prepared frames, outside of the event loop."""

    async def examine(self, data: bytes) -> Examined:
        """Prepare an original (picture or video), fingerprint it, read its codes.

        Raises a PictureError for bad bytes, ServiceError when no process can be started.
        """
        ...

    async def views(self, frames: Sequence[Frame]) -> Views:
        """Return what a picture is banked by, from its prepared frames."""
        ...

    async def thumbnail(self, frame: Frame) -> bytes:
        """Return a small JPEG in which nothing can be made out but colours and large shapes."""
        ...


class Classifier(Protocol):
    """An optional small local model that scores nudity and sexual content."""

    name: str

    async def score(self, frames: Sequence[Frame]) -> float:
        """Return the highest score of the frames (0 to 1). Raises ServiceError."""
        ...


@dataclass(frozen=True, slots=True)
class Card:
    """Where a case's card stands."""

    channel_id: int
    message_id: int


class Enforcer(Protocol):
    """Acts in Discord. Rights are checked here once more, at the moment of use."""

    async def carry_out(self, action: Action) -> ActionState:
        """Do it, once: where ``attempts_begun`` is over 1, look first whether it was done.

        Checks that the requester (where there is one) and the bot may, and that the person stands
        below both. Raises Postponed when Discord is not reachable now.
        """
        ...

    async def draw_card(self, case: Case, policy: Policy) -> Card | None:
        """Post the card, or edit it; None when there is nowhere to post it.

        Finds a card again that was posted and never recorded. Raises Postponed.
        """
        ...

    async def can_act_on(self, guild_id: int, person_id: int) -> bool:
        """Say whether the bot could time out this person: a member, not the owner, below it."""
        ...


class Postponed(Exception):
    """Not now: ``after_seconds`` later. It counts as an attempt unless ``outage``."""

    def __init__(self, after_seconds: float, *, outage: bool) -> None:
        super().__init__()
        self.after_seconds = after_seconds
        self.outage = outage


class ModerationKeeper(Protocol):
    """Forgetting. Raises StorageFailed."""

    async def delete_person(self, person_id: int) -> int:
        """Forget what a person wrote (appeals, reports) and uploads of theirs without a case.

        Cases stay with the server's moderators until their time is over: the guide says why.
        """
        ...

    async def delete_guild(self, guild_id: int) -> int:
        """Forget all of a server; return how many cases."""
        ...

    async def note_presence(self, present: Collection[int], is_ours: Callable[[int], bool]) -> int:
        """Note of which servers with rules Lookout is no member; return how many.

        ``is_ours`` says of a server's id whether this process would be told of it. After a while
        ``expire`` deletes them.
        """
        ...

    async def expire(self, batch: int) -> int:
        """Delete what is over, ``batch`` rows a transaction; return how many rows."""
        ...
