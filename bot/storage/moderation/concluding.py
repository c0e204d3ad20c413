"""The one verdict on an upload, and all that follows from it, within one transaction."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import WITH_CASE, Finding, Outcome
from bot.domain.moderation.upload import Conclusion, UploadState
from bot.storage.database import Database
from bot.storage.moderation.case_rows import findings_of, redraw, sealed_findings
from bot.storage.moderation.counting import Counted, count
from bot.storage.moderation.folding import copied_cases
from bot.storage.moderation.learning import erase
from bot.storage.moderation.opening import CaseOfUpload
from bot.storage.moderation_tables import (
    BankEntryRow,
    CaseRow,
    UploadFrameRow,
    UploadRow,
)

NOBODY_LOOKED = frozenset({Outcome.WITHDRAWN, Outcome.EXPIRED})
"""Endings that say nothing about how long a verdict takes."""

ERASED = {"source": None, "text": None, "screened": None, "spooled_bytes": 0}
"""What is left of an upload's link, words and frames once it is DONE."""


async def conclude_in(
    session: AsyncSession, database: Database, conclusion: Conclusion, now: datetime
) -> tuple[UploadRow, CaseRow | None] | None:
    """Keep a verdict; return the upload and its case, or None when there was a verdict before.

    Locks the upload, then the server where there is a case, the day's figures last.
    """
    verdict = conclusion.verdict
    ended = (
        update(UploadRow)
        .where(UploadRow.id == conclusion.upload_id, UploadRow.state != UploadState.DONE)
        .values(state=UploadState.DONE, outcome=verdict.outcome, done_at=now, **ERASED)
        .returning(UploadRow)
    )
    upload: UploadRow | None = await session.scalar(ended)
    if upload is None:
        return None
    await session.execute(delete(UploadFrameRow).where(UploadFrameRow.upload_id == upload.id))
    figures: dict[tuple[Counted, str], float] = {(Counted.OUTCOME, verdict.outcome): 1}
    if verdict.outcome not in NOBODY_LOOKED:
        seconds = (now - upload.posted_at).total_seconds()
        figures |= {(Counted.SECONDS, ""): max(0.0, seconds), (Counted.VERDICTS, ""): 1}
    case_row = None
    if verdict.outcome in WITH_CASE:
        copied: set[int] = set()
        if verdict.outcome is Outcome.SPECIAL:
            copied = copied_cases(conclusion.assessment)
            conclusion = _without_picture(conclusion)
        case_row, flagged = await CaseOfUpload(session, database, upload, conclusion, now).keep()
        await _forget_picture(session, database, upload.guild_id, copied, now)
        if flagged:
            figures[Counted.FLAGGED, case_row.rule] = 1
    await count(session, database, upload.guild_id, now.date(), figures)
    return upload, case_row


async def _forget_picture(
    session: AsyncSession,
    database: Database,
    guild_id: int,
    case_ids: Collection[int],
    now: datetime,
) -> None:
    """Keep nothing that earlier cases hold of a picture, as it turned out what it is.

    They are special from now on: their cards neither offer to show it nor to learn from it.
    """
    if not case_ids:
        return
    await erase(session, guild_id, BankEntryRow.case_id.in_(case_ids), now)
    mine = select(CaseRow).where(CaseRow.guild_id == guild_id, CaseRow.id.in_(case_ids))
    for row in (await session.scalars(mine.order_by(CaseRow.id))).all():
        row.outcome, row.thumbnail = Outcome.SPECIAL, None
        found = findings_of(database.seal, row)
        wordless = [replace(finding, evidence="") for finding in found]
        row.findings = sealed_findings(database.seal, wordless)
        await redraw(session, database, row, now)


def _bare(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(finding, evidence="", case_id=None) for finding in findings)


def _without_picture(conclusion: Conclusion) -> Conclusion:
    """Leave out all that comes from the picture, and let it join nothing that does."""
    return replace(
        conclusion,
        verdict=replace(conclusion.verdict, reasons=_bare(conclusion.verdict.reasons)),
        assessment=replace(conclusion.assessment, findings=_bare(conclusion.assessment.findings)),
        fingerprint=None,
        views=None,
        thumbnail=None,
    )
