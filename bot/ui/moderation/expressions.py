"""Emoji and stickers that are added to a server: pictures that no message carries."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import discord
import structlog

from bot.domain.moderation.upload import NewUpload, Subject
from bot.domain.picture import PictureRef, SourceKind

_log = structlog.get_logger(__name__)

UNKNOWN_AUTHOR = 0
NO_CHANNEL = 0
"""They belong to the whole server."""
_ASK_SECONDS = 10.0

Expression = discord.Emoji | discord.GuildSticker


def added(before: Sequence[Expression], after: Sequence[Expression]) -> tuple[Expression, ...]:
    """Return what is new and has a picture in it; an animation drawn in Lottie has none."""
    known = {item.id for item in before}
    return tuple(
        item
        for item in after
        if item.id not in known and getattr(item, "format", None) is not _LOTTIE
    )


_LOTTIE = discord.StickerFormatType.lottie


def upload_of(
    item: Expression, *, guild_id: int, author_id: int, now: datetime, priority: int = 0
) -> NewUpload:
    """Return an emoji or sticker as an upload: ``message_id`` is its own id."""
    subject = Subject.EMOJI if isinstance(item, discord.Emoji) else Subject.STICKER
    return NewUpload(
        key=f"{subject.value}:{item.id}",
        guild_id=guild_id,
        channel_id=NO_CHANNEL,
        message_id=item.id,
        author_id=author_id,
        ref=PictureRef(SourceKind.STICKER, item.url, name=item.name, item_id=item.id),
        posted_at=now,
        subject=subject,
        priority=priority,
    )


async def author_of(guild: discord.Guild, item: Expression) -> int:
    """Ask who added it; UNKNOWN_AUTHOR where Discord does not tell (it needs a permission)."""
    if item.user is not None:
        return item.user.id
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            if isinstance(item, discord.Emoji):
                user = (await guild.fetch_emoji(item.id)).user
            else:
                user = (await guild.fetch_sticker(item.id)).user
    except (discord.HTTPException, OSError, TimeoutError) as error:
        _log.info("expression_author_unknown", guild_id=guild.id, error=type(error).__name__)
        return UNKNOWN_AUTHOR
    return UNKNOWN_AUTHOR if user is None else user.id
