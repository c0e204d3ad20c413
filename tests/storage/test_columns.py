"""What lies in the database as it is, and why it may."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Enum, Float, Integer
from sqlalchemy.types import TypeEngine

import bot.storage.conversation_tables  # noqa: F401 - its tables register themselves
from bot.storage.sealed_columns import BYTES, WORDS
from bot.storage.tables import Base, UtcTime

HARMLESS: tuple[type[TypeEngine[object]], ...] = (
    Boolean,
    BigInteger,
    Integer,
    Double,
    Float,
    Enum,
    UtcTime,  # type: ignore[assignment]  # a decorated type
)
"""Ids, counts, times and words that Lookout has a list of: they hold nothing that anybody wrote."""

PLAIN = {
    "answer.key": "a SHA-256 over everything that was asked",
    "answer.picture": "the SHA-256 of prepared bytes",
    "conversation_window.carried": "numbers of pictures",
    "turn.again": "numbers of pictures",
    "turn.closer": "the number of a picture and one of Lookout's names of its parts",
    "turn.engine": "one of Lookout's names",
    "turn.model": "a name from the operator's settings",
    "turn.notes": "a list of Lookout's names",
    "turn_picture.facts": "format, size and length of the original, as they were measured",
    "turn_picture.answered_as": "the SHA-256 of prepared bytes",
    "turn_picture.notes": "a list of Lookout's names",
    "picture_frame.sha256": "finds the bytes",
    "picture_frame.media_type": "one of those that Lookout prepares",
    "picture_blob.sha256": "finds the bytes",
    "pending_reply.locale": "one of Discord's languages, by its code",
    "token_cost.model": "a name from the operator's settings",
}
"""Columns that could hold anything, with what they do hold."""


def name(column: "Column[object]") -> str:
    return f"{column.table.name}.{column.name}"


def columns() -> list["Column[object]"]:
    return [column for table in Base.metadata.sorted_tables for column in table.columns]


def test_every_column_is_sealed_or_known_to_need_no_seal() -> None:
    sealed = {
        f"{column.class_.__tablename__}.{column.key}"
        for group in (*WORDS, BYTES)
        for column in group
    }
    open_to_anything = {name(one) for one in columns() if not isinstance(one.type, HARMLESS)}

    assert open_to_anything == sealed | PLAIN.keys()
    assert not sealed & PLAIN.keys()
