"""Many conversations in a database, all like one that really took place, none the same."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

STRIDE = 1000
"""By how much every id of a copy differs from that of the copy before."""
_SHIFTED = {
    "conversation": ("id", "owner_id"),
    "participant": ("conversation_id", "person_id"),
    "conversation_window": ("id", "conversation_id"),
    "turn": (
        "id",
        "conversation_id",
        "parent_id",
        "person_id",
        "window_id",
        "question_message_id",
        "answer_message_id",
    ),
    "turn_picture": ("turn_id",),
}
"""The columns that hold ids of a conversation's own, by table, parents first."""


def add_copies(database: Path, first: int, last: int) -> None:
    """Copy the one conversation that a SQLite file holds, with pictures of their own.

    Copy ``n`` (``first`` to ``last``, both included) has all ids ``n * STRIDE`` higher.
    """
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for number in range(first, last + 1):
            for table, columns in _SHIFTED.items():
                _copy(connection, table, columns, number * STRIDE)
            _copy_pictures(connection, number)


def _copy(
    connection: sqlite3.Connection, table: str, shifted: tuple[str, ...], distance: int
) -> None:
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = [f"{name} + {distance}" if name in shifted else name for name in names]
    connection.execute(
        f"INSERT INTO {table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM {table} WHERE {shifted[0]} <= {STRIDE}"
    )


def _copy_pictures(connection: sqlite3.Connection, number: int) -> None:
    """Give each still a few bytes more, which no decoder minds, so that it is another."""
    names = [row[1] for row in connection.execute("PRAGMA table_info(picture_frame)")]
    frames = connection.execute(
        f"SELECT {', '.join(names)} FROM picture_frame WHERE turn_id <= {STRIDE}"
    ).fetchall()
    blobs = {
        sha256: (kept_bytes, used_at, bytes(data))
        for sha256, kept_bytes, used_at, data in connection.execute(
            "SELECT sha256, size_bytes, last_used_at, data FROM picture_blob "
            f"WHERE sha256 IN (SELECT sha256 FROM picture_frame WHERE turn_id <= {STRIDE})"
        )
    }
    added = number.to_bytes(8, "big")
    renamed = {}
    for sha256, (kept_bytes, used_at, data) in blobs.items():
        # The first byte says that the rest is not sealed.
        renamed[sha256] = hashlib.sha256(data[1:] + added).hexdigest()
        connection.execute(
            "INSERT INTO picture_blob (sha256, size_bytes, last_used_at, data) VALUES (?, ?, ?, ?)",
            (renamed[sha256], kept_bytes + len(added), used_at, data + added),
        )
    places = ", ".join("?" for _ in names)
    for frame in frames:
        copied = dict(zip(names, frame, strict=True))
        copied["turn_id"] += number * STRIDE
        copied["sha256"] = renamed[copied["sha256"]]
        connection.execute(
            f"INSERT INTO picture_frame ({', '.join(names)}) VALUES ({places})",
            tuple(copied.values()),
        )
