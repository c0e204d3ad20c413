"""Let go of what is no longer needed."""

from dataclasses import asdict, dataclass
from datetime import timedelta

import structlog

from bot.storage.answers import SqlAnswerStore
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.moderation.forgetting import SqlModerationKeeper
from bot.storage.posted import SqlPostedAnswerStore

_log = structlog.get_logger(__name__)

BACKUPS_KEPT_FOR = timedelta(days=14)
"""Long enough to notice that an update went wrong; what people had deleted is still in there."""


@dataclass(frozen=True, slots=True)
class Expired:
    """How much was let go."""

    answers: int
    posted: int
    conversations: int
    turns: int
    """Those that ended with a conversation included."""
    pictures: int
    backups: int
    moderation: int = 0
    """Rows of moderation, without what went with them."""


async def expire_once(
    database: Database,
    answers: SqlAnswerStore,
    posted: SqlPostedAnswerStore,
    conversations: SqlConversationStore,
    *,
    moderation: SqlModerationKeeper | None = None,
    batch: int = 200,
) -> Expired:
    """Delete what has expired, ``batch`` rows at a time, from the tables and from the disk.

    Meant to be called every hour or so; everything it finds is gone when it returns. Raises
    StorageFailed, and the next call takes up what is left.
    """
    forgotten = await conversations.expire(batch)
    erased = moderation is not None and await moderation.erased_by_verdicts()
    expired = Expired(
        answers=await answers.expire(batch),
        posted=await posted.expire(batch),
        conversations=forgotten.conversations,
        turns=forgotten.turns,
        pictures=forgotten.pictures,
        backups=await database.forget_backups(BACKUPS_KEPT_FOR),
        moderation=0 if moderation is None else await moderation.expire(batch),
    )
    if erased or any(asdict(expired).values()):
        scrubbed = await database.scrub_thoroughly()
    else:
        scrubbed = await database.close_gaps()
    _log.info("storage_expired", **asdict(expired), scrubbed=scrubbed)
    return expired
