"""The tables of moderation. What people wrote and what pictures show is sealed."""

import enum
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import ActionKind, ActionState, CaseState, Decision, EventKind
from bot.domain.moderation.fingerprint import BankKind
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.upload import Author, Subject, UploadState
from bot.storage.tables import Base, Identifier, UtcTime, word


class JobState(enum.StrEnum):
    """Where a job is; what is done has no row."""

    QUEUED = "queued"
    RUNNING = "running"
    DEAD = "dead"


class JobRow(Base):
    """Work that must not be lost. A lapsed lease is ready again: ``run_at`` is its end."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        Index("ix_job_newest", "kind", "priority", "enqueued_at"),
        Index("ix_job_oldest", "kind", "enqueued_at"),
        Index("ix_job_holder", "holder"),
        # An id that came again would let late news of one job end another.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[JobKind] = mapped_column(word(JobKind))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[JobState] = mapped_column(word(JobState))
    priority: Mapped[int] = mapped_column(Integer)
    run_at: Mapped[datetime] = mapped_column(UtcTime)
    enqueued_at: Mapped[datetime] = mapped_column(UtcTime)
    """Of an upload's jobs: when it was posted, so that old ones heard of late stay behind."""
    attempts: Mapped[int] = mapped_column(Integer)
    serial: Mapped[int] = mapped_column(Integer)
    """Grows whenever it is asked for again, so that what is under way is done once more."""
    holder: Mapped[str] = mapped_column(String(32))
    """Which open queue has it leased; empty for none."""


class UploadRow(Base):
    """An uploaded picture. Once it is DONE, link, words and frames are gone."""

    __tablename__ = "upload"
    __table_args__ = (
        Index("ix_upload_ended", "guild_id", "state", "done_at"),
        Index("ix_upload_spooled", "state", "spooled_bytes"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    author_id: Mapped[int] = mapped_column(BigInteger, index=True)
    author: Mapped[Author] = mapped_column(word(Author))
    subject: Mapped[Subject] = mapped_column(word(Subject))
    age_restricted: Mapped[bool] = mapped_column(Boolean)
    previewed: Mapped[bool] = mapped_column(Boolean)
    priority: Mapped[int] = mapped_column(Integer)
    reports: Mapped[int] = mapped_column(Integer)
    state: Mapped[UploadState] = mapped_column(word(UploadState))
    outcome: Mapped[Outcome | None] = mapped_column(word(Outcome))
    case_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderation_case.id", ondelete="SET NULL"), index=True
    )
    posted_at: Mapped[datetime] = mapped_column(UtcTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    source: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed: where the picture can be had. None once DONE."""
    text: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed: what the message says. None once DONE."""
    screened: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed: what screening found, without the frames. None before, and once DONE."""
    spooled_bytes: Mapped[int] = mapped_column(BigInteger)
    """How much its frames take; 0 before, and once DONE."""


class UploadFrameRow(Base):
    """A prepared frame, spooled until the verdict."""

    __tablename__ = "upload_frame"

    upload_id: Mapped[int] = mapped_column(
        ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    dark: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    media_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    at_seconds: Mapped[float | None] = mapped_column(Float)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""


class ReportRow(Base):
    """A member's report; once per reporter and upload."""

    __tablename__ = "report"
    __table_args__ = (UniqueConstraint("upload_id", "reporter_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"))
    reporter_id: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""


class ChannelCursorRow(Base):
    """How far a channel was heard."""

    __tablename__ = "channel_cursor"

    channel_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    guild_id: Mapped[int] = mapped_column(BigInteger, index=True)
    message_id: Mapped[int] = mapped_column(BigInteger)


class PolicyRow(Base):
    """A server's policy."""

    __tablename__ = "policy"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    enabled: Mapped[bool] = mapped_column(Boolean, index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    absent_since: Mapped[datetime | None] = mapped_column(UtcTime)
    """When it was first noticed that Lookout is no member of the server."""


class PolicyChangeRow(Base):
    """Who changed what of a policy."""

    __tablename__ = "policy_change"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger, index=True)
    actor_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed: setting, before and after."""


class GuildRow(Base):
    """A server with cases or remembered pictures; locked by whoever changes any of them."""

    __tablename__ = "moderation_guild"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_case: Mapped[int] = mapped_column(Integer)
    """The number given last: none is used again."""


class BankEntryRow(Base):
    """A remembered picture; one that was removed stays for a while, without its hashes."""

    __tablename__ = "bank_entry"
    __table_args__ = (
        Index("ix_bank_entry_revision", "guild_id", "revision"),
        Index("ix_bank_entry_removed", "removed", "added_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(BigInteger)
    """Grows with every change of the server's bank."""
    kind: Mapped[BankKind] = mapped_column(word(BankKind))
    removed: Mapped[bool] = mapped_column(Boolean)
    rules: Mapped[str] = mapped_column(String(400))
    """Rule ids, with commas between."""
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """Of the original bytes."""
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    """64-bit hashes of all views, big-endian, the whole pictures' first."""
    whole_count: Mapped[int] = mapped_column(Integer)
    pdq: Mapped[str | None] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(100))
    case_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderation_case.id", ondelete="SET NULL"), index=True
    )
    added_by: Mapped[int | None] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(UtcTime)


