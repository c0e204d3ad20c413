"""Taking back what was done to people, and what was not done yet."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.case import ActionKind, ActionState, Decision
from bot.storage.database import Database
from bot.storage.moderation.case_reading import CONFIRMING
from bot.storage.moderation.case_rows import add_action, person_key
from bot.storage.moderation_tables import ActionRow, CaseRow

DONE_OR_WAITING = (ActionState.PENDING, ActionState.DONE, ActionState.ALREADY)

_ENDED_BY: Mapping[ActionKind, ActionKind] = {
    ActionKind.TIME_OUT: ActionKind.END_TIME_OUT,
    ActionKind.BAN: ActionKind.UNBAN,
}
_DECIDED_BY: Mapping[ActionKind, Decision] = {
    ActionKind.TIME_OUT: Decision.TIME_OUT,
    ActionKind.BAN: Decision.BAN,
}


async def take_back(
    session: AsyncSession,
    database: Database,
    row: CaseRow,
    moderator_id: int,
    *,
    policys_too: bool,
    time: int,
    now: datetime,
) -> None:
    """Take back what a decision did because of a case, or what the policy did as well.

    The server is locked. What waits is not done; time-outs and bans that hold are ended, except
    those that another case wants as well. ``time`` tells this time from others in the same case.
    """
    holding = await _holding(session, row, now, policys_too=policys_too)
    await _withdraw(session, row, now, policys_too=policys_too)
    for action in holding:
        if action.person_id is None or await _wanted_elsewhere(session, action, now):
            continue
        kind = _ENDED_BY[action.kind]
        await add_action(
            session,
            database,
            row,
            kind,
            person_key(kind, row.id, action.person_id, time),
            now=now,
            person_id=action.person_id,
            requested_by=moderator_id,
        )


async def _holding(
    session: AsyncSession, row: CaseRow, now: datetime, *, policys_too: bool
) -> list[ActionRow]:
    """Return the time-outs and bans that were carried out, or may have been, and still hold."""
    kinds = (*_ENDED_BY, *_ENDED_BY.values())
    of_people = select(ActionRow).where(ActionRow.case_id == row.id, ActionRow.kind.in_(kinds))
    newest: dict[tuple[ActionKind, int | None], ActionRow] = {}
    for action in await session.scalars(of_people.order_by(ActionRow.id)):
        if action.kind in _ENDED_BY and not _may_hold(action):
            continue
        newest[_ENDED_BY.get(action.kind, action.kind), action.person_id] = action
    return [
        action
        for action in newest.values()
        if action.kind in _ENDED_BY
        and (policys_too or action.requested_by is not None)
        and (action.until is None or action.until > now)
    ]


def _may_hold(action: ActionRow) -> bool:
    """Say whether we did it; ALREADY is somebody else's doing, unless we had begun before."""
    begun_before = {ActionState.PENDING: 1, ActionState.ALREADY: 2}
    if action.state in begun_before:
        return action.begun >= begun_before[action.state]
    return action.state is ActionState.DONE


async def _withdraw(
    session: AsyncSession, row: CaseRow, now: datetime, *, policys_too: bool
) -> None:
    """Let go of what waits: what is not begun was never to be done, the rest is not tried again."""
    waiting = [ActionRow.case_id == row.id, ActionRow.state == ActionState.PENDING]
    if not policys_too:
        waiting.append(ActionRow.requested_by.is_not(None))
    await session.execute(delete(ActionRow).where(*waiting, ActionRow.begun == 0))
    await session.execute(
        update(ActionRow).where(*waiting).values(state=ActionState.FAILED, ended_at=now)
    )


async def _wanted_elsewhere(session: AsyncSession, action: ActionRow, now: datetime) -> bool:
    """Say whether another case wants the same for the same person, and still holds."""
    by_policy = and_(
        ActionRow.requested_by.is_(None),
        or_(CaseRow.decision.is_(None), CaseRow.decision.in_(CONFIRMING)),
    )
    question = (
        select(ActionRow.id)
        .join(CaseRow, CaseRow.id == ActionRow.case_id)
        .where(
            ActionRow.guild_id == action.guild_id,
            ActionRow.person_id == action.person_id,
            ActionRow.case_id != action.case_id,
            ActionRow.kind == action.kind,
            ActionRow.state.in_(DONE_OR_WAITING),
            or_(ActionRow.until.is_(None), ActionRow.until > now),
            or_(by_policy, CaseRow.decision == _DECIDED_BY[action.kind]),
        )
    )
    return await session.scalar(question.limit(1)) is not None
