"""What was posted, for the buttons under it."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, delete, select, update

from bot.domain.clock import utc_now
from bot.domain.picture import PictureRef, link_expires_at
from bot.domain.ports import PostedAnswer
from bot.domain.task import Parameters
from bot.storage.database import Database
from bot.storage.tables import PostedAnswerRow

_log = structlog.get_logger(__name__)

_parameters = TypeAdapter(Parameters)
_sources = TypeAdapter(tuple[PictureRef, ...])


def link_expiry(url: str) -> datetime | None:
    """Return when a link dies (UTC); None for a link that does not say."""
    expires_at = link_expires_at(url)
    return None if expires_at is None else datetime.fromtimestamp(expires_at, UTC)


def unsigned(url: str) -> str:
    """Return ``url`` without the signature that opens it."""
    return urlsplit(url)._replace(query="").geturl()


class SqlPostedAnswerStore:
    """Keeps what buttons need, each until its own expiry. ``now`` gives UTC times.

    A picture's signed address is kept only as long as it works: afterwards ``url`` is without its
    signature, which opens nothing, but lets Discord be asked for a fresh one. Raises StorageFailed.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now

    async def add(self, posted: PostedAnswer) -> None:
        """Keep ``posted``; its ``id`` is new."""
        async with self._database.writing() as session:
            session.add(self._row(posted))

    async def get(self, posted_id: int) -> PostedAnswer | None:
        """Return it, or None when unknown, expired or made by a version with other words."""
        question = select(PostedAnswerRow).where(
            PostedAnswerRow.id == posted_id, PostedAnswerRow.expires_at > self._now()
        )
        try:
            async with self._database.reading() as session:
                row = await session.scalar(question)
            return None if row is None else self._posted(row)
        except (LookupError, ValidationError):
            _log.warning("posted_answer_unreadable", posted_id=posted_id)
            return None

    async def delete(self, posted_id: int) -> None:
        """Forget one; unknown ids are fine."""
        await self._delete(PostedAnswerRow.id == posted_id)

    async def delete_person(self, person_id: int) -> int:
        """Forget everything ``person_id`` asked, on the disk too; return how many."""
        count = await self._delete(PostedAnswerRow.asker_id == person_id)
        await self._database.scrub()
        return count

    async def delete_guild(self, guild_id: int) -> int:
        """Forget everything asked in a server, on the disk too; return how many."""
        count = await self._delete(PostedAnswerRow.guild_id == guild_id)
        await self._database.scrub()
        return count

    async def expire(self, batch: int = 200) -> int:
        """Delete what has expired and return how many; drop links that have died.

        Each batch is a transaction of its own, so that others write in between.
        """
        expired = select(PostedAnswerRow.id).where(PostedAnswerRow.expires_at <= self._now())
        deleted = 0
        while count := await self._delete(PostedAnswerRow.id.in_(expired.limit(batch))):
            deleted += count
        while await self._drop_dead_links(batch):
            pass
        return deleted

    async def _delete(self, condition: ColumnElement[bool]) -> int:
        async with self._database.writing() as session:
            connection = await session.connection()
            done = await connection.execute(delete(PostedAnswerRow).where(condition))
            return done.rowcount

    async def _drop_dead_links(self, batch: int) -> int:
        now = self._now()
        columns = PostedAnswerRow.id, PostedAnswerRow.sources
        dead = select(*columns).where(PostedAnswerRow.links_expire_at <= now).limit(batch)
        async with self._database.writing() as session:
            rows = (await session.execute(dead)).all()
            for posted_id, sources in rows:
                values = self._without_dead_links(sources, now)
                await session.execute(
                    update(PostedAnswerRow).where(PostedAnswerRow.id == posted_id).values(values)
                )
        return len(rows)

    def _row(self, posted: PostedAnswer) -> PostedAnswerRow:
        return PostedAnswerRow(
            id=posted.id,
            task=posted.task,
            parameters=self._database.seal.seal_json(asdict(posted.parameters)),
            sources=self._database.seal.seal_json([asdict(source) for source in posted.sources]),
            asker_id=posted.asker_id,
            guild_id=posted.guild_id,
            private=posted.private,
            created_at=posted.created_at,
            expires_at=posted.expires_at,
            links_expire_at=_next_expiry(source.url for source in posted.sources),
        )

    def _posted(self, row: PostedAnswerRow) -> PostedAnswer | None:
        parameters = self._database.seal.open_json(row.parameters)
        sources = self._database.seal.open_json(row.sources)
        if parameters is None or sources is None:
            self._database.seal.unreadable("posted_answer", row.id)
            return None
        return PostedAnswer(
            id=row.id,
            task=row.task,
            parameters=_parameters.validate_python(parameters),
            sources=_sources.validate_python(sources),
            asker_id=row.asker_id,
            guild_id=row.guild_id,
            private=row.private,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def _without_dead_links(self, sealed: bytes, now: datetime) -> dict[str, Any]:
        sources = self._database.seal.open_json(sealed)
        if sources is None:  # no key opens it, so nobody will ever see its links
            return {"links_expire_at": None}
        kept = []
        for source in sources:
            expiry = link_expiry(source["url"])
            live = expiry is None or expiry > now
            kept.append(source if live else {**source, "url": unsigned(source["url"])})
        return {
            "sources": self._database.seal.seal_json(kept),
            "links_expire_at": _next_expiry(source["url"] for source in kept),
        }


def _next_expiry(urls: Iterable[str]) -> datetime | None:
    return min((expiry for url in urls if (expiry := link_expiry(url)) is not None), default=None)
