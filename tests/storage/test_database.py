"""The open database: transactions, locks, failures in one word, and what is deleted is gone."""

import asyncio
import errno
import secrets
import sqlite3
import stat
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import ConfigError, StorageFailed
from bot.domain.task import Parameters
from bot.storage.answers import SqlAnswerStore
from bot.storage.database import Database
from bot.storage.engines import Address
from bot.storage.errors import reason_of
from bot.storage.posted import SqlPostedAnswerStore
from bot.storage.tables import AnswerRow
from tests.storage.fakes import HandClock, answer_key, full_answer, posted_answer
from tests.storage.postgres import Postgres


def answers(database: Database) -> SqlAnswerStore:
    return SqlAnswerStore(database, retention=timedelta(hours=1))


def answer_row(key: str) -> AnswerRow:
    return AnswerRow(key=key, version=1, picture="a" * 64, body=b"\x00{}", kept_at=HandClock()())


async def count_answers(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(AnswerRow)) or 0


@pytest.mark.parametrize(
    ("text", "driver", "file"),
    [
        ("sqlite:///data/lookout.sqlite3", "sqlite+aiosqlite", "data/lookout.sqlite3"),
        ("sqlite+aiosqlite:////var/lib/a.db", "sqlite+aiosqlite", "/var/lib/a.db"),
        ("postgresql://me:secret@host/db", "postgresql+asyncpg", None),
        ("postgresql+asyncpg://me@/db?host=/run/postgresql", "postgresql+asyncpg", None),
        ("postgres://me@host:5433/db", "postgresql+asyncpg", None),
    ],
)
def test_addresses_get_the_driver_that_is_installed(
    text: str, driver: str, file: str | None
) -> None:
    address = Address.parse(text)

    assert address.url.drivername == driver
    assert address.path == (Path(file) if file else None)


def test_libpqs_word_for_encryption_is_understood() -> None:
    address = Address.parse("postgresql://me@host/db?sslmode=require")

    assert dict(address.url.query) == {"ssl": "require"}


@pytest.mark.parametrize(
    "text", ["", "hunter2", "mysql://me:hunter2@host/db", "sqlite://", "sqlite:///:memory:"]
)
def test_other_addresses_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Database(text)

    assert str(refusal.value).startswith("storage.database: ")
    assert "hunter2" not in str(refusal.value)


async def test_the_file_and_its_logs_are_made_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "directory" / "lookout.sqlite3"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
        await answers(database).put(answer_key(), full_answer())
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes.keys() == {path.name, f"{path.name}-wal", f"{path.name}-shm"}
    assert set(modes.values()) == {0o600}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_sqlite_is_set_up_for_safety(sqlite: Database) -> None:
    async def pragma(name: str) -> object:
        async with sqlite.writing() as session:
            return await session.scalar(text(f"PRAGMA {name}"))

    assert await pragma("journal_mode") == "wal"
    assert await pragma("synchronous") == 2
    assert await pragma("foreign_keys") == 1
    assert await pragma("secure_delete") == 1


