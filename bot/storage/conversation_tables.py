"""The tables of conversations. What people wrote and showed is sealed (``bot.storage.seal``).

Ids of turns stand in buttons, and so they are never used again, not even after a deletion.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.conversation import Place, TurnState
from bot.storage.tables import Base, Identifier, UtcTime, word


class ConversationRow(Base):
    """A conversation: who began it and where."""

    __tablename__ = "conversation"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy reads it

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    owner_id: Mapped[int] = mapped_column(BigInteger, index=True)
    guild_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    private: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    last_at: Mapped[datetime] = mapped_column(UtcTime)
    last_number: Mapped[int] = mapped_column(Integer)
    """The highest number that a picture ever had here."""


class ParticipantRow(Base):
    """Until when one person's part of a conversation is kept."""

    __tablename__ = "participant"

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, index=True
    )
    last_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    """When they last asked."""
    text_until: Mapped[datetime] = mapped_column(UtcTime, index=True)
    pictures_until: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    """None when no picture is left."""


class WindowRow(Base):
    """Where the model's view begins once a conversation is too long for it."""

    __tablename__ = "conversation_window"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy reads it

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    first_depth: Mapped[int] = mapped_column(Integer)
    recap: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""
    carried: Mapped[list[int]] = mapped_column(JSON)


class TurnRow(Base):
    """One question and its answer."""

    __tablename__ = "turn"
    __table_args__ = (
        Index("ix_turn_channel_id", "channel_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("turn.id"), index=True)
    depth: Mapped[int] = mapped_column(Integer)
    person_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    speaker: Mapped[int] = mapped_column(Integer)
    guild_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    private: Mapped[bool]
    parameters: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[TurnState] = mapped_column(word(TurnState))
    words: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed: question, preface and the sources of its pictures, in JSON."""
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""
    again: Mapped[list[int]] = mapped_column(JSON)
    closer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    seed: Mapped[int | None] = mapped_column(BigInteger)
    window_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation_window.id", ondelete="SET NULL"), index=True
    )
    engine: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(200))
    notes: Mapped[list[str]] = mapped_column(JSON)
    prompt_tokens: Mapped[int | None] = mapped_column(Integer)
    answer_tokens: Mapped[int | None] = mapped_column(Integer)
    question_message_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    answer_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    first_try_id: Mapped[int | None] = mapped_column(BigInteger)
    """No foreign key: the first try may go before the others."""


class TurnPictureRow(Base):
    """A picture that came with a turn; a turn tried again has it under the same number."""

    __tablename__ = "turn_picture"

    turn_id: Mapped[int] = mapped_column(
        ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    part_of: Mapped[int | None] = mapped_column(Integer)
    place: Mapped[Place | None] = mapped_column(word(Place))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    notes: Mapped[list[str]] = mapped_column(JSON)
    source: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""
    description: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""
    answered_as: Mapped[str] = mapped_column(String(64), index=True)
    """``AnswerRow.picture`` of the answer that was followed up; mostly empty."""


class PictureFrameRow(Base):
    """One still of a kept picture; gone when the picture is too old to be kept."""

    __tablename__ = "picture_frame"
    __table_args__ = (
        ForeignKeyConstraint(
            ["turn_id", "number"],
            ["turn_picture.turn_id", "turn_picture.number"],
            ondelete="CASCADE",
        ),
    )

    turn_id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    at_seconds: Mapped[float | None]


class PictureBlobRow(Base):
    """The prepared bytes of a still, once however many pictures use it.

    The bytes stand last, where SQLite reads them only when they are asked for.
    """

    __tablename__ = "picture_blob"
    __table_args__ = (Index("ix_picture_blob_last_used_at", "last_used_at", "size_bytes"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size_bytes: Mapped[int] = mapped_column(Integer)
    """As it is stored."""
    last_used_at: Mapped[datetime] = mapped_column(UtcTime)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""


class PendingReplyRow(Base):
    """Somebody who has not been told yet what became of a turn."""

    __tablename__ = "pending_reply"

    turn_id: Mapped[int] = mapped_column(
        ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True
    )
    channel_id: Mapped[int] = mapped_column(BigInteger)
    question_message_id: Mapped[int | None] = mapped_column(BigInteger)
    answer_message_id: Mapped[int | None] = mapped_column(BigInteger)
    application_id: Mapped[int | None] = mapped_column(BigInteger)
    token: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed."""
    locale: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(UtcTime, index=True)


class ThreadRow(Base):
    """A thread whose messages follow up its newest turn."""

    __tablename__ = "conversation_thread"

    thread_id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.id", ondelete="CASCADE"), index=True)


class PersonChoiceRow(Base):
    """How long a person wants things kept."""

    __tablename__ = "person_choice"

    person_id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    text_seconds: Mapped[int] = mapped_column(BigInteger)
    pictures_seconds: Mapped[int] = mapped_column(BigInteger)


class TokenCostRow(Base):
    """What a still of a size was measured to cost a model; size 0 × 0: a byte of text."""

    __tablename__ = "token_cost"

    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    width: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    height: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    tokens: Mapped[float]
