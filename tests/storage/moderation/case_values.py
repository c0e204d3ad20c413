"""A server with uploads and cases, for tests of what happens to them."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from bot.domain.moderation.assessment import Assessment, Finding, Outcome, Source, Verdict
from bot.domain.moderation.case import (
    Action,
    ActionKind,
    ActionState,
    Case,
    Decided,
    Decision,
    DecisionRequest,
)
from bot.domain.moderation.fingerprint import BankKind, Fingerprint, Views
from bot.domain.moderation.policy import Policy, Step
from bot.domain.moderation.ports import BankStore, CaseStore, ModerationKeeper, PolicyStore
from bot.domain.moderation.upload import Author, Conclusion, NewUpload, Subject
from bot.storage.database import Database
from bot.storage.moderation.bank import SqlBankStore
from bot.storage.moderation.cases import SqlCaseStore
from bot.storage.moderation.forgetting import SqlModerationKeeper
from bot.storage.moderation.policies import SqlPolicyStore
from bot.storage.moderation.uploads import SqlUploadStore
from bot.storage.moderation_tables import ActionRow, BankEntryRow, UploadRow
from tests.storage.fakes import HandClock, attachment

GUILD = 2**62 + 1
CHANNEL = 2**62 + 2
MEMBER = 2**62 + 3
OTHER = 2**62 + 4
MODERATOR = 2**62 + 5
SECOND = 2**62 + 6

DAY = timedelta(days=1)


def hashes_of(picture: int) -> tuple[int, ...]:
    """Return two hashes, in halves, that those of no other picture are near to."""
    digest = hashlib.sha256(str(picture).encode()).digest()
    return tuple(int.from_bytes(digest[at : at + 8]) for at in (0, 8, 16, 24))


@dataclass
class Server:
    """Everything of moderation over one database."""

    database: Database
    clock: HandClock = field(default_factory=HandClock)
    woken: int = 0

    def __post_init__(self) -> None:
        self.numbers = count(1)
        self.uploads = SqlUploadStore(self.database, clock=self.clock)
        cases = SqlCaseStore(self.database, woken=self.wake, clock=self.clock)
        keeper = SqlModerationKeeper(
            self.database, case_retention=30 * DAY, upload_retention=7 * DAY, clock=self.clock
        )
        # That they are what others ask for is said here once, and checked by mypy.
        self.cases: CaseStore = cases
        self.bank: BankStore = SqlBankStore(self.database, clock=self.clock)
        self.policies: PolicyStore = SqlPolicyStore(self.database, clock=self.clock)
        self.keeper: ModerationKeeper = keeper
        self.sql_keeper = keeper

    def wake(self) -> None:
        self.woken += 1

    async def upload(
        self,
        *,
        person: int = MEMBER,
        author: Author = Author.MEMBER,
        message: int | None = None,
        subject: Subject = Subject.MESSAGE,
        guild: int = GUILD,
        text: str = "look",
    ) -> int:
        """Post a picture; return its upload's id."""
        number = next(self.numbers)
        new = NewUpload(
            key=f"m:{guild}:{number}",
            guild_id=guild,
            channel_id=CHANNEL,
            message_id=1000 + number if message is None else message,
            author_id=person,
            author=author,
            subject=subject,
            ref=attachment(),
            posted_at=self.clock(),
            text=text,
        )
        assert await self.uploads.record([new]) == 1
        async with self.database.reading() as session:
            return (await session.scalars(select(UploadRow.id).filter_by(key=new.key))).one()

    async def open(self, **given: Any) -> Case:
        """Post a picture, and conclude that it breaks a rule."""
        posting = ("person", "author", "message", "subject", "guild", "text")
        posted = {name: given.pop(name) for name in posting if name in given}
        return await self.conclude(await self.upload(**posted), **given)

    async def conclude(self, upload_id: int, **given: Any) -> Case:
        """Conclude that an upload breaks a rule; return its case."""
        case_id = await self.uploads.conclude(self.conclusion(upload_id, **given))
        assert case_id is not None
        case = await self.cases.get(case_id)
        assert case is not None
        return case

    def conclusion(
        self,
        upload_id: int,
        *,
        picture: int = 1,
        rule: str = "scam",
        outcome: Outcome = Outcome.FLAGGED,
        automatic: Step | None = None,
        copy_of: Case | None = None,
        evidence: str = "it asks for a password",
        thumbnail: bytes | None = b"blurred",
    ) -> Conclusion:
        """Say that an upload breaks a rule."""
        findings = [Finding(rule, Source.MODEL, 0.9, 2, evidence)]
        if copy_of is not None:
            findings.append(Finding(rule, Source.BANK, 1.0, 2, case_id=copy_of.id))
        special = outcome is Outcome.SPECIAL
        return Conclusion(
            upload_id=upload_id,
            verdict=Verdict(
                outcome=outcome,
                rule=rule,
                score=0.9,
                severity=2,
                step=automatic or Step.FLAG,
                automatic=automatic,
                reasons=tuple(findings),
            ),
            assessment=Assessment(findings=tuple(findings), special=special),
            fingerprint=Fingerprint(f"{picture:064x}", hashes_of(picture)),
            views=Views(hashes_of(picture), hashes_of(picture)[:2]),
            thumbnail=thumbnail,
            time_out_until=self.clock() + timedelta(hours=1),
        )

    async def clean(self, **posted: Any) -> int:
        """Post a picture that breaks no rule."""
        upload_id = await self.upload(**posted)
        conclusion = Conclusion(upload_id=upload_id, verdict=Verdict(Outcome.CLEAN))
        assert await self.uploads.conclude(conclusion) is None
        return upload_id

    async def decide(
        self, case: Case, decision: Decision, *, by: int = MODERATOR, tell: bool = True
    ) -> Decided:
        """Let a moderator press."""
        until = self.clock() + timedelta(days=1) if decision is Decision.TIME_OUT else None
        request = DecisionRequest(case.id, case.guild_id, by, decision, until, tell)
        decided = await self.cases.decide(request)
        assert decided is not None
        return decided

    async def undo(self, case: Case, *, by: int = MODERATOR) -> Decided:
        current = await self.cases.get(case.id)
        assert current is not None
        undone = await self.cases.undo(case.id, by, current.decided_at or case.opened_at)
        assert undone is not None
        return undone

    async def actions(self, case: Case) -> list[tuple[ActionKind, int | None, ActionState]]:
        """Return everything that was ever to be done: what, whom or where, how it ended."""
        question = select(ActionRow).where(ActionRow.case_id == case.id).order_by(ActionRow.id)
        async with self.database.reading() as session:
            rows = (await session.scalars(question)).all()
        return [
            (
                row.kind,
                row.message_id if row.kind is ActionKind.DELETE else row.person_id,
                row.state,
            )
            for row in rows
        ]

    async def carry_out(
        self, case: Case, state: ActionState = ActionState.DONE, *kinds: ActionKind
    ) -> list[Action]:
        """Carry out what waits, of these kinds or all."""
        question = select(ActionRow.id).where(
            ActionRow.case_id == case.id, ActionRow.kind.in_(kinds or tuple(ActionKind))
        )
        async with self.database.reading() as session:
            ids = (await session.scalars(question.order_by(ActionRow.id))).all()
        begun = [await self.cases.begin_action(action_id) for action_id in ids]
        done = [action for action in begun if action is not None]
        for action in done:
            await self.cases.end_action(action.id, state)
        return done

    async def banked(self, guild: int = GUILD) -> list[tuple[BankKind, str | None]]:
        """Return what matches, and why."""
        question = select(BankEntryRow.kind, BankEntryRow.sha256).where(
            BankEntryRow.guild_id == guild, BankEntryRow.removed.is_(False)
        )
        async with self.database.reading() as session:
            return sorted((kind, sha256) for kind, sha256 in await session.execute(question))

    async def enable(self, guild: int = GUILD) -> None:
        await self.policies.save(guild, Policy(enabled=True, dry_run=False), [])


Act = Callable[[Server, Case], Awaitable[object]]
