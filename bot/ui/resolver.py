"""Finds the pictures of an interaction or a message, wherever they are."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

import discord

from bot.domain.errors import NotAPicture, PictureError
from bot.domain.picture import PictureRef, SourceKind
from bot.ui.files import is_picture_at

_OTHER_KINDS = {"video": "video", "audio": "audio", "text": "text"}
_DOCUMENTS = frozenset({"application/pdf", "application/rtf", "application/msword"})
_ARCHIVES = frozenset({"application/zip", "application/x-tar", "application/gzip"})
_THUMBNAIL, _VIDEO, _COMPONENT = 1000, 2000, 3000
"""Added to an embed's place, so that everything it shows has a number of its own."""
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


def everything_in(message: discord.Message) -> tuple[PictureRef, ...]:
    """List every picture and video that a message shows, each once: here nothing is a choice.

    What ``from_message`` finds, and with it videos, whatever else an embed shows (of a looping
    video the video itself) and the media of components. Not the small icons of an embed's author
    and footer, nor Lottie stickers: those are drawings that Discord's own artists made, or those
    of verified and partnered servers, and there is no picture in the file.
    """
    parts: list[tuple[discord.Message | discord.MessageSnapshot, SourceKind, int]] = [
        (message, SourceKind.ATTACHMENT, 0)
    ]
    parts += [(snapshot, SourceKind.FORWARD, 100) for snapshot in message.message_snapshots]
    found: list[Found] = []
    for part, kind, first in parts:
        found += [
            _picture_or_video(item, kind, message, item.id)
            for item in part.attachments
            if _may_be_seen(_declared(item))
        ]
        found += _embeds(part.embeds, message, first=first)
        found += _further_embedded(part.embeds, message, first=first)
        attached = {item.id for item in part.attachments}
        found += _component_media(part.components, message, attached, first=first)
        found += _stickers(part.stickers, message)
    refs = (item for item in found if isinstance(item, PictureRef))
    return tuple({(ref.kind, ref.item_id): ref for ref in refs}.values())


def find_again(message: discord.Message, ref: PictureRef) -> PictureRef | None:
    """Find ``ref`` in a freshly read ``message``, whose links are good again."""
    for item in everything_in(message):
        if (
            item.kind is ref.kind
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
    refused = _refusal(_declared(item))
    return refused or _picture_or_video(item, kind, message, item_id)


def _picture_or_video(
    item: discord.Attachment,
    kind: SourceKind,
    message: discord.Message | None,
    item_id: int,
) -> PictureRef:
    return PictureRef(
        kind=kind,
        url=item.url,
        name=item.filename,
        declared_type=_declared(item) or None,
        size_bytes=item.size,
        width=item.width,
        height=item.height,
        spoiler=item.is_spoiler(),
        channel_id=message.channel.id if message else None,
        message_id=message.id if message else None,
        item_id=item_id,
    )


def _declared(item: discord.Attachment) -> str:
    return (item.content_type or "").split(";")[0].strip().lower()


def _may_be_seen(declared: str) -> bool:
    return declared.startswith("video/") or _refusal(declared) is None


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
            found.append(_embedded(media.proxy_url, media, message, index))
    return found


def _further_embedded(
    embeds: Sequence[discord.Embed], message: discord.Message, *, first: int
) -> list[Found]:
    """Take what ``_embeds`` leaves out: a thumbnail beside a picture, and videos."""
    found: list[Found] = []
    for index, embed in enumerate(embeds, start=first):
        if embed.image.proxy_url and embed.thumbnail.proxy_url:
            thumbnail = embed.thumbnail
            found.append(
                _embedded(embed.thumbnail.proxy_url, thumbnail, message, index + _THUMBNAIL)
            )
        if embed.video.proxy_url:
            found.append(_embedded(embed.video.proxy_url, embed.video, message, index + _VIDEO))
    return found


def _component_media(
    components: Sequence[object], message: discord.Message, attached: set[int], *, first: int
) -> list[Found]:
    """Take what galleries, thumbnails and files of a layout show that is not attached as well."""
    media: list[discord.UnfurledMediaItem] = []

    def walk(items: Iterable[object]) -> None:
        for item in items:
            shown = getattr(item, "media", None)
            if isinstance(shown, discord.UnfurledMediaItem):
                media.append(shown)
            walk(getattr(item, "items", ()))
            walk(getattr(item, "children", ()))
            walk((item.accessory,) if isinstance(item, discord.SectionComponent) else ())

    walk(components)
    return [
        _embedded(item.proxy_url, item, message, first + index + _COMPONENT)
        for index, item in enumerate(media)
        if item.proxy_url
        and item.attachment_id not in attached
        and _may_be_seen((item.content_type or "").split(";")[0].strip().lower())
    ]


class _Measured(Protocol):
    """What says how large a picture is."""

    @property
    def width(self) -> int | None: ...

    @property
    def height(self) -> int | None: ...


def _embedded(url: str, media: _Measured, message: discord.Message, item_id: int) -> PictureRef:
    return PictureRef(
        kind=SourceKind.EMBED,
        url=url,
        width=media.width,
        height=media.height,
        channel_id=message.channel.id,
        message_id=message.id,
        item_id=item_id,
    )


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
