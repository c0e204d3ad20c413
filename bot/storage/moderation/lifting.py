"""Taking back what was done to people, and what was not done yet.

Several cases may want the same for a person, and what is to be done waits while Discord cannot be
reached. So whether a time-out or a ban is ours, and whether it is to end, is asked of all cases of
a server together.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
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
_BEGUN_BEFORE: Mapping[ActionState, int] = {
    ActionState.DONE: 0,
    ActionState.PENDING: 1,
    ActionState.ALREADY: 2,
}
"""From how many tries on it was done by us: what was so already at the first try was not."""


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

    The server is locked. What waits is not done; our time-outs and bans end, unless another case
    wants them as well. ``time`` tells this time from others in the same case.
    """
    ending = [
        action
        for action in await _about_people(session, row, now, policys_too=policys_too)
        if await _is_ours(session, action) and not await _wanted_elsewhere(session, action, now)
    ]
    await _withdraw(session, _waiting(row, policys_too=policys_too), now)
    for action in ending:
        kind = _ENDED_BY[action.kind]
        assert action.person_id is not None
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


async def hold_on(
    session: AsyncSession, guild_id: int, kind: ActionKind, person_id: int, now: datetime
) -> None:
    """Let no time-out or ban of a person end that was to end and now is wanted again."""
    if kind in _ENDED_BY:
        ending = and_(
            ActionRow.guild_id == guild_id,
            ActionRow.person_id == person_id,
            ActionRow.kind == _ENDED_BY[kind],
            ActionRow.state == ActionState.PENDING,
        )
        await _withdraw(session, ending, now)


async def _about_people(
    session: AsyncSession, row: CaseRow, now: datetime, *, policys_too: bool
) -> list[ActionRow]:
    """Return the newest time-out and ban of everybody, of those that are to be taken back."""
    wanted = select(ActionRow).where(
        ActionRow.case_id == row.id,
        ActionRow.kind.in_(_ENDED_BY),
        ActionRow.person_id.is_not(None),
        ActionRow.state.in_(DONE_OR_WAITING),
        or_(ActionRow.until.is_(None), ActionRow.until > now),
    )
    if not policys_too:
        wanted = wanted.where(ActionRow.requested_by.is_not(None))
    newest = {
        (action.kind, action.person_id): action
        for action in await session.scalars(wanted.order_by(ActionRow.id))
    }
    return list(newest.values())


async def _is_ours(session: AsyncSession, action: ActionRow) -> bool:
    """Say whether it holds because of us, whichever case it was for."""
    ended_by = _ENDED_BY[action.kind]
    history = select(ActionRow).where(
        ActionRow.guild_id == action.guild_id,
        ActionRow.person_id == action.person_id,
        ActionRow.kind.in_((action.kind, ended_by)),
        ActionRow.state.in_(DONE_OR_WAITING),
    )
    for one in await session.scalars(history.order_by(ActionRow.id.desc())):
        if one.kind is ended_by:
            return False
        if one.begun >= _BEGUN_BEFORE[one.state]:
            return True
    return False


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


def _waiting(row: CaseRow, *, policys_too: bool) -> ColumnElement[bool]:
    """Whether an action of a case waits that is to be taken back; what ends others is not."""
    conditions = [
        ActionRow.case_id == row.id,
        ActionRow.state == ActionState.PENDING,
        ActionRow.kind.not_in(_ENDED_BY.values()),
    ]
    if not policys_too:
        conditions.append(ActionRow.requested_by.is_not(None))
    return and_(*conditions)


async def _withdraw(session: AsyncSession, waiting: ColumnElement[bool], now: datetime) -> None:
    """Let go of what waits: what is not begun is not done, the rest is not tried again."""
    await session.execute(delete(ActionRow).where(waiting, ActionRow.begun == 0))
    await session.execute(
        update(ActionRow).where(waiting).values(state=ActionState.FAILED, ended_at=now)
    )
