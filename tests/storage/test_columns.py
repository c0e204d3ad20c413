"""What lies in the database as it is, and why it may."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Double, Enum, Float, Integer
from sqlalchemy.types import TypeEngine

import bot.storage.conversation_tables
import bot.storage.moderation_tables  # noqa: F401 - tables register themselves
from bot.storage.sealed_columns import BYTES, WORDS
from bot.storage.tables import Base, UtcTime

HARMLESS: tuple[type[TypeEngine[object]], ...] = (
    Boolean,
    BigInteger,
    Date,
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
    "job.holder": "a number drawn by lot for each queue that is opened",
    "upload.key": "ids of Discord's, and of an embed the SHA-256 of where it is",
    "upload_frame.media_type": "one of those that Lookout prepares",
    "bank_entry.rules": "a list of Lookout's names, and numbers of the server's own rules",
    "bank_entry.sha256": "the SHA-256 of an original",
    "bank_entry.hashes": "what copies are found by: a picture cannot be made of it",
    "bank_entry.pdq": "the like, as others exchange it",
    "bank_entry.label": "what moderators call a list of fingerprints that they import",
    "moderation_case.rule": "one of Lookout's names, or the number of a rule of the server's own",
    "case_action.key": "one of Lookout's names, and ids",
    "case_action.rule": "one of Lookout's names, or the number of a rule of the server's own",
    "moderation_day.what": "one of Lookout's names",
    "moderation_day.name": "one of Lookout's names, or the number of a rule of the server's own",
}
"""Columns that could hold anything, with what they do hold."""


def name(column: "Column[object]") -> str:
    return f"{column.table.name}.{column.name}"


def columns() -> list["Column[object]"]:
    return [column for table in Base.metadata.sorted_tables for column in table.columns]


def test_every_column_is_sealed_or_known_to_need_no_seal() -> None:
    sealed = {
        f"{column.class_.__tablename__}.{column.key}"
        for group in (*WORDS, *BYTES)
        for column in group
    }
    open_to_anything = {name(one) for one in columns() if not isinstance(one.type, HARMLESS)}

    assert open_to_anything == sealed | PLAIN.keys()
    assert not sealed & PLAIN.keys()
