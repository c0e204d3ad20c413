"""Taking back what was done to people, and what was not done yet.

Several cases may want the same for a person, and what is to be done waits while Discord cannot be
reached. So whether a time-out or a ban is ours, and whether it is to end, is asked of all cases of
a server together.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.case import ActionKind, ActionState, Decision
from bot.domain.moderation.policy import Step
from bot.storage.database import Database
from bot.storage.moderation.bank import batches
from bot.storage.moderation.case_reading import CONFIRMING
from bot.storage.moderation.case_rows import NewAction, add_actions, person_key, redraw
from bot.storage.moderation_tables import ActionRow, CaseRow, SightingRow

DONE_OR_WAITING = (ActionState.PENDING, ActionState.DONE, ActionState.ALREADY)

PEOPLE_AT_ONCE = 500

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
    held = await _about_people(session, row, now, policys_too=policys_too)
    ending = {
        kind: people
        - await _not_ours(session, row.guild_id, kind, people)
        - await _wanted_elsewhere(session, row, kind, people, now)
        for kind, people in held.items()
    }
    waiting = _waiting(row, policys_too=policys_too)
    await _hand_on(session, database, row, waiting, now)
    await _withdraw(session, waiting, now)
    until = await _until(session, row.guild_id, ending.get(ActionKind.TIME_OUT, ()))
    actions = [
        NewAction(
            _ENDED_BY[kind],
            person_key(_ENDED_BY[kind], row.id, person_id, time),
            person_id=person_id,
            until=until.get(person_id) if kind is ActionKind.TIME_OUT else None,
        )
        for kind, people in ending.items()
        for person_id in sorted(people)
    ]
    await add_actions(session, database, row, actions, now=now, requested_by=moderator_id)


async def hold_on(
    session: AsyncSession,
    database: Database,
    row: CaseRow,
    kind: ActionKind,
    people: Collection[int],
    *,
    now: datetime,
) -> None:
    """Let no time-out or ban of these people end that was to end and that a case wants again.

    The server is locked. The cards of the cases that wanted it to end say so; the card of ``row``
    is for the caller to redraw.
    """
    if kind not in _ENDED_BY:
        return
    changed = set[int]()
    for some in batches(people, PEOPLE_AT_ONCE):
        ending = and_(
            ActionRow.guild_id == row.guild_id,
            ActionRow.person_id.in_(some),
            ActionRow.kind == _ENDED_BY[kind],
            ActionRow.state == ActionState.PENDING,
        )
        changed.update(await session.scalars(select(ActionRow.case_id).where(ending)))
        await _withdraw(session, ending, now)
    others = select(CaseRow).where(CaseRow.id.in_(changed - {row.id})).order_by(CaseRow.id)
    for other in (await session.scalars(others)).all():
        await redraw(session, database, other, now)


async def _about_people(
    session: AsyncSession, row: CaseRow, now: datetime, *, policys_too: bool
) -> dict[ActionKind, set[int]]:
    """Return who is timed out and who is banned because of what is to be taken back."""
    wanted = select(ActionRow.kind, ActionRow.person_id).where(
        ActionRow.case_id == row.id,
        ActionRow.kind.in_(_ENDED_BY),
        ActionRow.state.in_(DONE_OR_WAITING),
        or_(ActionRow.until.is_(None), ActionRow.until > now),
    )
    if not policys_too:
        wanted = wanted.where(ActionRow.requested_by.is_not(None))
    held: dict[ActionKind, set[int]] = {}
    for kind, person_id in await session.execute(wanted):
        if person_id is not None:
            held.setdefault(kind, set()).add(person_id)
    return held


async def _not_ours(
    session: AsyncSession, guild_id: int, kind: ActionKind, people: Collection[int]
) -> set[int]:
    """Return for whom it does not hold because of us, whichever case it was for."""
    ours = set[int]()
    for some in batches(people, PEOPLE_AT_ONCE):
        history = select(
            ActionRow.person_id, ActionRow.kind, ActionRow.state, ActionRow.begun
        ).where(
            ActionRow.guild_id == guild_id,
            ActionRow.person_id.in_(some),
            ActionRow.kind.in_((kind, _ENDED_BY[kind])),
            ActionRow.state.in_(DONE_OR_WAITING),
        )
        for one in await session.execute(history.order_by(ActionRow.id)):
            if one.kind is not kind:
                ours.discard(one.person_id)
            elif one.begun >= _BEGUN_BEFORE[one.state]:
                ours.add(one.person_id)
    return set(people) - ours


async def _until(
    session: AsyncSession, guild_id: int, people: Collection[int]
) -> dict[int, datetime]:
    """Return until when time-outs hold that Discord was asked for: a longer one is not ours."""
    holding: dict[int, datetime] = {}
    for some in batches(people, PEOPLE_AT_ONCE):
        question = (
            select(ActionRow.person_id, func.max(ActionRow.until))
            .where(
                ActionRow.guild_id == guild_id,
                ActionRow.person_id.in_(some),
                ActionRow.kind == ActionKind.TIME_OUT,
                ActionRow.begun > 0,
            )
            .group_by(ActionRow.person_id)
        )
        holding |= {
            person_id: until
            for person_id, until in await session.execute(question)
            if person_id is not None and until is not None
        }
    return holding


async def _wanted_elsewhere(
    session: AsyncSession, row: CaseRow, kind: ActionKind, people: Collection[int], now: datetime
) -> set[int]:
    """Return for whom another case wants the same, and still holds."""
    by_policy = and_(
        ActionRow.requested_by.is_(None),
        or_(CaseRow.decision.is_(None), CaseRow.decision.in_(CONFIRMING)),
    )
    wanted = set[int]()
    for some in batches(people, PEOPLE_AT_ONCE):
        question = (
            select(ActionRow.person_id)
            .join(CaseRow, CaseRow.id == ActionRow.case_id)
            .where(
                ActionRow.guild_id == row.guild_id,
                ActionRow.person_id.in_(some),
                ActionRow.case_id != row.id,
                ActionRow.kind == kind,
                ActionRow.state.in_(DONE_OR_WAITING),
                or_(ActionRow.until.is_(None), ActionRow.until > now),
                or_(by_policy, CaseRow.decision == _DECIDED_BY[kind]),
            )
        )
        wanted.update(one for one in await session.scalars(question) if one is not None)
    return wanted


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


async def _hand_on(
    session: AsyncSession,
    database: Database,
    row: CaseRow,
    waiting: ColumnElement[bool],
    now: datetime,
) -> None:
    """Let deletions that another case wants as well be that case's: each is asked for only once.

    A message has a special case beside that of its other pictures.
    """
    here = and_(
        SightingRow.message_id == ActionRow.message_id,
        SightingRow.subject == ActionRow.subject,
        SightingRow.case_id != row.id,
    )
    by_policy = and_(
        CaseRow.decision.is_(None), CaseRow.automatic >= Step.DELETE, CaseRow.dry_run.is_(False)
    )
    wanted = (
        select(ActionRow.id, func.max(CaseRow.id))
        .join(SightingRow, here)
        .join(CaseRow, CaseRow.id == SightingRow.case_id)
        .where(
            waiting,
            ActionRow.kind == ActionKind.DELETE,
            CaseRow.guild_id == row.guild_id,
            or_(by_policy, CaseRow.decision.in_(CONFIRMING)),
        )
        .group_by(ActionRow.id)
    )
    for action_id, case_id in (await session.execute(wanted)).all():
        heir = await session.get_one(CaseRow, case_id)
        given = {"case_id": heir.id, "requested_by": heir.decided_by, "rule": heir.rule}
        await session.execute(update(ActionRow).where(ActionRow.id == action_id).values(**given))
        await redraw(session, database, heir, now)


async def _withdraw(session: AsyncSession, waiting: ColumnElement[bool], now: datetime) -> None:
    """Let go of what waits: what is not begun is not done, the rest is not tried again."""
    await session.execute(delete(ActionRow).where(waiting, ActionRow.begun == 0))
    await session.execute(
        update(ActionRow).where(waiting).values(state=ActionState.FAILED, ended_at=now)
    )
