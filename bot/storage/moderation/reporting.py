"""What members report, and what that changes for what waits and for what has a case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.case import Report
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.upload import UploadState
from bot.storage.database import Database
from bot.storage.moderation.case_rows import lock_guild, redraw
from bot.storage.moderation.jobs import Wanted, enqueue_all_in
from bot.storage.moderation_tables import CaseRow, ReportRow, UploadRow

REPORT_PRIORITY = 10
"""Of an upload that was reported once; each further report adds one."""


async def report_in(
    session: AsyncSession,
    database: Database,
    keys: Sequence[str],
    report: Report,
    *,
    reason: bytes,
    now: datetime,
) -> int:
    """Keep a report, its reason sealed, on uploads; return how many they had not reported."""
    rows = await _reported(session, database, keys, report, reason)
    await _look_sooner(session, database, rows, now)
    return len(rows)


async def ask_for(
    session: AsyncSession,
    database: Database,
    kind: JobKind,
    rows: Sequence[UploadRow],
    now: datetime,
) -> None:
    """Ask for work on uploads; the one that was posted last is the newest."""
    wanted = [Wanted(row.id, row.priority, row.posted_at) for row in rows]
    await enqueue_all_in(session, database, kind, wanted, now=now)


async def _reported(
    session: AsyncSession,
    database: Database,
    keys: Sequence[str],
    report: Report,
    reason: bytes,
) -> Sequence[UploadRow]:
    """Keep a report on each of these; return those that the reporter had not reported."""
    known = select(UploadRow.id).where(UploadRow.key.in_(keys)).order_by(UploadRow.id)
    ids = (await session.scalars(known.with_for_update())).all()
    reports = [
        {
            "upload_id": upload_id,
            "reporter_id": report.reporter_id,
            "at": report.at,
            "reason": reason,
        }
        for upload_id in ids
    ]
    once = [ReportRow.upload_id, ReportRow.reporter_id]
    added = database.insert(ReportRow).on_conflict_do_nothing(index_elements=once)
    fresh = await session.scalars(added.returning(ReportRow.upload_id), reports)
    counted = (
        update(UploadRow)
        .where(UploadRow.id.in_(fresh.all()))
        .values(
            reports=UploadRow.reports + 1,
            priority=UploadRow.priority + case((UploadRow.reports > 0, 1), else_=0),
        )
        .returning(UploadRow)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(counted)).all()


async def _look_sooner(
    session: AsyncSession, database: Database, rows: Sequence[UploadRow], now: datetime
) -> None:
    """Raise what waits, and show on the cards of what does not that there is a report more."""
    for state, kind in (
        (UploadState.QUEUED, JobKind.SCREEN),
        (UploadState.SCREENED, JobKind.JUDGE),
    ):
        waiting = [row for row in rows if row.state is state]
        await ask_for(session, database, kind, waiting, now)
    shown = {row.case_id: row.guild_id for row in rows if row.case_id is not None}
    for guild_id in sorted(set(shown.values())):
        await lock_guild(session, guild_id)
    cases = select(CaseRow).where(CaseRow.id.in_(shown)).order_by(CaseRow.id)
    for row in (await session.scalars(cases)).all() if shown else ():
        await redraw(session, database, row, now)
