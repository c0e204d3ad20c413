"""The way in: what was posted is recorded before anything else happens to it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.domain.errors import StorageFailed, place_of
from bot.domain.moderation.case import Report
from bot.domain.moderation.ports import UploadStore
from bot.domain.moderation.upload import Cursor, NewUpload

_log = structlog.get_logger(__name__)

MAX_WAITING_UPLOADS = 5000
"""How many uploads are held in memory while the database does not take them."""
MAX_UPLOADS_TOGETHER = 100
"""How many uploads of several events go into one transaction, at most."""
RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one event brought."""

    uploads: tuple[NewUpload, ...]
    cursor: Cursor | None


class Intake:
    """Records uploads; while the database does not take them, holds them in their order.

    What comes while it is busy waits, and is recorded in one transaction: in a burst a commit for
    each would keep the last of them in memory for long.

    Where more come than can be held, and where the database refuses one for good, the channel's
    cursor stays where it is from then on, so that catching up at the next start finds what was let
    go of. ``charge_report`` counts a report against its reporter's limit: it raises RateLimited.
    """

    def __init__(
        self, store: UploadStore, *, charge_report: Callable[[int], None] = lambda _: None
    ) -> None:
        self._store = store
        self._charge_report = charge_report
        self._waiting: deque[_Batch] = deque()
        self._recording = asyncio.Lock()
        self._retrying: asyncio.Task[None] | None = None
        self._gaps: set[int] = set()

    async def accept(self, uploads: Sequence[NewUpload], cursor: Cursor | None = None) -> None:
        """Record what was posted and how far its channel was heard.

        Raises nothing: what cannot be recorded now is recorded as soon as the database works
        again.
        """
        if not uploads and cursor is None:
            return
        self._hold(_Batch(tuple(uploads), cursor))
        if self._retries():
            return
        async with self._recording:
            if self._retries():  # it failed while this waited: once more for each would take long
                return
            try:
                await self._record_waiting()
            except StorageFailed:
                _log.warning("uploads_wait_for_storage", uploads=self._held())
                self._retrying = asyncio.create_task(self._retry())

    async def report(self, uploads: Sequence[NewUpload], report: Report) -> int:
        """Record what a member reported; return how many they had not reported before.

        Raises RateLimited, and StorageFailed: who reports is told.
        """
        self._charge_report(report.reporter_id)
        return await self._store.record_report(uploads, report)

    async def close(self) -> None:
        """Try once more to record what is held; what still cannot be is found at the next start."""
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.gather(self._retrying, return_exceptions=True)
            self._retrying = None
        async with self._recording:
            try:
                await self._record_waiting()
            except StorageFailed:
                _log.warning("uploads_not_recorded", uploads=self._held())
                self._waiting.clear()

    async def _record_waiting(self) -> None:
        while self._waiting:
            together = self._next()
            try:
                await self._record(together)
            except BaseException:
                self._waiting.extendleft(reversed(together))
                raise

    def _next(self) -> list[_Batch]:
        together = [self._waiting.popleft()]
        uploads = len(together[0].uploads)
        while self._waiting and uploads + len(self._waiting[0].uploads) <= MAX_UPLOADS_TOGETHER:
            together.append(self._waiting.popleft())
            uploads += len(together[-1].uploads)
        return together

    async def _record(self, together: Sequence[_Batch]) -> None:
        """Record batches in one transaction; where one upload spoils it, each alone.

        Raises StorageFailed while the database takes nothing at all.
        """
        uploads = [upload for batch in together for upload in batch.uploads]
        cursors = [
            batch.cursor
            for batch in together
            if batch.cursor is not None and batch.cursor.channel_id not in self._gaps
        ]
        if not uploads and not cursors:
            return
        try:
            await self._store.record(uploads, cursors)
        except Exception as error:
            if isinstance(error, StorageFailed) and error.reason != "failed":
                raise
            parts = _parts(together)
            if len(parts) == 1:
                _log.error(
                    "uploads_refused",
                    uploads=len(uploads),
                    error=type(error).__name__,
                    where=place_of(error),
                )
                self._let_go(together[0])
                return
            for batch in parts:
                await self._record([batch])

    def _retries(self) -> bool:
        return self._retrying is not None and not self._retrying.done()

    async def _retry(self) -> None:
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            async with self._recording:
                held = self._held()
                try:
                    await self._record_waiting()
                except StorageFailed:
                    continue
                _log.info("uploads_recorded", uploads=held)
                return

    def _hold(self, batch: _Batch) -> None:
        if self._held() + len(batch.uploads) > MAX_WAITING_UPLOADS:
            _log.error("uploads_let_go", uploads=len(batch.uploads))
            self._let_go(batch)
            return
        last = self._waiting[-1] if self._waiting else None
        if last is not None and not batch.uploads and _same_channel(last.cursor, batch.cursor):
            self._waiting[-1] = replace(last, cursor=batch.cursor)
            return
        self._waiting.append(batch)

    def _let_go(self, batch: _Batch) -> None:
        self._gaps.update(upload.heard_in for upload in batch.uploads)

    def _held(self) -> int:
        return sum(len(batch.uploads) for batch in self._waiting)


def _parts(together: Sequence[_Batch]) -> Sequence[_Batch]:
    """Return the batches, or what one batch consists of: its cursor after its uploads."""
    batch, *others = together
    alone = [_Batch((upload,), None) for upload in batch.uploads]
    if others or len(alone) == 1:
        return together
    return alone if batch.cursor is None else [*alone, _Batch((), batch.cursor)]


def _same_channel(one: Cursor | None, other: Cursor | None) -> bool:
    return one is not None and other is not None and one.channel_id == other.channel_id
