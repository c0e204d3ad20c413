"""Finished answers, kept per question and picture."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.sql import Select

from bot.domain.answer import Answer
from bot.domain.clock import utc_now
from bot.domain.ports import AnswerKey
from bot.storage.database import Database
from bot.storage.tables import AnswerRow

_log = structlog.get_logger(__name__)

BODY_VERSION = 1
"""Raise it when an Answer's fields change their meaning; answers of other versions are not read."""

MAX_ROWS = 50_000

_answer = TypeAdapter(Answer)


def digest(key: AnswerKey) -> str:
    """Return the SHA-256 of the question, in hexadecimal: what people wrote stays unreadable."""
    canonical = json.dumps(asdict(key), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class SqlAnswerStore:
    """Keeps answers for ``retention``, at most ``max_rows`` of them.

    A shorter retention holds for answers kept before it, too. ``now`` gives UTC times. Raises
    StorageFailed.
    """

    def __init__(
        self,
        database: Database,
        *,
        retention: timedelta,
        max_rows: int = MAX_ROWS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._retention = retention
        self._max_rows = max_rows
        self._now = now

    async def get(self, key: AnswerKey) -> Answer | None:
        """Return the kept answer with ``cached=True``, or None when absent or expired."""
        question = select(AnswerRow.body).where(
            AnswerRow.key == digest(key),
            AnswerRow.version == BODY_VERSION,
            AnswerRow.kept_at > self._now() - self._retention,
        )
        async with self._database.reading() as session:
            body = await session.scalar(question)
        opened = None if body is None else self._database.seal.open_json(body)
        if opened is None:
            return None
        try:
            return replace(_answer.validate_python(opened), cached=True)
        except ValidationError:
            _log.warning("answer_unreadable", version=BODY_VERSION)
            return None

    async def put(self, key: AnswerKey, answer: Answer) -> None:
        """Keep ``answer`` until the retention is over; replaces an older one."""
        values = {
            "version": BODY_VERSION,
            "picture": key.picture_sha256,
            "body": self._database.seal.seal_json(asdict(replace(answer, cached=False))),
            "kept_at": self._now(),
        }
        insert = self._database.insert(AnswerRow).values(key=digest(key), **values)
        async with self._database.writing() as session:
            await session.execute(
                insert.on_conflict_do_update(index_elements=[AnswerRow.key], set_=values)
            )

    async def expire(self, batch: int = 200) -> int:
        """Delete expired answers, then the oldest ones over the limit; return how many.

        Each batch is a transaction of its own, so that others write in between.
        """
        expired = select(AnswerRow.key).where(AnswerRow.kept_at <= self._now() - self._retention)
        deleted = 0
        while count := await self._delete(expired.limit(batch)):
            deleted += count
        while (excess := await self._count() - self._max_rows) > 0:
            oldest = select(AnswerRow.key).order_by(AnswerRow.kept_at).limit(min(excess, batch))
            deleted += await self._delete(oldest)
        return deleted

    async def _count(self) -> int:
        async with self._database.reading() as session:
            return await session.scalar(select(func.count()).select_from(AnswerRow)) or 0

    async def _delete(self, keys: Select[str]) -> int:
        async with self._database.writing() as session:
            connection = await session.connection()
            done = await connection.execute(delete(AnswerRow).where(AnswerRow.key.in_(keys)))
            return done.rowcount
