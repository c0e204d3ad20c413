"""Messages as Discord sends them, as much of them as is looked at."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import discord

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
OWN_ID = 999


@dataclass
class Channel:
    """A text channel, or a thread where it has a ``parent_id``."""

    id: int = 20
    category_id: int | None = None
    nsfw: bool = False
    parent_id: int | None = None
    parent: Any = None
    staff_ids: tuple[int, ...] = ()

    def is_nsfw(self) -> bool:
        return self.parent.nsfw if self.parent is not None else self.nsfw

    def permissions_for(self, member: Any) -> discord.Permissions:
        return discord.Permissions(manage_messages=member.id in self.staff_ids)


def thread(parent: Channel | None, *, parent_id: int = 20) -> Channel:
    return Channel(id=30, parent_id=parent_id, parent=parent)


@dataclass
class Message:
    """As much of a discord.Message as watching looks at."""

    id: int = 10
    content: str = ""
    type: discord.MessageType = discord.MessageType.default
    author: Any = field(default_factory=lambda: SimpleNamespace(id=7, bot=False))
    guild: Any = field(default_factory=lambda: SimpleNamespace(id=1))
    channel: Any = field(default_factory=Channel)
    webhook_id: int | None = None
    application_id: int | None = None
    attachments: list[Any] = field(default_factory=list)
    embeds: list[discord.Embed] = field(default_factory=list)
    stickers: list[discord.StickerItem] = field(default_factory=list)
    components: list[Any] = field(default_factory=list)
    message_snapshots: list[Any] = field(default_factory=list)
    created_at: datetime = NOW
    flags: discord.MessageFlags = field(default_factory=discord.MessageFlags)


@dataclass
class Member:
    """A member with roles, for whom a message says nothing of them."""

    id: int = 7
    role_ids: tuple[int, ...] = ()
    owner_id: int = 1
    everywhere: discord.Permissions = field(default_factory=discord.Permissions)

    @property
    def roles(self) -> list[Any]:
        return [SimpleNamespace(id=role_id) for role_id in self.role_ids]

    @property
    def guild(self) -> Any:
        return SimpleNamespace(owner_id=self.owner_id)

    @property
    def guild_permissions(self) -> discord.Permissions:
        return self.everywhere
