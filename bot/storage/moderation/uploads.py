"""Uploads from the moment they are heard of to their verdict, in SQL."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.clock import utc_now
from bot.domain.moderation.case import Report
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.ports import Postponed
from bot.domain.moderation.upload import (
    Conclusion,
    Cursor,
    NewUpload,
    Screened,
    Upload,
)
from bot.storage.database import Database
from bot.storage.moderation.concluding import conclude_in
from bot.storage.moderation.cursors import cursors_of, move_cursors_in
from bot.storage.moderation.reporting import REPORT_PRIORITY, ask_for, report_in
from bot.storage.moderation.spool import (
    frame_values,
    frames_of,
    screened_of,
    sealed_screened,
    spool_in,
    spooled_bytes,
)
from bot.storage.moderation.upload_rows import upload_of, upload_values
from bot.storage.moderation.withdrawing import withdraw_in
from bot.storage.moderation_tables import UploadRow

_log = structlog.get_logger(__name__)

SPOOL_MAX_BYTES = 2_147_483_648
SPOOL_FULL_SECONDS = 60.0
"""When to try again where the spool is full: verdicts make room."""


class SqlUploadStore:
    """Keeps uploads. Raises StorageFailed.

    ``woken`` is called after work was asked for. ``spool_max_bytes`` bounds the frames of all
    uploads that wait for the model together; what comes on top stays where it is.

    With a verdict an upload's frames, link and words are deleted, and SQLite overwrites them in
    the file. What its log holds of them goes with ``scrub``, which is too dear for every verdict.
    """

    def __init__(
        self,
        database: Database,
        *,
        woken: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = utc_now,
        spool_max_bytes: int = SPOOL_MAX_BYTES,
    ) -> None:
        self._database = database
        self._woken = woken
        self._clock = clock
        self._spool_max_bytes = spool_max_bytes
        self._erased = True
        """Whether the log may hold what was erased; not known of what was before."""

    async def record(self, uploads: Sequence[NewUpload], cursors: Sequence[Cursor] = ()) -> int:
        """Keep uploads, their SCREEN jobs and how far channels were heard, in one transaction."""
        now = self._clock()
        values = await asyncio.to_thread(self._values, uploads, now)
        new = 0
        async with self._database.writing() as session:
            if values:
                rows = await self._insert(session, values)
                new = len(rows)
                await ask_for(session, self._database, JobKind.SCREEN, rows, now)
            await move_cursors_in(session, self._database, cursors)
        if new:
            self._woken()
        return new

    async def record_report(self, uploads: Sequence[NewUpload], report: Report) -> int:
        """Keep what a member reported, with priority; once per reporter and key."""
        now = self._clock()
        values = await asyncio.to_thread(self._values, uploads, now, REPORT_PRIORITY)
        reason = self._database.seal.seal_text(report.reason)
        if not values:
            return 0
        async with self._database.writing() as session:
            await self._insert(session, values)
            keys = [one["key"] for one in values]
            fresh = await report_in(session, self._database, keys, report, reason=reason, now=now)
        if fresh:
            self._woken()
        return fresh

    async def get(self, upload_id: int) -> Upload | None:
        """Return it; the words and link of one that is DONE are gone."""
        async with self._database.reading() as session:
            row = await session.get(UploadRow, upload_id)
        return None if row is None else upload_of(self._database.seal, row)

    async def spool(self, upload_id: int, screened: Screened) -> bool:
        """Keep what screening found until the verdict, with its JUDGE job; False when DONE.

        Raises Postponed, as an outage, while the spool is full: the upload stays QUEUED.
        """
        seal = self._database.seal
        found, frames = await asyncio.to_thread(
            lambda: (sealed_screened(seal, screened), frame_values(seal, upload_id, screened))
        )
        size_bytes = sum(len(frame["data"]) for frame in frames)
        now = self._clock()
        async with self._database.writing() as session:
            taken = await spooled_bytes(session)
            if taken and taken + size_bytes > self._spool_max_bytes:
                _log.warning("spool_full", taken_bytes=taken, max_bytes=self._spool_max_bytes)
                raise Postponed(SPOOL_FULL_SECONDS, outage=True)
            row = await spool_in(session, upload_id, found, frames)
            if row is not None:
                await ask_for(session, self._database, JobKind.JUDGE, [row], now)
        if row is not None:
            self._woken()
        return row is not None

    async def spooled(self, upload_id: int) -> Screened | None:
        """Return what was spooled; None once it is DONE, and when no key opens it."""
        async with self._database.reading() as session:
            row = await session.get(UploadRow, upload_id)
            if row is None or row.screened is None:
                return None
            frames = await frames_of(session, upload_id)
        seal = self._database.seal
        screened = await asyncio.to_thread(screened_of, seal, row.screened, frames)
        if screened is None:
            seal.unreadable("upload", upload_id)
        return screened

    async def conclude(self, conclusion: Conclusion) -> int | None:
        """Keep the one verdict; return its case's id, None where there is none or was a verdict."""
        async with self._database.writing() as session:
            concluded = await conclude_in(session, self._database, conclusion, self._clock())
        self._erased = True
        if concluded is None or concluded[1] is None:
            return None
        self._woken()
        return concluded[1].id

    async def cursors(self, guild_id: int) -> Sequence[Cursor]:
        """Return how far each channel of a server was heard."""
        async with self._database.reading() as session:
            return await cursors_of(session, guild_id)

    async def withdraw(self, guild_id: int) -> int:
        """Conclude whatever still waits for a server as WITHDRAWN; return how many."""
        withdrawn = 0
        while True:
            async with self._database.writing() as session:
                some = await withdraw_in(session, self._database, guild_id, self._clock())
            if not some:
                return withdrawn
            withdrawn += some
            self._erased = True

    async def scrub(self) -> bool:
        """Remove from the disk what verdicts erased since the last time, if any did.

        Return False when readers were in the way. Meant to be called every few minutes.
        """
        if not self._erased:
            return True
        self._erased = False
        clean = False
        try:
            clean = await self._database.scrub()
        finally:
            self._erased |= not clean
        return clean

    def _values(
        self, uploads: Sequence[NewUpload], now: datetime, least_priority: int | None = None
    ) -> list[dict[str, Any]]:
        """Return rows in one order for everybody: else two could wait for one another."""
        ordered = sorted(uploads, key=lambda upload: (upload.message_id, upload.key))
        return [
            upload_values(
                self._database.seal,
                new,
                now,
                priority=new.priority
                if least_priority is None
                else max(new.priority, least_priority),
            )
            for new in ordered
        ]

    async def _insert(
        self, session: AsyncSession, values: Sequence[dict[str, Any]]
    ) -> Sequence[UploadRow]:
        """Add uploads, and return those whose key was not known."""
        added = self._database.insert(UploadRow)
        fresh = added.on_conflict_do_nothing(index_elements=[UploadRow.key]).returning(UploadRow)
        return (await session.scalars(fresh, values)).all()
