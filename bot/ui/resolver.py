"""Finds the pictures of an interaction or a message, wherever they are."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import discord

from bot.domain.errors import NotAPicture, PictureError
from bot.domain.picture import PictureRef, SourceKind
from bot.ui.files import is_picture_at

_OTHER_KINDS = {"video": "video", "audio": "audio", "text": "text"}
_DOCUMENTS = frozenset({"application/pdf", "application/rtf", "application/msword"})
_ARCHIVES = frozenset({"application/zip", "application/x-tar", "application/gzip"})
Found = PictureRef | PictureError


def from_options(attachments: Iterable[discord.Attachment | None]) -> tuple[Found, ...]:
    """Take the pictures of a slash command's options, in order; a wrong one keeps its place."""
    given = [attachment for attachment in attachments if attachment is not None]
    return tuple(
        _attachment(item, SourceKind.OPTION, None, index) for index, item in enumerate(given)
    )


def needs_reading(message: discord.Message) -> bool:
    """Say whether ``from_message`` will have to ask Discord for the message replied to."""
    reference = message.reference
    return (
        reference is not None
        and reference.type is not discord.MessageReferenceType.forward
        and reference.message_id is not None
        and reference.resolved is None
        and not any(isinstance(item, PictureRef) for item in _shown(message))
    )


async def from_message(message: discord.Message, *, limit: int) -> tuple[Found, ...]:
    """Find the pictures a message shows, else those of the message it replies to.

    Files that are no pictures are left out, unless there is nothing else: then they are the
    reasons. ``limit`` bounds how many are returned.
    """
    found = _shown(message)
    if not any(isinstance(item, PictureRef) for item in found):
        replied = await _replied_to(message)
        if replied is not None:
            further = _shown(replied)
            if any(isinstance(item, PictureRef) for item in further):
                found = further
    return _pictures_first(found, limit)


def shown_by(message: discord.Message, *, limit: int) -> tuple[Found, ...]:
    """Find the pictures that a message shows itself, by the rules of ``from_message``."""
    return _pictures_first(_shown(message), limit)


def find_again(message: discord.Message, ref: PictureRef) -> PictureRef | None:
    """Find ``ref`` in a freshly read ``message``, whose links are good again."""
    for item in _shown(message):
        if (
            isinstance(item, PictureRef)
            and item.kind is ref.kind
            and item.item_id == ref.item_id
            and item.message_id == ref.message_id
        ):
            return replace(ref, url=item.url)
    return None


def posted_picture(message: discord.Message, position: int) -> PictureRef | None:
    """Find the picture that our own answer carries at ``position``."""
    for attachment in message.attachments:
        if is_picture_at(position, attachment.filename):
            found = _attachment(attachment, SourceKind.ATTACHMENT, message, attachment.id)
            return found if isinstance(found, PictureRef) else None
    return None


def _shown(message: discord.Message) -> list[Found]:
    """List what a message shows: attachments, forwards, embeds, stickers."""
    found: list[Found] = [
        _attachment(item, SourceKind.ATTACHMENT, message, item.id) for item in message.attachments
    ]
    for snapshot in message.message_snapshots:
        found += [
            _attachment(item, SourceKind.FORWARD, message, item.id) for item in snapshot.attachments
        ]
        found += _embeds(snapshot.embeds, message, first=100)
        found += _stickers(snapshot.stickers, message)
    found += _embeds(message.embeds, message, first=0)
    found += _stickers(message.stickers, message)
    return found


def _pictures_first(found: list[Found], limit: int) -> tuple[Found, ...]:
    refs = [item for item in found if isinstance(item, PictureRef)]
    return tuple(refs[:limit]) if refs else tuple(found)


async def _replied_to(message: discord.Message) -> discord.Message | None:
    reference = message.reference
    if reference is None or reference.type is discord.MessageReferenceType.forward:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    if reference.message_id is None or reference.resolved is not None:
        return None
    try:
        return await message.channel.fetch_message(reference.message_id)
    except discord.HTTPException:
        return None  # it cannot be read from here: the message has no picture then


def _attachment(
    item: discord.Attachment,
    kind: SourceKind,
    message: discord.Message | None,
    item_id: int,
) -> Found:
    declared = (item.content_type or "").split(";")[0].strip().lower()
    refused = _refusal(declared)
    if refused is not None:
        return refused
    return PictureRef(
        kind=kind,
        url=item.url,
        name=item.filename,
        declared_type=declared or None,
        size_bytes=item.size,
        width=item.width,
        height=item.height,
        spoiler=item.is_spoiler(),
        channel_id=message.channel.id if message else None,
        message_id=message.id if message else None,
        item_id=item_id,
    )


def _refusal(declared: str) -> PictureError | None:
    """Refuse by declared type only what cannot be a picture; content decides the rest."""
    if declared in _DOCUMENTS:
        return NotAPicture("document")
    if declared in _ARCHIVES:
        return NotAPicture("archive")
    kind = _OTHER_KINDS.get(declared.partition("/")[0])
    return NotAPicture(kind) if kind else None


def _embeds(
    embeds: Sequence[discord.Embed], message: discord.Message, *, first: int
) -> list[Found]:
    """Take an embed's picture through Discord's own proxy, never from the site itself."""
    found: list[Found] = []
    for index, embed in enumerate(embeds, start=first):
        media = embed.image if embed.image.proxy_url else embed.thumbnail
        if media.proxy_url:
            found.append(
                PictureRef(
                    kind=SourceKind.EMBED,
                    url=media.proxy_url,
                    width=media.width,
                    height=media.height,
                    channel_id=message.channel.id,
                    message_id=message.id,
                    item_id=index,
                )
            )
    return found


def _stickers(stickers: Sequence[discord.StickerItem], message: discord.Message) -> list[Found]:
    return [
        NotAPicture("lottie")
        if sticker.format is discord.StickerFormatType.lottie
        else PictureRef(
            kind=SourceKind.STICKER,
            url=sticker.url,
            name=sticker.name,
            channel_id=message.channel.id,
            message_id=message.id,
            item_id=sticker.id,
        )
        for sticker in stickers
    ]
