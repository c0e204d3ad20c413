"""Remembered pictures, in SQL: short hashes only, never a picture.

Every change of a server's bank has a revision of its own, so that whoever holds a copy in memory
can read on from the last one seen.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Row, and_, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.clock import utc_now
from bot.domain.moderation.fingerprint import BankEntry, BankKind
from bot.domain.moderation.ports import BankChanges
from bot.storage.database import Database
from bot.storage.moderation.case_rows import bank_entry_of, bank_values, next_revision
from bot.storage.moderation.learning import erase
from bot.storage.moderation_tables import BankEntryRow

CHANGES_AT_ONCE = 2_000
"""Entries in a page of changes: what is held in memory at once, and decoded in one go."""
ADDED_AT_ONCE = 1_000
"""Entries added or removed in a transaction, so that others write in between."""

_COLUMNS = tuple(BankEntryRow.__table__.columns)

Item = TypeVar("Item")


class _Identity(NamedTuple):
    """What makes two entries of a server the same."""

    kind: BankKind
    rules: str
    sha256: str | None
    hashes: bytes
    pdq: str | None


class SqlBankStore:
    """Keeps remembered pictures. ``clock`` gives UTC times. Raises StorageFailed."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def revision(self, guild_id: int) -> int:
        """Return a figure that grows with every change; 0 for none."""
        async with self._database.reading() as session:
            return await _newest_revision(session, guild_id)

    async def changes(self, guild_id: int, after: int) -> BankChanges:
        """Return what was added and removed after a revision, a page at a time."""
        async with self._database.reading() as session:
            if await _newest_revision(session, guild_id) < after:
                after = 0
            page = (
                select(*_COLUMNS)
                .where(BankEntryRow.guild_id == guild_id, BankEntryRow.revision > after)
                .order_by(BankEntryRow.revision)
                .limit(CHANGES_AT_ONCE)
            )
            rows = (await session.execute(page)).all()
        return await asyncio.to_thread(_changes, after, rows)

    async def add(self, entries: Sequence[BankEntry]) -> int:
        """Remember pictures; return how many were not known yet.

        Known is what a server has of the same kind, for the same rules and with the same hashes.
        """
        added = 0
        by_guild: dict[int, list[BankEntry]] = {}
        for entry in entries:
            by_guild.setdefault(entry.guild_id, []).append(entry)
        for guild_id, theirs in by_guild.items():
            for some in batches(theirs, ADDED_AT_ONCE):
                added += await self._add(guild_id, some)
        return added

    async def _add(self, guild_id: int, entries: Sequence[BankEntry]) -> int:
        values = await asyncio.to_thread(_all_values, entries, self._clock())
        async with self._database.writing() as session:
            revision = await next_revision(session, guild_id)  # nobody else adds meanwhile
            known = await _known(session, guild_id, values)
            fresh: list[dict[str, Any]] = []
            for one in values:
                identity = _identity(one)
                if identity not in known:
                    known.add(identity)
                    fresh.append({**one, "revision": revision + len(fresh)})
            if fresh:
                await session.execute(insert(BankEntryRow), fresh)
        return len(fresh)

    async def remove(self, guild_id: int, entry_ids: Collection[int]) -> int:
        """Forget some; return how many there were."""
        removed = 0
        for some in batches(entry_ids, ADDED_AT_ONCE):
            async with self._database.writing() as session:
                here = and_(BankEntryRow.guild_id == guild_id, BankEntryRow.id.in_(some))
                removed += await erase(session, guild_id, here, self._clock())
        if removed:
            await self._database.scrub()
        return removed

    async def listed(
        self, guild_id: int, kind: BankKind, *, offset: int = 0, limit: int = 25
    ) -> tuple[int, Sequence[BankEntry]]:
        """Return how many there are, and a page of them, newest first."""
        wanted = and_(
            BankEntryRow.guild_id == guild_id,
            BankEntryRow.kind == kind,
            BankEntryRow.removed.is_(False),
        )
        page = select(*_COLUMNS).where(wanted).order_by(BankEntryRow.id.desc())
        async with self._database.reading() as session:
            count = await session.scalar(select(func.count(BankEntryRow.id)).where(wanted)) or 0
            rows = (await session.execute(page.offset(offset).limit(limit))).all()
        return count, [bank_entry_of(row) for row in rows]


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of up to ``size``."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


async def _newest_revision(session: AsyncSession, guild_id: int) -> int:
    newest = select(func.max(BankEntryRow.revision)).where(BankEntryRow.guild_id == guild_id)
    return await session.scalar(newest) or 0


def _changes(after: int, rows: Sequence[Row[Any]]) -> BankChanges:
    return BankChanges(
        revision=rows[-1].revision if rows else after,
        added=[bank_entry_of(row) for row in rows if not row.removed],
        removed_ids=[row.id for row in rows if row.removed],
    )


def _all_values(entries: Sequence[BankEntry], now: datetime) -> list[dict[str, Any]]:
    return [bank_values(entry, now) for entry in entries]


def _identity(values: dict[str, Any]) -> _Identity:
    return _Identity(*(values[name] for name in _Identity._fields))


async def _known(
    session: AsyncSession, guild_id: int, values: Sequence[dict[str, Any]]
) -> set[_Identity]:
    """Return what a server has of these already, and perhaps more."""
    by_bytes = {one["sha256"] for one in values} - {None}
    by_pdq = {one["pdq"] for one in values if one["sha256"] is None} - {None}
    by_hashes = {one["hashes"] for one in values if one["sha256"] is None and one["pdq"] is None}
    alike = (
        (by_bytes, BankEntryRow.sha256.in_(by_bytes)),
        (by_pdq, and_(BankEntryRow.sha256.is_(None), BankEntryRow.pdq.in_(by_pdq))),
        (by_hashes, and_(BankEntryRow.sha256.is_(None), BankEntryRow.hashes.in_(by_hashes))),
    )
    conditions = [condition for wanted, condition in alike if wanted]
    if not conditions:
        return set()
    columns = (getattr(BankEntryRow, name) for name in _Identity._fields)
    found = await session.execute(
        select(*columns).where(
            BankEntryRow.guild_id == guild_id, BankEntryRow.removed.is_(False), or_(*conditions)
        )
    )
    return {_Identity(*row) for row in found}
