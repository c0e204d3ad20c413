"""Which pictures of a message are looked at: the policy's filters, and what is recorded.

Nothing here asks Discord anything.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import discord

from bot.domain.moderation.policy import AgeRestricted, Policy, Watch
from bot.domain.moderation.upload import MAX_TEXT_CHARACTERS, Author, NewUpload
from bot.domain.picture import PictureRef, SourceKind
from bot.ui.files import is_carried_picture
from bot.ui.resolver import everything_in

CAUGHT_UP_PRIORITY = -1
"""What was posted while nobody watched comes after what is posted now."""
REPORT_PRIORITY = 10

_SAID_BY_PEOPLE = frozenset(
    {
        discord.MessageType.default,
        discord.MessageType.reply,
        discord.MessageType.chat_input_command,
        discord.MessageType.context_menu_command,
    }
)
"""All other messages are Discord's own: who joined, what was pinned, what AutoMod held back."""
_PREVIEWED = frozenset(
    {
        "image/png",
        "image/gif",
        "image/jpeg",
        "image/webp",
        "image/avif",
        "video/mp4",
        "video/webm",
        "video/quicktime",
    }
)
"""What Discord shows in place (discord-api-docs, reference, file types)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was posted: its channel, a thread's channel, their category."""

    ids: frozenset[int]
    age_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Poster:
    """Who posted something. ``staff`` is the owner, or who may manage messages there."""

    author: Author
    role_ids: frozenset[int] = frozenset()
    staff: bool = False


def missing_intents(intents: discord.Intents) -> tuple[str, ...]:
    """Name the intents without which pictures of messages are not heard of, or not shown."""
    needed = {
        "guilds": intents.guilds,
        "guild_messages": intents.guild_messages,
        "message_content": intents.message_content,
    }
    return tuple(name for name, given in needed.items() if not given)


def place_of(channel: object) -> Place:
    """Describe a channel or thread. One that Discord told nothing of is only its id."""
    ids = {getattr(channel, "id", None)}
    inside = channel
    if (parent_id := getattr(channel, "parent_id", None)) is not None:
        ids.add(parent_id)
        inside = getattr(channel, "parent", None)
    ids.add(getattr(inside, "category_id", None))
    is_nsfw = getattr(inside, "is_nsfw", None)
    restricted = is_nsfw is not None and is_nsfw()
    return Place(frozenset(one for one in ids if one is not None), restricted)


def poster_of(message: discord.Message, member: discord.Member | None = None) -> Poster:
    """Describe who posted ``message``; ``member`` is the author where the message lacks it.

    Somebody of whom Discord tells no roles has none, and so is looked at.
    """
    author = message.author
    if message.webhook_id is not None and message.webhook_id != message.application_id:
        return Poster(Author.WEBHOOK)  # answers to commands have a webhook too: the bot's own
    known = author if isinstance(author, discord.Member) else member
    roles = frozenset() if known is None else frozenset(role.id for role in known.roles)
    if author.bot:
        return Poster(Author.BOT, roles)
    return Poster(Author.MEMBER, roles, known is not None and _is_staff(message.channel, known))


def watches(policy: Policy, place: Place) -> bool:
    """Say whether a policy looks at what is posted in a place."""
    if place.age_restricted and policy.age_restricted is AgeRestricted.NOT_LOOKED_AT:
        return False
    listed = not place.ids.isdisjoint(policy.channel_ids)
    return listed if policy.watch is Watch.ONLY else not listed


def exempts(policy: Policy, poster: Poster) -> bool:
    """Say whether a policy leaves somebody alone. Being staff helps people only, not bots."""
    if poster.author is not Author.MEMBER and not policy.look_at_bots:
        return True
    if poster.staff and policy.exempt_staff:
        return True
    return not poster.role_ids.isdisjoint(policy.exempt_role_ids)


def asks_for_roles(policy: Policy) -> bool:
    """Say whether it matters to a policy who somebody is."""
    return policy.exempt_staff or bool(policy.exempt_role_ids)