async def test_fifty_tasks_write_at_once(database: Database) -> None:
    store = answers(database)
    sessions = [answer_key(digit) for digit in "0123456789"] * 5

    async def read_then_write(number: int) -> None:
        async with database.writing() as session:
            await session.scalar(select(func.count()).select_from(AnswerRow))
            session.add(answer_row(f"{number:064}"))

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for number, key in enumerate(sessions):
            group.create_task(store.put(key, full_answer()))
            group.create_task(read_then_write(number))
            group.create_task(store.get(key))

    assert await count_answers(database) == 60


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    async def fail_half_way() -> None:
        async with database.writing() as session:
            session.add(answer_row("k"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_half_way()

    assert await count_answers(database) == 0


async def test_writers_cancelled_at_any_moment_leave_the_database_usable(
    database: Database,
) -> None:
    store = answers(database)
    for turns in range(25):
        tasks = [asyncio.create_task(store.put(answer_key(c), full_answer())) for c in "abc"]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async with asyncio.timeout(20):
        await store.put(answer_key("z"), full_answer())
    assert await store.get(answer_key("z")) is not None


async def test_statements_that_are_cut_off_keep_no_lock(sqlite: Database) -> None:
    """Who is cancelled between a statement and its rows leaves a cursor somewhere."""
    left = []

    async def is_cancelled(session: AsyncSession, statement: str) -> None:
        connection = await session.connection()
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        left.append(await (await driver.cursor()).execute(statement))
        await connection.invalidate()
        raise asyncio.CancelledError

    await answers(sqlite).put(answer_key(), full_answer())
    await set_busy_timeout(sqlite)
    with pytest.raises(asyncio.CancelledError):
        async with sqlite.reading() as session:
            await is_cancelled(session, "SELECT key FROM answer")
    with pytest.raises(asyncio.CancelledError):
        async with sqlite.writing() as session:
            await is_cancelled(session, "UPDATE answer SET version = 2 RETURNING key")

    await set_busy_timeout(sqlite)
    await answers(sqlite).put(answer_key("b"), full_answer())
    assert await sqlite.scrub()
    assert len(left) == 2


async def test_what_is_written_is_there_after_reopening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lookout.sqlite3'}"
    async with Database(url) as database:
        await database.upgrade()
        await answers(database).put(answer_key(), full_answer())
    async with Database(url) as database:
        await database.upgrade()
        assert await answers(database).get(answer_key()) is not None


def traces(path: Path, secret: str) -> list[str]:
    """Name the files beside the database that hold ``secret``."""
    return [file.name for file in path.parent.iterdir() if secret.encode() in file.read_bytes()]


async def test_what_is_deleted_leaves_no_bytes_on_the_disk(sqlite: Database) -> None:
    path, clock = sqlite.path, HandClock()
    assert path is not None
    store = SqlPostedAnswerStore(sqlite, now=clock)
    secret = secrets.token_hex(16)

    async def add(posted_id: int) -> None:
        posted = posted_answer(posted_id, now=clock(), asker_id=posted_id % 2)
        focus = f"{secret} " * 200 if posted.asker_id == 1 else "the cat"  # pages of its own
        await store.add(replace(posted, parameters=Parameters(focus=focus)))

    for posted_id in range(20):
        await add(posted_id)
    assert await sqlite.scrub()  # moves it all into the file
    await add(21)
    assert sorted(traces(path, secret)) == [path.name, f"{path.name}-wal"]

    assert await store.delete_person(1) == 11

    assert traces(path, secret) == []
    assert await store.get(0) is not None


async def test_scrubbing_says_when_a_reader_is_in_the_way(sqlite: Database) -> None:
    await answers(sqlite).put(answer_key(), full_answer())
    await set_busy_timeout(sqlite)
    async with sqlite.reading() as session:
        await session.scalar(select(func.count()).select_from(AnswerRow))
        await answers(sqlite).put(answer_key("b"), full_answer())
        assert not await sqlite.scrub()
    assert await sqlite.scrub()


async def set_busy_timeout(database: Database, milliseconds: int = 1) -> None:
    """Let the writer give up at once instead of after seconds."""
    async with database.writing() as session:
        await session.execute(text(f"PRAGMA busy_timeout={milliseconds}"))


async def failure(database: Database) -> StorageFailed:
    with pytest.raises(StorageFailed) as caught:
        await answers(database).put(answer_key(), full_answer("people's words " * 1000))
    return caught.value


async def test_a_locked_file_is_reported_as_locked(sqlite: Database) -> None:
    await set_busy_timeout(sqlite)
    assert sqlite.path is not None
    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await failure(sqlite)).reason == "locked"
        assert (await sqlite.health()).trouble == "locked"
    assert (await sqlite.health()).writable


async def test_a_full_disk_is_reported_as_full(sqlite: Database) -> None:
    async with sqlite.writing() as session:
        await session.execute(text("PRAGMA max_page_count=1"))

    assert (await failure(sqlite)).reason == "full"


async def test_writing_where_only_reading_is_allowed_is_reported(database: Database) -> None:
    async def write_while_reading() -> None:
        async with database.reading() as session:
            if database.path is None:
                await session.execute(text("SET TRANSACTION READ ONLY"))
            await session.execute(text("DELETE FROM answer"))

    with pytest.raises(StorageFailed) as caught:
        await write_while_reading()
    assert caught.value.reason == "read_only"


async def test_a_file_that_is_no_database_is_reported_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "lookout.sqlite3"
    path.write_bytes(b"this is a diary, not a database" * 200)
    async with Database(f"sqlite:///{path}") as database:
        with pytest.raises(StorageFailed) as caught:
            await database.upgrade()
    assert caught.value.reason == "damaged"
    assert path.read_bytes().startswith(b"this is a diary")


async def test_a_place_that_cannot_be_is_reported_when_opening(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed) as caught:
        async with Database(f"sqlite:///{tmp_path / 'file' / 'lookout.sqlite3'}"):
            pass
    assert caught.value.reason == "unreachable"


async def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    async with Database(f"postgresql://me@/db?host={tmp_path}") as database:
        with pytest.raises(StorageFailed) as caught:
            await database.upgrade()
        assert caught.value.reason == "unreachable"
        assert (await failure(database)).reason == "unreachable"


async def test_a_database_that_is_not_there_is_refused(postgres: Postgres) -> None:
    async with Database(postgres.url("nowhere")) as database:
        with pytest.raises(StorageFailed) as caught:
            await database.revision()
    assert caught.value.reason == "refused"


async def test_a_server_that_restarts_is_found_again(
    postgresql: Database, postgres: Postgres
) -> None:
    await answers(postgresql).put(answer_key(), full_answer())
    postgres.hang_up()

    assert await answers(postgresql).get(answer_key()) is not None


async def test_a_connection_lost_in_the_middle_is_unreachable(
    postgresql: Database, postgres: Postgres
) -> None:
    async def lose_the_connection() -> None:
        async with postgresql.writing() as session:
            await session.execute(text("SELECT 1"))
            postgres.hang_up()
            await session.execute(text("SELECT 1"))

    with pytest.raises(StorageFailed) as caught:
        await lose_the_connection()
    assert caught.value.reason == "unreachable"


async def test_no_words_of_people_are_in_what_an_error_says(database: Database) -> None:
    async with database.writing() as session:
        await session.execute(text("DROP TABLE answer"))

    error = await failure(database)

    assert error.reason == "failed"
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    assert len(chain) > 1
    assert not any("people's words" in f"{link} {link!r}" for link in chain)


async def test_health_says_what_an_operator_asks(database: Database) -> None:
    health = await database.health()

    assert health.kind == ("sqlite" if database.path else "postgresql")
    assert health.writable
    assert health.up_to_date
    assert health.size_bytes > 10_000
    assert (health.free_bytes is None) == (database.path is None)


async def test_health_before_the_first_migration(empty_url: str) -> None:
    async with Database(empty_url) as database:
        health = await database.health()
    assert (health.revision, health.up_to_date, health.writable) == (None, False, True)


class Refusal(Exception):
    """What PostgreSQL's driver raises."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refusal("53100"), "full"),
        (Refusal("53200"), "unreachable"),
        (Refusal("58030"), "unreachable"),
        (Refusal("55P03"), "locked"),
        (Refusal("08006"), "unreachable"),
        (Refusal("28P01"), "refused"),
        (Refusal("99999"), "failed"),
        (PermissionError(), "read_only"),
        (OSError(errno.ENOSPC, "No space left on device"), "full"),
        (TimeoutError(), "unreachable"),
        (PoolTimeoutError(), "locked"),
        (ValueError(), "failed"),
    ],
)
def test_failures_in_one_word(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_postgresql_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(ConfigError, match="extra 'postgres'"):
        Database("postgresql://me@host/db")


async def test_a_time_without_a_zone_is_refused(sqlite: Database) -> None:
    store = SqlAnswerStore(sqlite, retention=timedelta(1), now=lambda: datetime(2026, 1, 1))  # noqa: DTZ001 - the point

    with pytest.raises(StorageFailed):
        await store.put(answer_key(), full_answer())
