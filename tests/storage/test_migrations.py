"""Every database gets the structure this version works with, or is left as it was."""

import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import alembic.config
import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, inspect, text

from bot.domain.errors import ConfigError, StorageFailed
from bot.domain.ports import PostedAnswer
from bot.domain.task import Parameters
from bot.storage import migration
from bot.storage.answers import SqlAnswerStore
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.engines import Address, migration_engine
from bot.storage.migration import BACKUPS_KEPT, alembic_config, backups, known_revisions
from bot.storage.posted import SqlPostedAnswerStore
from bot.storage.reseal import reseal
from bot.storage.tables import Base
from tests.storage.conftest import new_key
from tests.storage.conversation_values import LONGEST, Talk
from tests.storage.fakes import HandClock, answer_key, full_answer, posted_answer

ROOT = Path(__file__).resolve().parents[2]

NEWEST = known_revisions()[0]

ADDS_A_COLUMN = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "NEWEST"


def upgrade():
    with op.batch_alter_table("posted_answer") as batch:
        batch.add_column(sa.Column("colour", sa.String(20), server_default="red", nullable=False))
        batch.create_unique_constraint("uq_posted_answer_created_at", ["created_at"])


def downgrade():
    with op.batch_alter_table("posted_answer") as batch:
        batch.drop_constraint("uq_posted_answer_created_at", type_="unique")
        batch.drop_column("colour")
"""

NOTES_ITS_THREAD = """
import threading

from alembic import op

revision = "next"
down_revision = "NEWEST"


def upgrade():
    op.execute(f"CREATE TABLE noted AS SELECT '{threading.current_thread().name}' AS thread")


def downgrade():
    op.execute("DROP TABLE noted")
"""

FAILS_HALF_WAY = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "NEWEST"


def upgrade():
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("DELETE FROM posted_answer")
    op.execute("INSERT INTO nowhere VALUES (1)")


def downgrade():
    pass
"""


async def run(url: str, work: str, revision: str = "head") -> None:
    """Run an Alembic command on the database at ``url``."""

    def on(connection: Connection) -> None:
        config = alembic_config(connection)
        command.check(config) if work == "check" else getattr(command, work)(config, revision)

    engine = migration_engine(Address.parse(url))
    async with engine.connect() as connection:
        await connection.run_sync(on)
    await engine.dispose()


async def tables(database: Database) -> set[str]:
    async with database.reading() as session:
        connection = await session.connection()
        return set(await connection.run_sync(lambda plain: inspect(plain).get_table_names()))


async def fill(database: Database) -> None:
    clock = HandClock()
    await SqlPostedAnswerStore(database).add(posted_answer(1, now=clock()))
    await SqlAnswerStore(database, retention=timedelta(days=1)).put(answer_key(), full_answer())
    talk = Talk(conversations(database, clock), clock)
    first = await talk.answered()
    last = await talk.ask(parent=first, token="secret")
    await talk.show(last)
    await talk.store.open_window(first.conversation_id, 1, "recap", (1,))
    await talk.store.open_thread(100, last.id)


def conversations(database: Database, clock: HandClock) -> SqlConversationStore:
    return SqlConversationStore(database, longest=LONGEST, picture_store_max_bytes=2**20, now=clock)


