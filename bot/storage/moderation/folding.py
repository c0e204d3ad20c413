"""Which case an upload joins, so that a raid has one card."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import Assessment, Outcome, Source
from bot.domain.moderation.case import CaseState
from bot.domain.moderation.fingerprint import BankKind, Fingerprint, Hash64, copy_distance
from bot.storage.moderation.case_rows import unpacked
from bot.storage.moderation_tables import BankEntryRow, CaseRow, SightingRow, UploadRow

NEWEST_SEEN = 50
"""How many cases are looked through once more at the verdict: a copy's case may have been opened
after the bank was asked, and is among the newest then."""


def copied_cases(assessment: Assessment) -> set[int]:
    """Return the cases of the pictures that an upload was found to be a copy of."""
    return {
        finding.case_id
        for finding in assessment.findings
        if finding.source is Source.BANK and finding.case_id is not None
    }


async def case_of_message(
    session: AsyncSession, upload: UploadRow, *, special: bool
) -> CaseRow | None:
    """Return the newest open case of the same message; what is special keeps to itself."""
    alike = CaseRow.outcome == Outcome.SPECIAL if special else CaseRow.outcome != Outcome.SPECIAL
    question = (
        select(CaseRow)
        .join(SightingRow, SightingRow.case_id == CaseRow.id)
        .where(
            CaseRow.guild_id == upload.guild_id,
            CaseRow.state == CaseState.OPEN,
            SightingRow.message_id == upload.message_id,
            SightingRow.subject == upload.subject,
            alike,
        )
    )
    found: CaseRow | None = await session.scalar(question.order_by(CaseRow.id.desc()).limit(1))
    return found


async def case_of_copy(
    session: AsyncSession,
    upload: UploadRow,
    assessment: Assessment,
    fingerprint: Fingerprint | None,
    window: timedelta,
) -> CaseRow | None:
    """Return the open case whose picture an upload copies, sighted no longer ago than ``window``.

    What counts is when they were posted: a backlog that is worked off late folds all the same.
    """
    joinable = and_(
        CaseRow.guild_id == upload.guild_id,
        CaseRow.state == CaseState.OPEN,
        CaseRow.outcome != Outcome.SPECIAL,
        CaseRow.last_sighting_at >= upload.posted_at - window,
    )
    copied = copied_cases(assessment)
    if copied:
        known = select(CaseRow).where(joinable, CaseRow.id.in_(copied))
        row: CaseRow | None = await session.scalar(known.order_by(CaseRow.id.desc()).limit(1))
        if row is not None:
            return row
    return None if fingerprint is None else await _newly_seen(session, joinable, fingerprint)


async def _newly_seen(
    session: AsyncSession, joinable: ColumnElement[bool], fingerprint: Fingerprint
) -> CaseRow | None:
    seen = (
        select(CaseRow, BankEntryRow.sha256, BankEntryRow.hashes)
        .join(BankEntryRow, BankEntryRow.case_id == CaseRow.id)
        .where(joinable, BankEntryRow.kind == BankKind.SEEN, BankEntryRow.removed.is_(False))
        .order_by(BankEntryRow.id.desc())
        .limit(NEWEST_SEEN)
    )
    for row, sha256, hashes in await session.execute(seen):
        if sha256 == fingerprint.sha256 or near(unpacked(hashes), fingerprint.hashes):
            found: CaseRow = row
            return found
    return None


def near(banked: Sequence[Hash64], hashes: Sequence[Hash64]) -> bool:
    """Say whether every frame of a picture is a copy of one that is banked."""
    frames = [hashes[at : at + 2] for at in range(0, len(hashes), 2)]
    return bool(frames) and all(copy_distance(banked, one) is not None for one in frames)


async def seen_before(session: AsyncSession, guild_id: int, copied: set[int]) -> int:
    """Return how often the picture had a case, from those it was found to be a copy of."""
    if not copied:
        return 0
    earlier = select(func.max(CaseRow.seen_before)).where(
        CaseRow.guild_id == guild_id, CaseRow.id.in_(copied)
    )
    most = await session.scalar(earlier)
    return 0 if most is None else most + 1
