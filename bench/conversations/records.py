"""What the bot's database holds, read past the bot."""

import sqlite3
from collections import Counter
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
