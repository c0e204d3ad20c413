"""Many conversations in a database, all like one that really took place, none the same."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

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
        for table, columns in _SHIFTED.items():
            _copy(connection, table, columns, first, last)
        frames = connection.execute(
            f"SELECT * FROM picture_frame WHERE turn_id <= {STRIDE}"
        ).fetchall()
        for number in range(first, last + 1):
            _copy_pictures(connection, frames, number)


def _copy(
    connection: sqlite3.Connection, table: str, shifted: tuple[str, ...], first: int, last: int
) -> None:
    names = _columns(connection, table)
    values = [f"{name} + nth * {STRIDE}" if name in shifted else name for name in names]
    connection.execute(
        f"WITH RECURSIVE copy(nth) AS "
        f"(VALUES({first}) UNION ALL SELECT nth + 1 FROM copy WHERE nth < {last}) "
        f"INSERT INTO {table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM {table}, copy WHERE {shifted[0]} <= {STRIDE}"
    )


def _copy_pictures(
    connection: sqlite3.Connection, frames: list[tuple[Any, ...]], number: int
) -> None:
    """Give each still a few bytes more, which no decoder minds, so that it is another."""
    names = _columns(connection, "picture_frame")
    added = number.to_bytes(8, "big")
    renamed: dict[str, str] = {}
    for frame in frames:
        copied = dict(zip(names, frame, strict=True))
        sha256 = copied["sha256"]
        if sha256 not in renamed:
            renamed[sha256] = _copy_blob(connection, sha256, added)
        copied["turn_id"] += number * STRIDE
        copied["sha256"] = renamed[sha256]
        connection.execute(
            f"INSERT INTO picture_frame VALUES ({', '.join('?' for _ in names)})",
            tuple(copied.values()),
        )


def _copy_blob(connection: sqlite3.Connection, sha256: str, added: bytes) -> str:
    kept_bytes, used_at, data = connection.execute(
        "SELECT size_bytes, last_used_at, data FROM picture_blob WHERE sha256 = ?", (sha256,)
    ).fetchone()
    # The first byte says that the rest is not sealed.
    renamed = hashlib.sha256(data[1:] + added).hexdigest()
    connection.execute(
        "INSERT INTO picture_blob (sha256, size_bytes, last_used_at, data) VALUES (?, ?, ?, ?)",
        (renamed, kept_bytes + len(added), used_at, data + added),
    )
    return renamed


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