def uploads_of(
    message: discord.Message,
    policy: Policy,
    *,
    now: datetime,
    own_id: int,
    member: discord.Member | None = None,
    priority: int = 0,
) -> tuple[NewUpload, ...]:
    """Return what of a message is to be looked at; ``now`` is when it came to be there.

    Of an edited message everything is returned again: what is known changes nothing by its key.
    """
    if message.guild is None or message.flags.ephemeral or message.type not in _SAID_BY_PEOPLE:
        return ()
    pictures = _pictures_of_people(message, own_id)
    if not pictures or not watches(policy, place_of(message.channel)):
        return ()
    poster = poster_of(message, member)
    # What people had us show is theirs: it is looked at also where bots are left alone.
    if message.author.id != own_id and exempts(policy, poster):
        return ()
    return _uploads(message, pictures, poster.author, posted_at=now, priority=priority)


def reported_uploads(message: discord.Message, *, own_id: int) -> tuple[NewUpload, ...]:
    """Return all pictures of a message that a member reports, whoever posted it and wherever.

    Their keys are their own, so that each is looked at afresh.
    """
    if message.guild is None:
        return ()
    return _uploads(
        message,
        _pictures_of_people(message, own_id),
        poster_of(message).author,
        posted_at=message.created_at,
        priority=REPORT_PRIORITY,
        prefix="r:",
    )


def _pictures_of_people(message: discord.Message, own_id: int) -> tuple[PictureRef, ...]:
    """Return what a message shows; of our own only the pictures that people gave to a command.

    Nobody posted those, and everybody sees them. All else that we post is ours: cards, figures.
    """
    pictures = everything_in(message)
    if message.author.id != own_id:
        return pictures
    return tuple(
        ref
        for ref in pictures
        if ref.kind is SourceKind.ATTACHMENT and is_carried_picture(ref.name)
    )


def _uploads(
    message: discord.Message,
    pictures: Collection[PictureRef],
    author: Author,
    *,
    posted_at: datetime,
    priority: int,
    prefix: str = "",
) -> tuple[NewUpload, ...]:
    assert message.guild is not None
    said = message.content or next((part.content for part in message.message_snapshots), "")
    restricted = place_of(message.channel).age_restricted
    uploads = (
        NewUpload(
            key=f"{prefix}m:{message.id}:{_key(ref)}",
            guild_id=message.guild.id,
            channel_id=message.channel.id,
            message_id=message.id,
            author_id=message.author.id,
            ref=ref,
            posted_at=posted_at,
            author=author,
            text=said[:MAX_TEXT_CHARACTERS],
            age_restricted=restricted,
            previewed=_is_previewed(ref),
            priority=priority,
        )
        for ref in pictures
    )
    return tuple({upload.key: upload for upload in uploads}.values())


def _key(ref: PictureRef) -> str:
    """Name a picture within its message, the same whenever Discord tells of it.

    An embed's place may change when further links are resolved; the proxied address, without its
    host and query, does not.
    """
    if ref.kind is SourceKind.EMBED:
        return f"e:{hashlib.sha256(urlsplit(ref.url).path.encode()).hexdigest()[:16]}"
    letter = {SourceKind.ATTACHMENT: "a", SourceKind.FORWARD: "f", SourceKind.STICKER: "s"}
    return f"{letter[ref.kind]}:{ref.item_id}"


def _is_previewed(ref: PictureRef) -> bool:
    """Say whether Discord shows it in place: what it measured, and what it is known to show."""
    if ref.kind in (SourceKind.EMBED, SourceKind.STICKER):
        return True
    return (bool(ref.width) and bool(ref.height)) or ref.declared_type in _PREVIEWED


def _is_staff(channel: object, member: discord.Member) -> bool:
    if member.guild.owner_id == member.id:
        return True
    inside = channel
    if getattr(channel, "parent_id", None) is not None:
        inside = getattr(channel, "parent", None)
    permissions_in = getattr(inside, "permissions_for", None)
    held: discord.Permissions = (
        member.guild_permissions if permissions_in is None else permissions_in(member)
    )
    return held.administrator or held.manage_messages
