"""Databases for tests: real SQLite files and a real PostgreSQL."""

import asyncio
import base64
import secrets
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.domain.conversation import Retention
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.keeper import Limits
from tests.services.conversation_fakes import MemoryConversationStore
from tests.storage.conversation_values import (
    LONGEST,
    MAX_DEPTH,
    MAX_PICTURES,
    Build,
    Store,
    Talk,
)
from tests.storage.fakes import HandClock
from tests.storage.postgres import Postgres, running_postgres

BOTH = ("sqlite", "postgresql")


def new_key() -> str:
    """Make a key to seal with."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


async def upgrade(url: str) -> None:
    async with Database(url) as database:
        await database.upgrade()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for the whole run."""
    with running_postgres() as server:
        if server is None:
            pytest.skip("the package with PostgreSQL's programs is not installed")
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """The name of a database at the newest revision, to be copied."""
    asyncio.run(upgrade(postgres.create("migrated")))
    return "migrated"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file at the newest revision, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "lookout.sqlite3"
    asyncio.run(upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'lookout.sqlite3'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
async def sqlite(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Database]:
    """An open SQLite database at the newest revision."""
    path = shutil.copy(migrated_sqlite, tmp_path / "lookout.sqlite3")
    async with Database(f"sqlite:///{path}") as database:
        yield database


@pytest.fixture
async def sealed_sqlite(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Database]:
    """An open SQLite database whose words and pictures are sealed."""
    path = shutil.copy(migrated_sqlite, tmp_path / "sealed.sqlite3")
    async with Database(f"sqlite:///{path}", encryption_keys=[new_key()]) as database:
        yield database


@pytest.fixture
async def postgresql(postgres: Postgres, migrated_postgres: str) -> AsyncIterator[Database]:
    """An open PostgreSQL database at the newest revision."""
    name = f"t{uuid.uuid4().hex}"
    async with Database(postgres.create(name, template=migrated_postgres)) as database:
        yield database
    postgres.drop(name)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Database:
    """An open database at the newest revision, of each kind."""
    opened: Database = request.getfixturevalue(request.param)
    return opened


STORES = ["memory", "sqlite", "sealed_sqlite", "postgresql"]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=STORES)
def build(request: pytest.FixtureRequest, clock: HandClock) -> Build:
    """Make stores over the same data."""
    if request.param == "memory":
        memory = MemoryConversationStore(now=clock, max_depth=MAX_DEPTH, max_pictures=MAX_PICTURES)

        def in_memory(longest: Retention = LONGEST, max_bytes: int = 2**20) -> Store:
            memory.longest, memory.picture_store_max_bytes = longest, max_bytes
            return memory

        return in_memory
    database: Database = request.getfixturevalue(request.param)

    def in_database(longest: Retention = LONGEST, max_bytes: int = 2**20) -> Store:
        return SqlConversationStore(
            database,
            longest=longest,
            picture_store_max_bytes=max_bytes,
            limits=Limits(MAX_DEPTH, MAX_PICTURES),
            now=clock,
        )

    return in_database


@pytest.fixture
def store(build: Build) -> Store:
    return build()


@pytest.fixture
def talk(store: Store, clock: HandClock) -> Talk:
    return Talk(store, clock)
