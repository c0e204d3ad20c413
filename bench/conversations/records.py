"""What the bot's database holds, read past the bot."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.conversations.marks import questions_in


def turns_kept(database: Path) -> Counter[int]:
    """Count the turns that a SQLite file holds for each question."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT words FROM turn").fetchall()
    kept: Counter[int] = Counter()
    for (words,) in rows:  # sealed without a key, which leaves them readable
        kept.update(questions_in(bytes(words).decode(errors="replace"))[:1])
    return kept


def age(database: Path, wanted: Callable[[], bool]) -> set[int]:
    """Let some who wait have waited for 20 minutes, as if the bot had been down for so long.

    Only those whose reply can still be edited then: its message is known, and anybody may see it.
    Returns the ids of their messages. The bot must not be running.
    """
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute(
            "SELECT turn_id, pending_reply.answer_message_id "
            "FROM pending_reply JOIN turn ON id = turn_id "
            "WHERE pending_reply.answer_message_id IS NOT NULL AND NOT private"
        ).fetchall()
        chosen = {turn_id: message_id for turn_id, message_id in rows if wanted()}
        connection.executemany(
            "UPDATE pending_reply SET since = strftime('%Y-%m-%d %H:%M:%f000', since, ?) "
            "WHERE turn_id = ?",
            [("-20 minutes", turn_id) for turn_id in chosen],
        )
    return set(chosen.values())
