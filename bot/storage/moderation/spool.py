"""What screening found, kept until the verdict: prepared frames, never an original."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import Finding
from bot.domain.moderation.fingerprint import Fingerprint
from bot.domain.moderation.upload import Screened, UploadState
from bot.domain.picture import Frame
from bot.storage.moderation_tables import UploadFrameRow, UploadRow
from bot.storage.seal import Seal

_findings = TypeAdapter(tuple[Finding, ...])

FrameValues = list[dict[str, Any]]


def sealed_screened(seal: Seal, screened: Screened) -> bytes:
    """Return what was found, without the frames, as an upload's row holds it."""
    return seal.seal_json(
        {
            "sha256": screened.fingerprint.sha256,
            "hashes": screened.fingerprint.hashes,
            "codes": screened.codes,
            "findings": [asdict(finding) for finding in screened.findings],
            "animated": screened.animated,
        }
    )


def frame_values(seal: Seal, upload_id: int, screened: Screened) -> FrameValues:
    """Return the frames as their rows hold them."""
    return [
        {
            "upload_id": upload_id,
            "dark": dark,
            "position": position,
            "media_type": frame.media_type,
            "width": frame.width,
            "height": frame.height,
            "at_seconds": frame.at_seconds,
            "data": seal.seal(frame.data),
        }
        for dark, frames in ((False, screened.frames), (True, screened.dark))
        for position, frame in enumerate(frames)
    ]


def screened_of(seal: Seal, stored: bytes, rows: Sequence[UploadFrameRow]) -> Screened | None:
    """Return what was spooled; None when no key opens all of it."""
    body = seal.open_json(stored)
    frames: dict[bool, list[Frame]] = {False: [], True: []}
    for row in rows:
        data = seal.open(row.data)
        if data is None:
            return None
        frames[row.dark].append(Frame(data, row.media_type, row.width, row.height, row.at_seconds))
    if body is None:
        return None
    return Screened(
        fingerprint=Fingerprint(body["sha256"], tuple(body["hashes"])),
        frames=tuple(frames[False]),
        dark=tuple(frames[True]),
        codes=tuple(body["codes"]),
        findings=_findings.validate_python(body["findings"]),
        animated=body["animated"],
    )


async def spooled_bytes(session: AsyncSession) -> int:
    """Return how much all spooled frames take."""
    waiting = UploadRow.state == UploadState.SCREENED
    return int(await session.scalar(select(func.sum(UploadRow.spooled_bytes)).where(waiting)) or 0)


async def spool_in(
    session: AsyncSession, upload_id: int, screened: bytes, frames: FrameValues
) -> UploadRow | None:
    """Keep what was found, in place of what was kept before; None when the upload is DONE."""
    kept = (
        update(UploadRow)
        .where(UploadRow.id == upload_id, UploadRow.state != UploadState.DONE)
        .values(
            state=UploadState.SCREENED,
            screened=screened,
            spooled_bytes=sum(len(frame["data"]) for frame in frames),
        )
        .returning(UploadRow)
    )
    row: UploadRow | None = await session.scalar(kept)
    if row is not None:
        await session.execute(delete(UploadFrameRow).where(UploadFrameRow.upload_id == upload_id))
        if frames:
            await session.execute(insert(UploadFrameRow), frames)
    return row


async def frames_of(session: AsyncSession, upload_id: int) -> Sequence[UploadFrameRow]:
    """Return the rows of an upload's frames, in order."""
    frames = select(UploadFrameRow).where(UploadFrameRow.upload_id == upload_id)
    rows = await session.scalars(frames.order_by(UploadFrameRow.dark, UploadFrameRow.position))
    return rows.all()
