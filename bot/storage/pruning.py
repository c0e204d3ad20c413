"""What a forgotten turn takes with it from the tree around it."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.conversation import TurnState
from bot.storage.conversation_tables import ConversationRow, ThreadRow, TurnRow, WindowRow
from bot.storage.turns import way


async def close_windows(session: AsyncSession, turn: TurnRow) -> None:
    """Delete the windows whose words may be of ``turn``; what was measured with them is void."""
    windows = (
        await session.scalars(
            select(WindowRow.id).where(
                WindowRow.conversation_id == turn.conversation_id,
                WindowRow.first_depth > turn.depth,
            )
        )
    ).all()
    await session.execute(
        update(TurnRow)
        .where(TurnRow.window_id.in_(windows))
        .values(window_id=None, prompt_tokens=None, answer_tokens=None)
    )
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
