"""The stores of moderation in memory, as simple as their contracts allow."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.moderation.assessment import WITH_CASE, Outcome
from bot.domain.moderation.case import (
    Action,
    ActionKind,
    ActionState,
    Appeal,
    Case,
    CaseEvent,
    CaseState,
    Decided,
    DecisionRequest,
    Report,
)
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import UNANSWERED, Policy, PolicyChange, Step
from bot.domain.moderation.ports import CaseQuery, Postponed
from bot.domain.moderation.stats import Stats
from bot.domain.moderation.upload import (
    Conclusion,
    Cursor,
    NewUpload,
    Screened,
    Upload,
    UploadState,
)
from tests.services.moderation.memory_queue import MemoryQueue, Outage
from tests.services.moderation.virtual import virtual_now


@dataclass
class MemoryPolicies:
    """A PolicyStore."""

    kept: dict[int, Policy] = field(default_factory=dict)
    outage: Outage = field(default_factory=Outage)

    async def get(self, guild_id: int) -> Policy:
        self.outage.check()
        return self.kept.get(guild_id, Policy())

    async def enabled(self) -> dict[int, Policy]:
        self.outage.check()
        return {guild: policy for guild, policy in self.kept.items() if policy.enabled}

    async def save(self, guild_id: int, policy: Policy, changes: Sequence[PolicyChange]) -> None:
        self.outage.check()
        self.kept[guild_id] = policy

    async def changes(self, guild_id: int, limit: int) -> Sequence[tuple[datetime, PolicyChange]]:
        raise NotImplementedError


@dataclass
class MemoryCases:
    """A CaseStore, as far as the workers use one."""

    queue: MemoryQueue
    outage: Outage = field(default_factory=Outage)
    cases: dict[int, Case] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    confirmed: Counter[int] = field(default_factory=Counter)
    deaths: int = 0
    """How often a worker still dies between acting and saying so."""

    def change(self, case_id: int) -> None:
        """Let something about a case change, so that its card is behind."""
        case = self.cases[case_id]
        self.cases[case_id] = replace(case, version=case.version + 1)
        self.queue.add(JobKind.CARD, case_id)

    def act(self, kind: ActionKind, person_id: int | None, case_id: int = 1) -> int:
        """Ask for an action; return its id."""
        number = len(self.actions) + 1
        self.actions[number] = Action(
            number,
            case_id,
            case_id,
            1,
            kind,
            ActionState.PENDING,
            virtual_now(),
            person_id=person_id,
        )
        self.queue.add(JobKind.ACT, number)
        return number

    async def get(self, case_id: int) -> Case | None:
        self.outage.check()
        return self.cases.get(case_id)

    async def special_messages(
        self, guild_id: int, message_ids: Collection[int]
    ) -> Collection[int]:
        raise NotImplementedError

    async def severity(self, case_id: int) -> int | None:
        self.outage.check()
        return self.cases[case_id].severity if case_id in self.cases else None

    async def begin_action(self, action_id: int) -> Action | None:
        self.outage.check()
        action = self.actions[action_id]
        if action.state is not ActionState.PENDING:
            return None
        self.actions[action_id] = replace(action, attempts_begun=action.attempts_begun + 1)
        return self.actions[action_id]

    async def end_action(self, action_id: int, state: ActionState) -> None:
        self.outage.check()
        if self.deaths:
            self.deaths -= 1
            raise asyncio.CancelledError
        self.actions[action_id] = replace(self.actions[action_id], state=state)
        if self.actions[action_id].case_id in self.cases:
            self.change(self.actions[action_id].case_id)

    async def card_drawn(
        self, case_id: int, version: int, channel_id: int | None, message_id: int | None
    ) -> None:
        self.outage.check()
        self.cases[case_id] = replace(
            self.cases[case_id],
            card_version=version,
            card_channel_id=channel_id,
            card_message_id=message_id,
        )

    async def confirmed_before(self, guild_id: int, person_id: int, since: datetime) -> int:
        self.outage.check()
        return self.confirmed[person_id]

    async def by_number(self, guild_id: int, number: int) -> Case | None:
        raise NotImplementedError

    async def people(self, case_id: int) -> Sequence[int]:
        raise NotImplementedError

    async def concerns(self, case_id: int, person_id: int) -> bool:
        raise NotImplementedError

    async def actions_on(self, case_id: int, person_id: int) -> Sequence[Action]:
        raise NotImplementedError

    async def decide(self, request: DecisionRequest) -> Decided | None:
        raise NotImplementedError

    async def undo(self, case_id: int, moderator_id: int, decided_at: datetime) -> Decided | None:
        raise NotImplementedError

    async def appeal(self, case_id: int, appeal: Appeal) -> bool:
        raise NotImplementedError

    async def revealed(self, case_id: int, moderator_id: int) -> None:
        raise NotImplementedError

    async def events(self, case_id: int) -> Sequence[CaseEvent]:
        raise NotImplementedError

    async def find(
        self, query: CaseQuery, *, offset: int = 0, limit: int = 10
    ) -> tuple[int, Sequence[Case]]:
        raise NotImplementedError

    def export(self, query: CaseQuery) -> AsyncIterator[tuple[Case, Sequence[CaseEvent]]]:
        raise NotImplementedError

    async def stats(self, guild_id: int, days: int) -> Stats:
        raise NotImplementedError


@dataclass
class MemoryUploads:
    """An UploadStore; ``conclusions`` holds the verdicts in order."""

    queue: MemoryQueue
    cases: MemoryCases
    outage: Outage = field(default_factory=Outage)
    uploads: dict[int, Upload] = field(default_factory=dict)
    spools: dict[int, Screened] = field(default_factory=dict)
    conclusions: list[Conclusion] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)
    room: int = 1000
    """How many uploads may be spooled at once."""
    scrubbed_at: list[datetime] = field(default_factory=list)

    @property
    def outcomes(self) -> dict[int, Outcome]:
        return {one.upload_id: one.verdict.outcome for one in self.conclusions}

    async def record(self, uploads: Sequence[NewUpload], cursors: Sequence[Cursor] = ()) -> int:
        self.outage.check()
        known = {upload.new.key for upload in self.uploads.values()}
        fresh = [new for new in uploads if new.key not in known]
        for new in fresh:
            number = len(self.uploads) + 1
            self.uploads[number] = Upload(number, new, UploadState.QUEUED, virtual_now())
            self.queue.add(JobKind.SCREEN, number, priority=new.priority)
        for cursor in cursors:
            before = self.moved.get(cursor.channel_id, 0)
            self.moved[cursor.channel_id] = max(before, cursor.message_id)
        return len(fresh)

    async def record_report(self, uploads: Sequence[NewUpload], report: Report) -> int:
        count = await self.record([replace(new, priority=10) for new in uploads])
        for number, upload in self.uploads.items():
            if upload.new.key in {new.key for new in uploads}:
                self.uploads[number] = replace(upload, reports=upload.reports + 1)
        return count

    async def get(self, upload_id: int) -> Upload | None:
        self.outage.check()
        return self.uploads.get(upload_id)

    async def spool(self, upload_id: int, screened: Screened) -> bool:
        self.outage.check()
        upload = self.uploads[upload_id]
        if upload.state is UploadState.DONE:
            return False
        if len(self.spools) >= self.room:
            raise Postponed(60, outage=True)
        self.spools[upload_id] = screened
        self.uploads[upload_id] = replace(upload, state=UploadState.SCREENED)
        self.queue.add(JobKind.JUDGE, upload_id, priority=upload.new.priority)
        return True

    async def spooled(self, upload_id: int) -> Screened | None:
        self.outage.check()
        return self.spools.get(upload_id)

    async def conclude(self, conclusion: Conclusion) -> int | None:
        self.outage.check()
        upload = self.uploads[conclusion.upload_id]
        if upload.state is UploadState.DONE:
            return None
        verdict = conclusion.verdict
        self.uploads[upload.id] = replace(upload, state=UploadState.DONE, outcome=verdict.outcome)
        self.spools.pop(upload.id, None)
        self.conclusions.append(conclusion)
        if verdict.outcome not in WITH_CASE:
            return None
        case = Case(
            id=upload.id,
            guild_id=upload.new.guild_id,
            number=upload.id,
            state=CaseState.OPEN,
            outcome=verdict.outcome,
            rule=verdict.rule or UNANSWERED,
            score=verdict.score,
            severity=verdict.severity,
            step=verdict.step,
            automatic=verdict.automatic,
            dry_run=verdict.dry_run,
            opened_at=virtual_now(),
            updated_at=virtual_now(),
            version=1,
        )
        self.cases.cases[case.id] = case
        if verdict.automatic is not None:
            self.cases.act(ActionKind.DELETE, upload.new.author_id, case.id)
        if verdict.automatic is Step.TIME_OUT:
            self.cases.act(ActionKind.TIME_OUT, upload.new.author_id, case.id)
        self.queue.add(JobKind.CARD, case.id)
        return case.id

    async def cursors(self, guild_id: int) -> Sequence[Cursor]:
        raise NotImplementedError

    async def scrub(self) -> bool:
        self.scrubbed_at.append(virtual_now())
        return True

    async def withdraw(self, guild_id: int) -> int:
        raise NotImplementedError
