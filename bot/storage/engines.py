"""Where the database is, and engines for it."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Connection, NullPool, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.domain.errors import ConfigError

READERS = 4
"""Connections that read beside the one that writes (SQLite)."""

POOL_TIMEOUT_SECONDS = 30
BUSY_TIMEOUT_SECONDS = 5
CONNECT_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT_SECONDS = 30

_SQLITE = ("sqlite", "sqlite+aiosqlite")
_POSTGRES = ("postgres", "postgresql", "postgresql+asyncpg")


@dataclass(frozen=True, slots=True)
class Address:
    """A database's address with its asynchronous driver; ``path`` is the file on SQLite."""

    url: URL
    path: Path | None

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address people write; raises ConfigError, which never repeats it."""
        try:
            url = make_url(text)
        except ArgumentError:
            raise _wrong("is not a database address") from None
        if url.drivername in _SQLITE:
            if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
                raise _wrong("must name a file, as in sqlite:///data/lookout.sqlite3")
            path = Path(url.database).expanduser()
            return cls(URL.create("sqlite+aiosqlite", database=str(path)), path)
        if url.drivername in _POSTGRES:
            query = dict(url.query)
            if "sslmode" in query:  # libpq's name for what asyncpg calls ssl
                query.setdefault("ssl", query.pop("sslmode"))
            return cls(url.set(drivername="postgresql+asyncpg", query=query), None)
        raise _wrong("must begin with sqlite:/// or postgresql://")


class _Connection(sqlite3.Connection):
    """One that keeps no lock once it is closed.

    In the middle of a statement, where a task that is cancelled leaves it, SQLite itself would keep
    the lock until the cursor is collected too, which takes as long as the exception is held.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        """Make a cursor, as any connection."""
        cursor = super().cursor(*arguments, **options)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close the cursors, then the connection."""
        for cursor in tuple(self._cursors):
            cursor.close()
        super().close()


def write_engine(address: Address) -> AsyncEngine:
    """Make the engine that changes things.

    On SQLite it has one connection, so writers queue fairly in the pool instead of finding the
    file locked, and takes the write lock at BEGIN, so a transaction that read first never finds
    its snapshot stale.
    """
    if address.path is None:
        return _postgres(
            address,
            pool_size=5,
            max_overflow=5,
            pool_timeout=POOL_TIMEOUT_SECONDS,
            pool_pre_ping=True,
        )
    return _sqlite(
        address,
        ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"),
        begin="BEGIN IMMEDIATE",
        pool_size=1,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
    )


def read_engine(address: Address) -> AsyncEngine | None:
    """Make the engine that only reads, beside the writer; None on PostgreSQL, which needs none."""
    if address.path is None:
        return None
    return _sqlite(
        address,
        ("query_only=ON",),
        begin="BEGIN",
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
    )


def migration_engine(address: Address) -> AsyncEngine:
    """Make the engine that changes the structure: no pool, no limit on a statement's time.

    On SQLite foreign keys are not enforced meanwhile: a batch migration replaces a table, and
    dropping the old one would delete every row that refers to it.
    """
    if address.path is None:
        return _postgres(address, statement_timeout=None, poolclass=NullPool)
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF")
    return _sqlite(address, pragmas, begin="BEGIN IMMEDIATE", poolclass=NullPool)


def _sqlite(
    address: Address, pragmas: tuple[str, ...], *, begin: str, **options: Any
) -> AsyncEngine:
    engine = create_async_engine(
        address.url,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "factory": _Connection},
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours to send, not the driver's
        cursor = connection.cursor()
        # What is deleted is overwritten, and nothing of it goes to temporary files.
        for pragma in (*pragmas, "secure_delete=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        if not connection.get_execution_options().get("without_transaction"):
            connection.exec_driver_sql(begin)

    return engine


def _postgres(
    address: Address,
    *,
    statement_timeout: float | None = STATEMENT_TIMEOUT_SECONDS,
    **options: Any,
) -> AsyncEngine:
    try:
        return create_async_engine(
            address.url,
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_TIMEOUT_SECONDS,
                "command_timeout": statement_timeout,
                "server_settings": {"application_name": "lookout"},
            },
            **options,
        )
    except ModuleNotFoundError as error:
        raise _wrong("PostgreSQL needs the extra 'postgres'") from error


def _wrong(reason: str) -> ConfigError:
    return ConfigError((f"storage.database: {reason}",))
