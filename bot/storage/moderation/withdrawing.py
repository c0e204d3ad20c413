"""Ending what waits for a server that is not looked at any more."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.upload import UploadState
from bot.storage.database import Database
from bot.storage.moderation.concluding import ERASED
from bot.storage.moderation.counting import Counted, count
from bot.storage.moderation.upload_rows import WAITING
from bot.storage.moderation_tables import JobRow, JobState, UploadFrameRow, UploadRow

AT_ONCE = 200
"""Uploads withdrawn in one transaction."""


async def withdraw_in(
    session: AsyncSession, database: Database, guild_id: int, now: datetime
) -> int:
    """Conclude some of what waits for a server as WITHDRAWN; return how many."""
    waiting = (
        select(UploadRow.id)
        .where(UploadRow.guild_id == guild_id, UploadRow.state.in_(WAITING))
        .order_by(UploadRow.id)
        .limit(AT_ONCE)
        .with_for_update()
    )
    ids = (await session.scalars(waiting)).all()
    if not ids:
        return 0
    await session.execute(
        update(UploadRow)
        .where(UploadRow.id.in_(ids))
        .values(state=UploadState.DONE, outcome=Outcome.WITHDRAWN, done_at=now, **ERASED)
    )
    await session.execute(delete(UploadFrameRow).where(UploadFrameRow.upload_id.in_(ids)))
    await session.execute(
        delete(JobRow).where(
            JobRow.kind.in_((JobKind.SCREEN, JobKind.JUDGE)),
            JobRow.subject_id.in_(ids),
            JobRow.state != JobState.RUNNING,  # who is at it finds it DONE
        )
    )
    await count(
        session,
        database,
        guild_id,
        now.date(),
        {(Counted.OUTCOME, Outcome.WITHDRAWN): len(ids)},
    )
    return len(ids)
