"""What is no longer needed is let go."""

import os
from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from bot.domain.conversation import Retention
from bot.storage.answers import SqlAnswerStore
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.housekeeping import BACKUPS_KEPT_FOR, Expired, expire_once
from bot.storage.posted import SqlPostedAnswerStore
from tests.storage.conversation_values import DAY, Talk
from tests.storage.fakes import HandClock, answer_key, full_answer, posted_answer


def conversations(database: Database, clock: HandClock) -> SqlConversationStore:
    return SqlConversationStore(
        database, longest=Retention(DAY, DAY), picture_store_max_bytes=2**20, now=clock
    )


async def test_expired_rows_go_from_the_tables_and_fresh_ones_stay(database: Database) -> None:
    clock = HandClock()
    answers = SqlAnswerStore(database, retention=timedelta(hours=1), now=clock)
    posted = SqlPostedAnswerStore(database, now=clock)
    store = conversations(database, clock)
    talk = Talk(store, clock)
    talk.text = talk.pictures = timedelta(days=1)
    turn = await talk.answered()
    await talk.show(turn)
    clock.advance(hours=23)
    for number, picture in enumerate("abc"):
        await answers.put(answer_key(picture), full_answer())
        await posted.add(posted_answer(number, now=clock(), lifetime=timedelta(hours=1)))
    clock.advance(hours=1)
    await answers.put(answer_key("d"), full_answer())
    await posted.add(posted_answer(9, now=clock()))

    with capture_logs() as logs:
        expired = await expire_once(database, answers, posted, store, batch=2)

    assert expired == Expired(answers=3, posted=3, conversations=1, turns=1, pictures=1, backups=0)
    assert await answers.get(answer_key("d")) is not None
    assert await posted.get(9) is not None
    assert [entry["event"] for entry in logs] == ["storage_expired"]
    assert logs[0]["scrubbed"] is True
    again = await expire_once(database, answers, posted, store)
    assert again == Expired(0, 0, 0, 0, 0, 0)


async def test_old_backups_go_because_deleted_rows_live_on_in_them(sqlite: Database) -> None:
    path = sqlite.path
    assert path is not None
    old, fresh = (_backup(path, stamp) for stamp in ("20260101T000000000000Z", "20260201T0Z"))
    age = fresh.stat().st_mtime - BACKUPS_KEPT_FOR.total_seconds() - 60
    os.utime(old, (age, age))

    expired = await expire_once(
        sqlite,
        SqlAnswerStore(sqlite, retention=timedelta(1)),
        SqlPostedAnswerStore(sqlite),
        conversations(sqlite, HandClock()),
    )

    assert expired.backups == 1
    assert not old.exists()
    assert fresh.exists()


def _backup(path: Path, stamp: str) -> Path:
    copy = path.with_name(f"{path.name}-backup-{stamp}-0001")
    copy.touch()
    return copy
