"""The prepared bytes of pictures: each still once, however many turns use it, and bounded."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.conversation import KeptPicture
from bot.domain.picture import Frame, Picture, PictureFacts, sha256_of_picture
from bot.storage.conversation_tables import PictureBlobRow, PictureFrameRow, TurnPictureRow
from bot.storage.database import Database
from bot.storage.tables import AnswerRow
from bot.storage.times import Times

TOUCH_EVERY = timedelta(hours=1)
"""How exactly the last use of a picture is known: a read seldom has to write."""

BLOBS_AT_ONCE = 16
"""Stills deleted in one transaction; each is overwritten on the disk."""

_ONE_AT_A_TIME = 0x4C6F6F6B424C4F42
"""The PostgreSQL advisory lock of whoever adds or drops stills, so that none is dropped while
another picture comes to use it."""


class Blobs:
    """Keeps stills by the SHA-256 of their bytes, ``max_bytes`` of them. Raises StorageFailed."""

    def __init__(self, database: Database, times: Times, *, max_bytes: int) -> None:
        self._database = database
        self._times = times
        self._max_bytes = max_bytes

    async def sealed(self, frames: Iterable[Frame]) -> dict[str, bytes]:
        """Seal the bytes of stills, beside the event loop."""
        data = {frame.sha256: frame.data for frame in frames}

        def seal_all() -> dict[str, bytes]:
            return {sha256: self._database.seal.seal(plain) for sha256, plain in data.items()}

        return await asyncio.to_thread(seal_all)

    async def lock(self, session: AsyncSession) -> None:
        """Let nobody else add or drop stills until the transaction ends."""
        if self._database.path is None:  # SQLite has one writer anyway
            await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))

    async def add(self, session: AsyncSession, sealed: Mapping[str, bytes]) -> None:
        """Keep stills; those that are there are used again."""
        now = self._times.now()
        for sha256, data in sorted(sealed.items()):
            insert = self._database.insert(PictureBlobRow).values(
                sha256=sha256, size_bytes=len(data), last_used_at=now, data=data
            )
            await session.execute(
                insert.on_conflict_do_update(
                    index_elements=[PictureBlobRow.sha256], set_={"last_used_at": now}
                )
            )

    async def load(self, pictures: Sequence[KeptPicture]) -> dict[int, Picture]:
        """Return pictures with their bytes, by number; those no longer kept are missing."""
        wanted = {frame.sha256 for kept in pictures for frame in kept.frames}
        if not wanted:
            return {}
        question = select(
            PictureBlobRow.sha256, PictureBlobRow.data, PictureBlobRow.last_used_at
        ).where(PictureBlobRow.sha256.in_(wanted))
        async with self._database.reading() as session:
            rows = (await session.execute(question)).all()
        loaded = await asyncio.to_thread(
            self._assembled, pictures, {sha256: data for sha256, data, _ in rows}
        )
        now = self._times.now()
        stale = [sha256 for sha256, _, used_at in rows if used_at <= now - TOUCH_EVERY]
        if stale:
            touch = update(PictureBlobRow).where(PictureBlobRow.sha256.in_(stale))
            async with self._database.writing() as session:
                await session.execute(touch.values(last_used_at=now))
        return loaded

    def _assembled(
        self, pictures: Sequence[KeptPicture], stored: Mapping[str, bytes]
    ) -> dict[int, Picture]:
        seal = self._database.seal
        opened = {}
        for sha256, data in stored.items():
            plain = seal.open(data)
            if plain is None or hashlib.sha256(plain).hexdigest() != sha256:
                seal.unreadable("picture_blob", sha256)
            else:
                opened[sha256] = plain
        loaded = {}
        for kept in pictures:
            if kept.frames and all(frame.sha256 in opened for frame in kept.frames):
                loaded[kept.number] = _picture(kept, opened)
        return loaded

    async def drop_unused(self, session: AsyncSession, frames: Sequence[PictureFrameRow]) -> None:
        """Delete stills that nothing uses any more, and the kept answers about their pictures.

        ``frames`` are the rows that used them; they are deleted already.
        """
        hashes = {frame.sha256 for frame in frames}
        question = select(PictureFrameRow.sha256).where(PictureFrameRow.sha256.in_(hashes))
        unused = hashes - set(await session.scalars(question))
        await session.execute(delete(PictureBlobRow).where(PictureBlobRow.sha256.in_(unused)))
        gone = {
            sha256_of_picture(hashes) for hashes in _by_picture(frames) if unused.issuperset(hashes)
        }
        await session.execute(delete(AnswerRow).where(AnswerRow.picture.in_(gone)))

    async def drop_answers(self, session: AsyncSession, answered_as: Iterable[str]) -> None:
        """Delete the kept answers of other tasks that were followed up with pictures.

        Those pictures, or their stills, are deleted already; answers about others that are still
        shown stay.
        """
        hashes = set(answered_as) - {""}
        if not hashes:
            return
        still = exists().where(
            PictureFrameRow.turn_id == TurnPictureRow.turn_id,
            PictureFrameRow.number == TurnPictureRow.number,
        )
        shown = select(TurnPictureRow.answered_as).where(
            TurnPictureRow.answered_as.in_(hashes), still
        )
        gone = hashes - set(await session.scalars(shown))
        await session.execute(delete(AnswerRow).where(AnswerRow.picture.in_(gone)))

    async def sweep(self) -> int:
        """Delete every still that nothing uses, in small batches; return how many."""
        used = exists().where(PictureFrameRow.sha256 == PictureBlobRow.sha256)
        unused = select(PictureBlobRow.sha256).where(~used).limit(BLOBS_AT_ONCE)
        return await self._delete_while(unused)

    async def bound(self) -> int:
        """Delete what was used longest ago while there is too much; return how many stills."""
        deleted = 0
        while True:
            async with self._database.writing() as session:
                total = await session.scalar(select(func.sum(PictureBlobRow.size_bytes))) or 0
                excess = total - self._max_bytes
                if excess <= 0:
                    return deleted
                oldest = select(PictureBlobRow.sha256, PictureBlobRow.size_bytes)
                rows = await session.execute(
                    oldest.order_by(PictureBlobRow.last_used_at).limit(BLOBS_AT_ONCE)
                )
                going = []
                for sha256, size_bytes in rows:
                    if excess > 0:
                        going.append(sha256)
                        excess -= size_bytes
                await session.execute(
                    delete(PictureBlobRow).where(PictureBlobRow.sha256.in_(going))
                )
                deleted += len(going)

    async def _delete_while(self, chosen: Select[str]) -> int:
        deleted = 0
        while True:
            async with self._database.writing() as session:
                await self.lock(session)
                connection = await session.connection()
                done = await connection.execute(
                    delete(PictureBlobRow).where(PictureBlobRow.sha256.in_(chosen))
                )
            if not done.rowcount:
                return deleted
            deleted += done.rowcount


def _by_picture(frames: Iterable[PictureFrameRow]) -> Iterable[list[str]]:
    pictures: dict[tuple[int, int], list[PictureFrameRow]] = defaultdict(list)
    for frame in frames:
        pictures[frame.turn_id, frame.number].append(frame)
    for rows in pictures.values():
        yield [row.sha256 for row in sorted(rows, key=lambda row: row.position)]


def _picture(kept: KeptPicture, opened: Mapping[str, bytes]) -> Picture:
    frames = tuple(
        Frame(opened[one.sha256], one.media_type, one.width, one.height, one.at_seconds)
        for one in kept.frames
    )
    facts = kept.facts or PictureFacts(
        "", frames[0].width, frames[0].height, sum(len(frame.data) for frame in frames)
    )
    return Picture(frames, facts, kept.notes)
