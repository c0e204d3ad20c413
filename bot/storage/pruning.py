"""What a forgotten turn takes with it from the tree around it."""

from sqlalchemy import CTE, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.conversation import TurnState
from bot.storage.conversation_tables import (
    ConversationRow,
    ThreadRow,
    TurnPictureRow,
    TurnRow,
    WindowRow,
)
from bot.storage.turns import way


async def pictures_going(session: AsyncSession, turn: TurnRow) -> list[tuple[int, int]]:
    """Return which pictures go with ``turn``, as turns and numbers: its own, and parts of them.

    Parts stay where another turn, tried again, has the whole as well.
    """
    question = (
        select(TurnPictureRow.turn_id, TurnPictureRow.number, TurnPictureRow.part_of)
        .join(TurnRow, TurnRow.id == TurnPictureRow.turn_id)
        .where(TurnRow.conversation_id == turn.conversation_id)
        .order_by(TurnPictureRow.number)  # parts have higher numbers than what they are parts of
    )
    going, wholes = [], set[int]()
    rows = (await session.execute(question)).all()
    elsewhere = {row.number for row in rows if row.turn_id != turn.id}
    for turn_id, number, part_of in rows:
        if turn_id == turn.id or part_of in wholes:
            going.append((turn_id, number))
            if part_of in wholes or number not in elsewhere:
                wholes.add(number)
    return going


async def close_windows(session: AsyncSession, turn: TurnRow) -> None:
    """Delete the windows whose words may be of ``turn``; what was measured with it is void."""
    windows = (
        await session.scalars(
            select(WindowRow.id).where(
                WindowRow.conversation_id == turn.conversation_id,
                WindowRow.first_depth > turn.depth,
            )
        )
    ).all()
    void = {"prompt_tokens": None, "answer_tokens": None}
    told = update(TurnRow).where(TurnRow.window_id.in_(windows))
    await session.execute(told.values(window_id=None, **void))
    followed = update(TurnRow).where(TurnRow.id.in_(select(_after(turn.id).c.id)))
    await session.execute(followed.values(void))
    await session.execute(delete(WindowRow).where(WindowRow.id.in_(windows)))


async def leave_threads(session: AsyncSession, turn_id: int) -> None:
    """Move threads from a forgotten turn to the nearest one before it that is not forgotten."""
    back = way(turn_id)
    nearest = await session.scalar(
        select(TurnRow.id)
        .join(back, back.c.id == TurnRow.id)
        .where(TurnRow.state != TurnState.FORGOTTEN)
        .order_by(TurnRow.depth.desc())
        .limit(1)
    )
    here = ThreadRow.turn_id == turn_id
    if nearest is None:
        await session.execute(delete(ThreadRow).where(here))
    else:
        await session.execute(update(ThreadRow).where(here).values(turn_id=nearest))


async def prune(session: AsyncSession, turn: TurnRow) -> bool:
    """Delete forgotten turns that nothing hangs on; say whether the conversation went with them."""
    leaf: TurnRow | None = turn
    while leaf is not None and leaf.state is TurnState.FORGOTTEN:
        children = select(TurnRow.id).where(TurnRow.parent_id == leaf.id).limit(1)
        if await session.scalar(children) is not None:
            return False
        parent_id = leaf.parent_id
        await session.execute(delete(TurnRow).where(TurnRow.id == leaf.id))
        leaf = None if parent_id is None else await session.get(TurnRow, parent_id)
    rest = select(TurnRow.id).where(TurnRow.conversation_id == turn.conversation_id).limit(1)
    if await session.scalar(rest) is not None:
        return False
    await session.execute(delete(ConversationRow).where(ConversationRow.id == turn.conversation_id))
    return True


def _after(turn_id: int) -> CTE:
    """Return the ids of all turns that hang on a turn."""
    hanging = select(TurnRow.id).where(TurnRow.parent_id == turn_id).cte("hanging", recursive=True)
    later = aliased(TurnRow)
    return hanging.union_all(select(later.id).join(hanging, later.parent_id == hanging.c.id))
