"""Bring a database to the structure this version of Lookout works with."""

import asyncio
import contextlib
import os
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.errors import ConfigError
from bot.storage.engines import BUSY_TIMEOUT_SECONDS, Address, migration_engine
from bot.storage.errors import translated

_log = structlog.get_logger(__name__)

BACKUPS_KEPT = 3

_UNKNOWN = (
    "storage.database: the database is at revision {revision}, which this version of Lookout does "
    "not know; update Lookout, or go back to a backup of the file"
)

# Beside this package in a checkout as in an installed wheel. Not found by import: another program
# that Lookout is part of may well have a "migrations" of its own.
_SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"

_ALEMBIC_IS_GLOBAL = threading.Lock()
"""Alembic's ``context`` and ``op`` belong to the process, so one migration runs at a time in it."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Make Alembic's configuration without any file, working on ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def known_revisions() -> list[str]:
    """Return the revisions this version knows, newest first. Reads the disk."""
    script = ScriptDirectory.from_config(alembic_config())
    return [revision.revision for revision in script.walk_revisions()]


async def current_revision(connection: AsyncConnection) -> str | None:
    """Return the revision the database is at, None for an empty one."""
    return await connection.run_sync(
        lambda plain: MigrationContext.configure(plain).get_current_revision()
    )


def upgrade(address: Address, *, backup: bool) -> None:
    """Migrate to the newest revision, in an event loop of its own: to be run in a thread.

    One transaction: either everything is done or nothing. Raises ConfigError for a database that
    a newer version made, StorageFailed for anything the database refuses.
    """
    with _ALEMBIC_IS_GLOBAL, translated():
        asyncio.run(_upgrade(address, backup=backup))


async def _upgrade(address: Address, *, backup: bool) -> None:
    newest, *older = known_revisions()
    engine = migration_engine(address)
    try:
        async with engine.connect() as connection:
            current = await current_revision(connection)
        if current == newest:
            return
        if current is not None and current not in older:
            raise ConfigError((_UNKNOWN.format(revision=current),))
        if backup and address.path is not None:
            _back_up(address.path, current)
        async with engine.connect() as connection:
            await connection.run_sync(lambda plain: command.upgrade(alembic_config(plain), "head"))
    finally:
        await engine.dispose()
    _log.info("database_upgraded", before=current, after=newest)


def _back_up(path: Path, revision: str | None) -> None:
    """Copy the database beside itself, complete or not at all; an empty one is not worth it."""
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        copy = path.with_name(f"{path.name}-backup-{stamp}-{revision or 'unknown'}")
        unfinished = copy.with_name(f"{copy.name}.part")
        try:
            os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            connection.execute("VACUUM INTO ?", (str(unfinished),))
            _flush(unfinished)
            unfinished.replace(copy)
        finally:
            unfinished.unlink(missing_ok=True)
    _log.info("database_backed_up", file=copy.name)
    for old in backups(path)[BACKUPS_KEPT:]:
        old.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def backups(path: Path) -> list[Path]:
    """Return the backups of the database at ``path``, newest first."""
    names = path.parent.glob(f"{path.name}-backup-*Z-*")
    return sorted((name for name in names if name.suffix != ".part"), reverse=True)


def forget_backups(path: Path, *, older_than: timedelta) -> int:
    """Delete backups of an age; what people had deleted since lives on in them. Return how many."""
    limit = (datetime.now(UTC) - older_than).timestamp()
    old = [copy for copy in backups(path) if copy.stat().st_mtime < limit]
    for copy in old:
        copy.unlink(missing_ok=True)
    return len(old)
