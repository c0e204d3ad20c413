"""The one verdict on an upload, and all that follows from it, within one transaction."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import WITH_CASE, Finding, Outcome
from bot.domain.moderation.upload import Conclusion, UploadState
from bot.storage.database import Database
from bot.storage.moderation.counting import Counted, count
from bot.storage.moderation.opening import CaseOfUpload
from bot.storage.moderation_tables import (
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
        if verdict.outcome is Outcome.SPECIAL:
            conclusion = _without_picture(conclusion)
        case_row, flagged = await CaseOfUpload(session, database, upload, conclusion, now).keep()
        if flagged:
            figures[Counted.FLAGGED, case_row.rule] = 1
    await count(session, database, upload.guild_id, now.date(), figures)
    return upload, case_row


def _without_picture(conclusion: Conclusion) -> Conclusion:
    """Leave out all that comes from the picture, and let it join nothing that does."""

    def bare(findings: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple(replace(finding, evidence="", case_id=None) for finding in findings)

    return replace(
        conclusion,
        verdict=replace(conclusion.verdict, reasons=bare(conclusion.verdict.reasons)),
        assessment=replace(conclusion.assessment, findings=bare(conclusion.assessment.findings)),
        fingerprint=None,
        views=None,
        thumbnail=None,
    )
