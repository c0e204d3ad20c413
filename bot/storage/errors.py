"""Turn what databases and drivers raise into the one thing other rooms know."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.domain.errors import StorageFailed

_SQLITE_REASONS = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_CANTOPEN: "unreachable",
    sqlite3.SQLITE_IOERR: "unreachable",
    sqlite3.SQLITE_NOMEM: "unreachable",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
}
"""By primary result code (https://www.sqlite.org/rescode.html)."""

_POSTGRES_REASONS = {
    "08": "unreachable",
    "25006": "read_only",
    "28": "refused",
    "3D": "refused",
    "40": "locked",
    "42501": "read_only",
    "53100": "full",
    "53": "unreachable",
    "55P03": "locked",
    "57P": "unreachable",
    "58": "unreachable",
    "XX001": "damaged",
}
"""By SQLSTATE or the beginning of one (PostgreSQL documentation, appendix A), the first that fits.

What is missing here is taken to be about what was asked, and not to pass by itself.
"""


@contextmanager
def translated() -> Iterator[None]:
    """Raise StorageFailed for every failure of the database inside the block."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StorageFailed(reason_of(error)) from error


def reason_of(error: BaseException) -> str:
    """Say in one word what went wrong: a ``reason`` of StorageFailed."""
    if isinstance(error, PoolTimeoutError):
        return "locked"
    if isinstance(error, DBAPIError):
        reason = reason_of(error.orig) if error.orig is not None else "failed"
        return "unreachable" if reason == "failed" and error.connection_invalidated else reason
    if isinstance(error, sqlite3.Error):
        return _SQLITE_REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "failed")
    if isinstance(error, PermissionError):
        return "read_only"
    if isinstance(error, OSError):
        return "full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "unreachable"
    state = getattr(error, "sqlstate", None) or ""
    return next(
        (why for known, why in _POSTGRES_REASONS.items() if state.startswith(known)), "failed"
    )
