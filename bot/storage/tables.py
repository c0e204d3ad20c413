"""The tables. The same on SQLite and PostgreSQL."""

import enum
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    Integer,
    LargeBinary,
    MetaData,
    String,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from bot.domain.task import TaskName

Identifier = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit primary key: SQLite's INTEGER is one, and only that word makes it the row's own id."""


class UtcTime(TypeDecorator[datetime]):
    """A moment: timezone-aware outside, UTC inside (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a naive time is a bug, and refused."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times are stored with their zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def word(kind: type[enum.StrEnum]) -> Enum:
    """Store an enum's members as the short words they are."""
    return Enum(
        kind,
        native_enum=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class AnswerRow(Base):
    """A finished answer, found by what was asked about which picture. No person, no place."""

    __tablename__ = "answer"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the question, in hexadecimal."""
    version: Mapped[int] = mapped_column(Integer)
    """How ``body`` is to be read."""
    picture: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 of the prepared picture, so that the answer can go with it."""
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed (``bot.storage.seal``)."""
    kept_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class PostedAnswerRow(Base):
    """What the buttons under a posted answer need. No pixels, no answer text."""

    __tablename__ = "posted_answer"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    task: Mapped[TaskName] = mapped_column(
        Enum(
            TaskName,
            native_enum=False,
            length=32,
            values_callable=lambda names: [name.value for name in names],
        )
    )
    parameters: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed (``bot.storage.seal``)."""
    sources: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed."""
    asker_id: Mapped[int] = mapped_column(BigInteger, index=True)
    guild_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    private: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    links_expire_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    """When the next of the links in ``sources`` dies and is to be dropped; None for never."""