class CaseRow(Base):
    """A case. Its words and its blurred thumbnail are sealed."""

    __tablename__ = "moderation_case"
    __table_args__ = (
        UniqueConstraint("guild_id", "number"),
        Index("ix_moderation_case_sighted", "guild_id", "state", "last_sighting_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[CaseState] = mapped_column(word(CaseState))
    outcome: Mapped[Outcome] = mapped_column(word(Outcome))
    rule: Mapped[str] = mapped_column(String(32))
    score: Mapped[float] = mapped_column(Float)
    severity: Mapped[int] = mapped_column(Integer)
    step: Mapped[int | None] = mapped_column(Integer)
    automatic: Mapped[int | None] = mapped_column(Integer)
    dry_run: Mapped[bool] = mapped_column(Boolean)
    opened_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    last_sighting_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)
    sighting_count: Mapped[int] = mapped_column(Integer)
    seen_before: Mapped[int] = mapped_column(Integer)
    decision: Mapped[Decision | None] = mapped_column(word(Decision))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    findings: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""
    thumbnail: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed."""
    card_channel_id: Mapped[int | None] = mapped_column(BigInteger)
    card_message_id: Mapped[int | None] = mapped_column(BigInteger)
    card_version: Mapped[int] = mapped_column(Integer)


class SightingRow(Base):
    """Where and by whom the picture of a case was posted."""

    __tablename__ = "case_sighting"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("moderation_case.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    upload_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger, index=True)
    author_id: Mapped[int] = mapped_column(BigInteger, index=True)
    author: Mapped[Author] = mapped_column(word(Author))
    subject: Mapped[Subject] = mapped_column(word(Subject))
    posted_at: Mapped[datetime] = mapped_column(UtcTime)


class ActionRow(Base):
    """One thing to do in Discord, once: ``key`` makes sure of it."""

    __tablename__ = "case_action"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy reads it

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    case_id: Mapped[int] = mapped_column(
        ForeignKey("moderation_case.id", ondelete="CASCADE"), index=True
    )
    guild_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[ActionKind] = mapped_column(word(ActionKind))
    state: Mapped[ActionState] = mapped_column(word(ActionState))
    begun: Mapped[int] = mapped_column(Integer)
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    subject: Mapped[Subject] = mapped_column(word(Subject))
    until: Mapped[datetime | None] = mapped_column(UtcTime)
    requested_by: Mapped[int | None] = mapped_column(BigInteger)
    rule: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class CaseEventRow(Base):
    """One line of a case's history."""

    __tablename__ = "case_event"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    case_id: Mapped[int] = mapped_column(
        ForeignKey("moderation_case.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[EventKind] = mapped_column(word(EventKind))
    at: Mapped[datetime] = mapped_column(UtcTime)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    decision: Mapped[Decision | None] = mapped_column(word(Decision))


class AppealRow(Base):
    """What a person concerned said; once per case."""

    __tablename__ = "appeal"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("moderation_case.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    person_id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, index=True
    )
    at: Mapped[datetime] = mapped_column(UtcTime)
    text: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""


class DayCountRow(Base):
    """How often something happened on a day (UTC) in a server. Figures only."""

    __tablename__ = "moderation_day"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    what: Mapped[str] = mapped_column(String(16), primary_key=True)
    """A ``bot.storage.moderation.counting.Counted``."""
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The outcome or rule; empty for what is counted over all."""
    count: Mapped[float] = mapped_column(Float)