async def count_posted(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(text("SELECT count(*) FROM posted_answer")) or 0


@pytest.fixture
def with_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "WithRevision":
    return WithRevision(tmp_path, monkeypatch)


class WithRevision:
    """Pretends to be a newer version, with one migration more, in a directory with a % in it."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._scripts = directory / "100% ours" / "migrations"
        self._monkeypatch = monkeypatch

    def __call__(self, source: str) -> None:
        shutil.copytree(
            ROOT / "migrations", self._scripts, ignore=shutil.ignore_patterns("__pycache__")
        )
        more = source.replace("NEWEST", NEWEST)
        (self._scripts / "versions" / "next_more.py").write_text(more)
        self._monkeypatch.setattr(migration, "_SCRIPTS", self._scripts)


async def test_an_empty_database_is_brought_to_the_newest_revision(empty_url: str) -> None:
    async with Database(empty_url) as database:
        assert await database.revision() is None
        await database.upgrade()
        await database.upgrade()

        assert await database.revision() == known_revisions()[0]
        assert await tables(database) == {"alembic_version", *Base.metadata.tables}


async def test_the_newest_revision_equals_the_models(empty_url: str) -> None:
    async with Database(empty_url) as database:
        await database.upgrade()

    await run(empty_url, "check")


async def test_every_revision_goes_up_and_down_with_rows_in_it(empty_url: str) -> None:
    async with Database(empty_url) as database:
        await database.upgrade()
        await fill(database)

        for _ in known_revisions():
            await run(empty_url, "downgrade", "-1")
        assert await tables(database) <= {"alembic_version"}
        for _ in known_revisions():
            await run(empty_url, "upgrade", "+1")

        assert (await database.health()).up_to_date
        await fill(database)


@pytest.mark.parametrize("keys", [(), ("sealed",)])
async def test_buttons_go_on_working_when_conversations_come(
    empty_url: str, keys: tuple[str, ...]
) -> None:
    clock = HandClock()
    posted = [posted_answer(number, now=clock()) for number in range(3)]
    keys = tuple(new_key() for _ in keys)
    async with Database(empty_url, encryption_keys=keys) as database:
        await database.upgrade()
        await run(empty_url, "downgrade", "0001")
        await fill_first_revision(database, posted)

        await database.upgrade()

        store = SqlPostedAnswerStore(database, now=clock)
        assert [await store.get(one.id) for one in posted] == posted
        answers = SqlAnswerStore(database, retention=timedelta(days=1), now=clock)
        assert await answers.get(answer_key()) is None
        if keys:
            await reseal(database)
        await run(empty_url, "downgrade", "0001")
        await run(empty_url, "upgrade", "head")

        lost = replace(posted[0], parameters=Parameters(), sources=())
        assert await store.get(posted[0].id) == (lost if keys else posted[0])


async def fill_first_revision(database: Database, posted: list[PostedAnswer]) -> None:
    """Put answers where the first revision has them."""
    table = MetaData()
    async with database.writing() as session:
        connection = await session.connection()
        await connection.run_sync(table.reflect)
        for one in posted:
            row = {
                **asdict(one),
                "created_at": one.created_at.replace(tzinfo=None)
                if database.path
                else one.created_at,
                "links_expire_at": None,
            }
            row["expires_at"] = row["created_at"] + timedelta(days=30)
            await session.execute(table.tables["posted_answer"].insert().values(row))


async def test_an_update_keeps_the_rows(empty_url: str, with_revision: WithRevision) -> None:
    async with Database(empty_url) as database:
        await database.upgrade()
        await fill(database)
        with_revision(ADDS_A_COLUMN)

        await database.upgrade()

        assert await database.revision() == "next"
        async with database.reading() as session:
            assert await session.scalar(text("SELECT colour FROM posted_answer")) == "red"
        await run(empty_url, "downgrade", NEWEST)
        assert await count_posted(database) == 1


async def test_an_update_that_fails_changes_nothing(
    empty_url: str, with_revision: WithRevision
) -> None:
    async with Database(empty_url) as database:
        await database.upgrade()
        await fill(database)
        with_revision(FAILS_HALF_WAY)

        with pytest.raises(StorageFailed):
            await database.upgrade()

        assert await database.revision() == NEWEST
        assert "half" not in await tables(database)
        assert await count_posted(database) == 1


async def test_a_database_of_a_newer_version_is_refused_in_words(empty_url: str) -> None:
    async with Database(empty_url) as database:
        await database.upgrade()
        async with database.writing() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        with pytest.raises(ConfigError, match=r"revision 9999.*update Lookout"):
            await database.upgrade()
        assert not (await database.health()).up_to_date


def test_processes_that_start_together_do_not_migrate_twice(empty_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from bot.storage.database import Database\n"
        "async def main():\n"
        "    async with Database(sys.argv[1]) as database:\n"
        "        await database.upgrade()\n"
        "        print(await database.revision())\n"
        "asyncio.run(main())\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    results = [(*process.communicate(timeout=60), process.returncode) for process in processes]

    assert [code for *_, code in results] == [0, 0, 0], results
    assert all(out.splitlines()[-1] == known_revisions()[0] for out, *_ in results)


async def old_database(path: Path) -> Database:
    """Make a file with something in it from before the first revision."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS diary (words TEXT)")
        connection.execute("INSERT INTO diary VALUES ('before')")
        connection.commit()
    return Database(f"sqlite:///{path}")


async def test_the_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "lookout.sqlite3"
    async with await old_database(path) as database:
        await database.upgrade()
        await database.upgrade()

    (copy,) = backups(path)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT words FROM diary").fetchall() == [("before",)]
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("diary",)]


async def test_an_empty_file_is_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "lookout.sqlite3"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()

    assert backups(path) == []


async def test_no_copy_is_made_where_the_operator_wants_none(tmp_path: Path) -> None:
    path = tmp_path / "lookout.sqlite3"
    await old_database(path)
    async with Database(f"sqlite:///{path}", backup=False) as database:
        await database.upgrade()

    assert backups(path) == []


async def test_the_last_copies_are_kept_and_named_for_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "lookout.sqlite3"
    url = f"sqlite:///{path}"
    for _ in range(BACKUPS_KEPT + 2):
        async with await old_database(path) as database:
            await database.upgrade()
        await run(url, "downgrade", "base")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE alembic_version")
    async with Database(url) as database:
        await database.upgrade()

    kept = backups(path)
    assert len(kept) == BACKUPS_KEPT
    assert kept == sorted(kept, reverse=True)
    assert all(copy.name.startswith("lookout.sqlite3-backup-") for copy in kept)
    with closing(sqlite3.connect(kept[0])) as connection:
        rows = connection.execute("SELECT count(*) FROM diary").fetchone()
    assert rows == (BACKUPS_KEPT + 2,)


def names(directory: Path) -> list[str]:
    return [file.name for file in directory.iterdir()]


async def test_a_copy_that_cannot_be_made_stops_the_update(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 240)  # a copy's name would be too long for any file system
    async with await old_database(path) as database:
        with pytest.raises(StorageFailed):
            await database.upgrade()
        assert await tables(database) == {"diary"}

    assert names(tmp_path) == [path.name]


async def test_a_migration_runs_beside_the_event_loop(
    empty_url: str, with_revision: WithRevision
) -> None:
    with_revision(NOTES_ITS_THREAD)
    async with Database(empty_url) as database:
        await database.upgrade()
        async with database.reading() as session:
            where = await session.scalar(text("SELECT thread FROM noted"))

    assert where is not None
    assert where != threading.main_thread().name


@pytest.mark.parametrize("arguments", [["check"], ["heads"]])
def test_developers_commands_need_no_database(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    alembic.config.main(argv=arguments)


def test_developers_commands_that_change_a_database_must_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit):
        alembic.config.main(argv=["upgrade", "head"])
    assert "Say which database" in capsys.readouterr().out

    path = tmp_path / "lookout.sqlite3"
    alembic.config.main(argv=["-x", f"database=sqlite:///{path}", "upgrade", "head"])

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [
            (known_revisions()[0],)
        ]
