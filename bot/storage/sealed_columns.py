"""Where sealed values lie, and whether any key fits them."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.errors import ConfigError
from bot.storage.conversation_tables import (
    PendingReplyRow,
    PictureBlobRow,
    TurnPictureRow,
    TurnRow,
    WindowRow,
)
from bot.storage.moderation_tables import (
    AppealRow,
    CaseRow,
    PolicyChangeRow,
    PolicyRow,
    ReportRow,
    UploadFrameRow,
    UploadRow,
)
from bot.storage.seal import SEALED, Seal
from bot.storage.tables import AnswerRow, PostedAnswerRow

Column = InstrumentedAttribute[Any]

WORDS: tuple[tuple[Column, ...], ...] = (
    (TurnRow.words, TurnRow.answer, TurnRow.parameters),
    (TurnPictureRow.source, TurnPictureRow.description),
    (WindowRow.recap,),
    (PendingReplyRow.token,),
    (PostedAnswerRow.parameters, PostedAnswerRow.sources),
    (AnswerRow.body,),
    (UploadRow.source, UploadRow.text, UploadRow.screened),
    (ReportRow.reason,),
    (PolicyRow.body,),
    (PolicyChangeRow.body,),
    (CaseRow.findings, CaseRow.thumbnail),
    (AppealRow.text,),
)
"""The sealed columns of each table, small values."""

BYTES: tuple[tuple[Column, ...], ...] = ((PictureBlobRow.data,), (UploadFrameRow.data,))
"""… and large ones."""

WORDS_AT_ONCE = 100
BYTES_AT_ONCE = 8

_NO_KEY_FITS = (
    "storage.encryption_keys: the database is sealed, and no key that is set opens it; set the key "
    "it was sealed with (as a further one, if it is an old one), or begin with another database"
)


def keys_of(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of the primary key beside these."""
    table = columns[0].class_
    return [getattr(table, column.key) for column in table.__table__.primary_key]


async def batch_after(
    session: AsyncSession, columns: Sequence[Column], last: Sequence[object] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return the next rows by primary key: their key, then these columns."""
    keys = keys_of(columns)
    question: Select[Any] = select(*keys, *columns).order_by(*keys).limit(limit)
    if last is not None:
        question = question.where(tuple_(*keys) > tuple_(*last))
    rows: Sequence[Row[Any]] = (await session.execute(question)).all()
    return rows


async def refuse_wrong_keys(session: AsyncSession, seal: Seal) -> None:
    """Raise ConfigError when words are sealed and none of them can be opened.

    Rather no start than a start that takes everything for lost.
    """
    sealed_at_all = False
    for column in (column for columns in WORDS for column in columns):
        sealed = select(column).where(func.substr(column, 1, 1) == SEALED)
        found = await session.stream_scalars(sealed)
        async for values in found.partitions(WORDS_AT_ONCE):
            sealed_at_all = True
            if await asyncio.to_thread(_any_opens, seal, values):
                await found.close()
                return
    if sealed_at_all:
        raise ConfigError((_NO_KEY_FITS,))


def _any_opens(seal: Seal, sealed: Sequence[bytes]) -> bool:
    return any(seal.open(value) is not None for value in sealed)
