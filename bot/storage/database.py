"""The open database: engines, sessions, migrations and health."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import structlog
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.domain.errors import StorageFailed
from bot.storage import migration
from bot.storage.engines import Address, read_engine, write_engine
from bot.storage.errors import translated
from bot.storage.seal import Seal
from bot.storage.sealed_columns import refuse_wrong_keys

_log = structlog.get_logger(__name__)

REWRITTEN_UP_TO_BYTES = 134_217_728
"""How large an SQLite file may be to be rewritten while people wait, all in memory."""


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """What an operator wants to know of the database."""

    kind: str
    """``sqlite`` or ``postgresql``."""
    trouble: str | None
    """Why it cannot be written to (a ``reason`` of StorageFailed); None when it can."""
    revision: str | None
    newest_revision: str
    size_bytes: int
    free_bytes: int | None
    """Space left on the disk of an SQLite file."""

    @property
    def writable(self) -> bool:
        """Whether anything can be kept."""
        return self.trouble is None

    @property
    def up_to_date(self) -> bool:
        """Whether its structure is the one this version works with."""
        return self.revision == self.newest_revision


class Database:
    """One database, SQLite or PostgreSQL; opened by ``async with``, before any use.

    ``url`` is ``sqlite:///path`` or ``postgresql://user:password@host/name``; raises ConfigError
    for any other. ``backup`` copies an SQLite file before a migration changes it.

    ``encryption_keys`` seal what people wrote and showed, in ``seal``; raises ConfigError for one
    that is none.
    """

    def __init__(
        self, url: str, *, backup: bool = True, encryption_keys: Sequence[str] = ()
    ) -> None:
        self.seal = Seal(encryption_keys)
        self._address = Address.parse(url)
        self._backup = backup
        self._write = write_engine(self._address)
        self._read = read_engine(self._address) or self._write
        self._session = async_sessionmaker(expire_on_commit=False)
        self._has_gaps = self._address.path is not None
        """Whether pages may hold copies of what was deleted; not known of what was before."""

    async def __aenter__(self) -> Self:
        """Make the file and its directory where there is none yet; raises StorageFailed."""
        if self._address.path is not None:
            with translated():
                await asyncio.to_thread(_make_private_file, self._address.path)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        # The writer last: whoever closes last moves the write-ahead log into the file.
        await self._read.dispose()
        await self._write.dispose()

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        return self._address.path

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open one transaction that changes nothing; raises StorageFailed."""
        with translated():
            async with self._session(bind=self._read) as session, session.begin():
                yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Open one transaction, kept when the block ends well; raises StorageFailed.

        On SQLite there is one at a time: nothing slow belongs inside.
        """
        with translated():
            async with self._session(bind=self._write) as session, session.begin():
                yield session

    def insert(self, table: type[Any]) -> "sqlite.Insert | postgresql.Insert":
        """Begin an INSERT that may say what to do on conflict, which each dialect spells itself."""
        return sqlite.insert(table) if self._address.path else postgresql.insert(table)

    async def upgrade(self) -> None:
        """Bring the structure up to date; nothing happens when it is.

        Raises ConfigError for a database that a newer version made and for one that is sealed with
        other keys, StorageFailed when it cannot be read or changed.
        """
        await asyncio.to_thread(migration.upgrade, self._address, backup=self._backup)
        await self.check_keys()

    async def check_keys(self) -> None:
        """Raise ConfigError when everything is sealed with keys that are not among ours."""
        async with self.reading() as session:
            await refuse_wrong_keys(session, self.seal)

    async def revision(self) -> str | None:
        """Return the revision the structure is at, None for an empty database."""
        with translated():
            async with self._read.connect() as connection:
                return await migration.current_revision(connection)

    async def health(self) -> DatabaseHealth:
        """Look at the database; raises StorageFailed when it cannot even be read."""
        revision = await self.revision()
        (newest, *_), path = await asyncio.to_thread(migration.known_revisions), self._address.path
        return DatabaseHealth(
            kind="sqlite" if path else "postgresql",
            trouble=await self._trouble(),
            revision=revision,
            newest_revision=newest,
            size_bytes=await self._size_bytes(),
            free_bytes=(await asyncio.to_thread(shutil.disk_usage, path)).free if path else None,
        )

    async def scrub(self) -> bool:
        """Remove from the disk what was deleted; return False when readers were in the way.

        SQLite overwrites what is deleted, but the old bytes stay in the write-ahead log (and in
        the file, which the log has not reached yet) until the log is moved into the file and cut
        to nothing. Copies may stay in the gaps of pages, see ``rewrite``. PostgreSQL keeps no such
        promise: it reuses the space in time.
        """
        self._has_gaps = True
        return await self._checkpoint()

    async def scrub_thoroughly(self) -> bool:
        """As ``scrub``, and leave no gap: a file up to ``REWRITTEN_UP_TO_BYTES`` is rewritten.

        A larger one would keep everybody waiting.
        """
        self._has_gaps = True
        with suppress(StorageFailed):  # no room for a second copy, say: what can be done is done
            if await self.close_gaps():
                return True
        return await self._checkpoint()

    async def close_gaps(self) -> bool:
        """Rewrite the file when something was deleted since the last time and it is small enough.

        Return whether nothing deleted is left in it.
        """
        if self._has_gaps and await self._size_bytes() <= REWRITTEN_UP_TO_BYTES:
            return await self.rewrite()
        return not self._has_gaps

    async def rewrite(self) -> bool:
        """Write an SQLite file anew; return False when readers were in the way.

        When rows move between pages, SQLite leaves copies of them in the gaps, which it does not
        overwrite when the rows are deleted later. Nobody can write meanwhile.
        """
        if self._address.path is None:
            return True
        with translated():
            async with self._write.connect() as connection:
                await connection.execution_options(without_transaction=True)
                # In memory if that is little; else the copy is a file that goes at once.
                if await self._size_bytes() > REWRITTEN_UP_TO_BYTES:
                    await connection.execute(text("PRAGMA temp_store=FILE"))
                await connection.execute(text("VACUUM"))
                await connection.execute(text("PRAGMA temp_store=MEMORY"))
        clean = await self._checkpoint()
        self._has_gaps = not clean
        return clean

    async def _checkpoint(self) -> bool:
        if self._address.path is None:
            return True
        with translated():
            async with self._write.connect() as connection:
                await connection.execution_options(without_transaction=True)
                result = await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
                return not result.scalar_one()

    async def forget_backups(self, older_than: timedelta) -> int:
        """Delete backups of the SQLite file that are older than that; return how many."""
        if self._address.path is None:
            return 0
        with translated():
            return await asyncio.to_thread(
                migration.forget_backups, self._address.path, older_than=older_than
            )

    async def _trouble(self) -> str | None:
        try:
            async with self.writing() as session:
                await session.connection()  # begins, on SQLite with the lock for writing
                if self._address.path is not None:
                    return None
                read_only = await session.scalar(text("SHOW transaction_read_only"))
                return "read_only" if read_only == "on" else None
        except StorageFailed as error:
            return error.reason

    async def _size_bytes(self) -> int:
        path = self._address.path
        if path is not None:
            return await asyncio.to_thread(_size_with_log, path)
        async with self.reading() as session:
            size = await session.scalar(text("SELECT pg_database_size(current_database())"))
            return int(size or 0)


def _make_private_file(path: Path) -> None:
    """Make the file so that only its owner may read it; SQLite gives its logs the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        path.chmod(0o600)
    except PermissionError:  # another user's file that we may write to
        _log.warning("database_mode_kept")


def _size_with_log(path: Path) -> int:
    size = path.stat().st_size
    with suppress(FileNotFoundError):
        size += path.with_name(f"{path.name}-wal").stat().st_size
    return size
