"""What moderators decide, and taking it back: each in one transaction, the first press counts."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import (
    ActionKind,
    ActionState,
    CaseState,
    Decided,
    Decision,
    DecisionRequest,
    EventKind,
)
from bot.domain.moderation.upload import Author
from bot.storage.moderation.actions import locked_case
from bot.storage.moderation.bank import batches
from bot.storage.moderation.case_reading import people_counts
from bot.storage.moderation.case_rows import (
    NewAction,
    add_actions,
    delete_key,
    person_key,
    redraw,
)
from bot.storage.moderation.counting import Counted, count
from bot.storage.moderation.finding import CasePart, posted_by_members
from bot.storage.moderation.learning import learn, unlearn
from bot.storage.moderation.lifting import DONE_OR_WAITING, hold_on, take_back
from bot.storage.moderation_tables import ActionRow, CaseEventRow, CaseRow, SightingRow

KEYS_AT_ONCE = 500

_ABOUT_PEOPLE: Mapping[Decision, ActionKind] = {
    Decision.TIME_OUT: ActionKind.TIME_OUT,
    Decision.KICK: ActionKind.KICK,
    Decision.BAN: ActionKind.BAN,
}


class Deciding(CasePart):
    """Keeps decisions with everything that follows from them. Raises StorageFailed."""

    async def decide(self, request: DecisionRequest) -> Decided | None:
        """Keep what a moderator decided; None for a case that this server does not have.

        Not where others posted the picture since they were asked.

        What confirms the rule adds DELETE for every message that is still there, what is decided
        for every member, and TELL for whom something is added (never on the special path). What
        does not confirm it lets go of what waits, and ends what the policy did to people.
        """
        async with self._database.writing() as session:
            row = await locked_case(session, request.case_id)
            if row is None or row.guild_id != request.guild_id:
                return None
            fresh = row.state is CaseState.OPEN
            if fresh and request.people_count is not None:
                counts = await people_counts(session, [row.id])
                fresh = counts.get(row.id, 0) == request.people_count
            if fresh:
                await self._decide(session, row, request)
            case = await self._read(session, row)
        if fresh:
            self._woken()
        return Decided(case, fresh)

    async def undo(self, case_id: int, moderator_id: int, decided_at: datetime) -> Decided | None:
        """Open a decided case again, where that very decision stands.

        Ends time-outs, lifts bans, takes back what was banked.
        """
        async with self._database.writing() as session:
            row = await locked_case(session, case_id)
            if row is None:
                return None
            fresh = row.state is CaseState.DECIDED and row.decided_at == decided_at
            if fresh:
                await self._undo(session, row, moderator_id)
            case = await self._read(session, row)
        if fresh:
            self._woken()
        return Decided(case, fresh)

    async def _decide(self, session: AsyncSession, row: CaseRow, request: DecisionRequest) -> None:
        now = self._clock()
        row.state, row.decision = CaseState.DECIDED, request.decision
        row.decided_by, row.decided_at = request.moderator_id, now
        session.add(
            CaseEventRow(
                case_id=row.id,
                kind=EventKind.DECIDED,
                at=now,
                actor_id=request.moderator_id,
                decision=request.decision,
            )
        )
        await session.flush()
        time = await _times_decided(session, row)
        if request.decision.confirms:
            await self._act(session, row, request, time, now)
        else:
            await take_back(
                session,
                self._database,
                row,
                request.moderator_id,
                policys_too=True,
                time=time,
                now=now,
            )
        await learn(session, row, now)
        await redraw(session, self._database, row, now)
        await self._count(session, row, 1)

    async def _undo(self, session: AsyncSession, row: CaseRow, moderator_id: int) -> None:
        now = self._clock()
        time = await _times_decided(session, row)
        await take_back(
            session, self._database, row, moderator_id, policys_too=False, time=time, now=now
        )
        await unlearn(session, row, now)
        await self._count(session, row, -1)
        row.state, row.decision = CaseState.OPEN, None
        row.decided_by, row.decided_at = None, None
        event = CaseEventRow(case_id=row.id, kind=EventKind.UNDONE, at=now, actor_id=moderator_id)
        session.add(event)
        await redraw(session, self._database, row, now)

    async def _act(
        self,
        session: AsyncSession,
        row: CaseRow,
        request: DecisionRequest,
        time: int,
        now: datetime,
    ) -> None:
        """Add what is done to messages and to people, and tell those to whom something is done."""
        add = partial(
            add_actions, session, self._database, row, now=now, requested_by=request.moderator_id
        )
        deletions = await _deletions(session, row, time)
        added = await add(deletions)
        concerned = {one.person_id for one in deletions if one.key in added}
        members = (await session.scalars(posted_by_members(row.id))).all()
        about_people = _ABOUT_PEOPLE.get(request.decision)
        if about_people is not None:
            concerned.update(members)
            await hold_on(session, self._database, row, about_people, members, now=now)
        tell = request.tell_person and row.outcome is not Outcome.SPECIAL
        kinds = [kind for kind in (about_people, ActionKind.TELL if tell else None) if kind]
        await add(
            [
                NewAction(
                    kind,
                    person_key(kind, row.id, person_id, time),
                    person_id=person_id,
                    until=request.until,
                )
                for kind in kinds
                for person_id in members
                if person_id in concerned
            ]
        )

    async def _count(self, session: AsyncSession, row: CaseRow, figure: int) -> None:
        """Count a decision on the day it was made, or count it no more."""
        if row.decision is None or row.decided_at is None:
            return
        what = Counted.CONFIRMED if row.decision.confirms else Counted.OVERTURNED
        day = row.decided_at.date()
        await count(session, self._database, row.guild_id, day, {(what, row.rule): figure})


async def _times_decided(session: AsyncSession, row: CaseRow) -> int:
    """Count the decisions on a case, those taken back as well."""
    question = select(func.count(CaseEventRow.id)).where(
        CaseEventRow.case_id == row.id, CaseEventRow.kind == EventKind.DECIDED
    )
    return await session.scalar(question) or 0


async def _deletions(session: AsyncSession, row: CaseRow, time: int) -> list[NewAction]:
    """Return what deletes whatever is still there, each message once.

    Where deleting was tried and did not succeed, it is tried once more.
    """
    question = select(SightingRow).where(SightingRow.case_id == row.id)
    sightings = await session.scalars(question.order_by(SightingRow.upload_id))
    targets = {delete_key(one.subject, one.message_id): one for one in sightings}
    tried: dict[str, ActionState] = {}
    for keys in batches(targets, KEYS_AT_ONCE):
        known = select(ActionRow.key, ActionRow.state).where(ActionRow.key.in_(keys))
        tried |= {one.key: one.state for one in await session.execute(known)}
    again = select(ActionRow.subject, ActionRow.message_id).where(
        ActionRow.case_id == row.id,
        ActionRow.kind == ActionKind.DELETE,
        ActionRow.message_id.is_not(None),
        ActionRow.state.in_(DONE_OR_WAITING),
    )
    settled = {
        delete_key(subject, message_id or 0) for subject, message_id in await session.execute(again)
    }
    settled |= {key for key, state in tried.items() if state in DONE_OR_WAITING}
    return [
        NewAction(
            ActionKind.DELETE,
            f"{key}:{row.id}:{time}" if key in tried else key,
            channel_id=target.channel_id,
            message_id=target.message_id,
            person_id=target.author_id if target.author is Author.MEMBER else None,
            subject=target.subject,
        )
        for key, target in targets.items()
        if key not in settled
    ]
