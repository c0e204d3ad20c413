"""One uploaded picture on its way to a verdict."""

import enum
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.moderation.assessment import Assessment, Finding, Outcome, Verdict
from bot.domain.moderation.fingerprint import Fingerprint, Views
from bot.domain.picture import Frame, PictureRef

MAX_TEXT_CHARACTERS = 1000
"""How much of a message's text goes with its picture."""
REPORTED_PREFIX = "r:"
"""Begins the ``key`` of an upload that was reported: it gets a fresh look of its own."""


class Subject(enum.StrEnum):
    """What carries the picture, and so what deleting means."""

    MESSAGE = "message"
    EMOJI = "emoji"
    STICKER = "sticker"
    """A sticker added to the server; one that is posted belongs to its message."""


class Author(enum.StrEnum):
    """Who posted it, as Discord tells them apart."""

    MEMBER = "member"
    BOT = "bot"
    WEBHOOK = "webhook"


class UploadState(enum.StrEnum):
    """How far the look at an upload is."""

    QUEUED = "queued"
    SCREENED = "screened"
    """Fetched, prepared and spooled; waits for the model."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class NewUpload:
    """An upload as Discord told of it; ``key`` is the same however often it tells."""

    key: str
    guild_id: int
    channel_id: int
    message_id: int
    """Of the emoji or sticker where that is the subject."""
    author_id: int
    ref: PictureRef
    posted_at: datetime
    subject: Subject = Subject.MESSAGE
    author: Author = Author.MEMBER
    text: str = field(default="", repr=False)
    """What the message says, for the model: data, never an instruction."""
    age_restricted: bool = False
    previewed: bool = True
    """Whether Discord shows it as a picture or video."""
    priority: int = 0

    @property
    def heard_in(self) -> int:
        """The ``channel_id`` of its Cursor; emoji and stickers share one for their server."""
        return self.channel_id if self.subject is Subject.MESSAGE else -self.guild_id


@dataclass(frozen=True, slots=True)
class Upload:
    """A recorded upload."""

    id: int
    new: NewUpload
    state: UploadState
    recorded_at: datetime
    reports: int = 0
    outcome: Outcome | None = None
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found out before the model is asked; this is what is spooled.

    ``dark`` holds the frames on Discord's dark background where they differ from ``frames``.
    """

    fingerprint: Fingerprint
    frames: tuple[Frame, ...]
    dark: tuple[Frame, ...] = ()
    codes: tuple[str, ...] = field(default=(), repr=False)
    """What QR and bar codes say."""
    findings: tuple[Finding, ...] = ()
    animated: bool = False


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The one verdict on an upload, with what a case needs. Kept in one transaction."""

    upload_id: int
    verdict: Verdict
    assessment: Assessment = field(default_factory=Assessment)
    fingerprint: Fingerprint | None = None
    views: Views | None = None
    thumbnail: bytes | None = field(default=None, repr=False)
    """Small and blurred, as JPEG; None on the special path and where there is none."""
    time_out_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The newest message of a channel that was heard of, for catching up after a restart."""

    guild_id: int
    channel_id: int
    message_id: int
