"""Uploads as values, from their rows."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.domain.moderation.upload import MAX_TEXT_CHARACTERS, NewUpload, Upload, UploadState
from bot.domain.picture import PictureRef, SourceKind
from bot.storage.moderation_tables import UploadRow
from bot.storage.seal import Seal

WAITING = (UploadState.QUEUED, UploadState.SCREENED)
"""What has no verdict yet, so that an index finds it: one does not find what is not DONE."""

_source = TypeAdapter(PictureRef)


def upload_values(seal: Seal, new: NewUpload, now: datetime, *, priority: int) -> dict[str, Any]:
    """Return the values of a new upload's row."""
    return {
        "key": new.key,
        "guild_id": new.guild_id,
        "channel_id": new.channel_id,
        "message_id": new.message_id,
        "author_id": new.author_id,
        "author": new.author,
        "subject": new.subject,
        "age_restricted": new.age_restricted,
        "previewed": new.previewed,
        "priority": priority,
        "reports": 0,
        "state": UploadState.QUEUED,
        "posted_at": new.posted_at,
        "recorded_at": now,
        "source": seal.seal_json(asdict(new.ref)),
        "text": seal.seal_text(new.text[:MAX_TEXT_CHARACTERS]),
        "spooled_bytes": 0,
    }


def upload_of(seal: Seal, row: UploadRow) -> Upload:
    """Return an upload; words and link are empty once it is DONE, or when no key opens them."""
    source = None if row.source is None else seal.open_json(row.source)
    text = None if row.text is None else seal.open_text(row.text)
    if row.state is not UploadState.DONE and (source is None or text is None):
        seal.unreadable("upload", row.id)
    ref = _source.validate_python(source) if source is not None else _place(row)
    return Upload(
        id=row.id,
        new=NewUpload(
            key=row.key,
            guild_id=row.guild_id,
            channel_id=row.channel_id,
            message_id=row.message_id,
            author_id=row.author_id,
            ref=ref,
            posted_at=row.posted_at,
            subject=row.subject,
            author=row.author,
            text=text or "",
            age_restricted=row.age_restricted,
            previewed=row.previewed,
            priority=row.priority,
        ),
        state=row.state,
        recorded_at=row.recorded_at,
        reports=row.reports,
        outcome=row.outcome,
        case_id=row.case_id,
    )


def _place(row: UploadRow) -> PictureRef:
    """Return where a picture was, without the link to it."""
    return PictureRef(
        kind=SourceKind.ATTACHMENT,
        url="",
        channel_id=row.channel_id,
        message_id=row.message_id,
    )
