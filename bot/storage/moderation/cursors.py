"""How far every channel was heard."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.upload import Cursor
from bot.storage.database import Database
from bot.storage.moderation_tables import ChannelCursorRow


async def move_cursors_in(
    session: AsyncSession, database: Database, cursors: Sequence[Cursor]
) -> None:
    """Move channels' cursors forward; they never go back."""
    farthest: dict[int, Cursor] = {}
    for cursor in sorted(cursors, key=lambda cursor: (cursor.channel_id, cursor.message_id)):
        farthest[cursor.channel_id] = cursor
    if not farthest:
        return
    row = database.insert(ChannelCursorRow)
    moved = row.on_conflict_do_update(
        index_elements=[ChannelCursorRow.channel_id],
        set_={"message_id": row.excluded.message_id},
        where=ChannelCursorRow.message_id < row.excluded.message_id,
    )
    await session.execute(moved, [asdict(cursor) for cursor in farthest.values()])


async def cursors_of(session: AsyncSession, guild_id: int) -> Sequence[Cursor]:
    """Return how far each channel of a server was heard."""
    rows = await session.scalars(
        select(ChannelCursorRow)
        .where(ChannelCursorRow.guild_id == guild_id)
        .order_by(ChannelCursorRow.channel_id)
    )
    return [Cursor(row.guild_id, row.channel_id, row.message_id) for row in rows]
