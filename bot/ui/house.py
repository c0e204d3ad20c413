"""What a cog may use, and where it finds it on the client it was loaded into."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, cast

import discord

from bot.domain.moderation.ports import ModerationKeeper
from bot.domain.ports import Engine, Gate, PostedAnswerStore
from bot.services.converse import Converse
from bot.services.look import Look
from bot.services.moderation.moderation import Moderation
from bot.ui.moderation.gaps import Reach
from bot.ui.running import Running

ATTRIBUTE = "lookout"


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """How answers are delivered.

    ``token_seconds`` is how long an interaction may be edited: Discord's 15 minutes less one.
    """

    edit_interval_seconds: float = 1.2
    token_seconds: float = 840.0
    buttons_kept: timedelta = timedelta(days=30)
    pictures_per_request: int = 10
    answer_mentions: bool = True
    """Whether mentions and direct messages are ours to answer."""


@dataclass(slots=True)
class CommandNames:
    """What our commands are really called on this client, and their ids once synced."""

    names: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def mention(self, name: str) -> str:
        """Write a command so that Discord makes it clickable when its id is known.

        A subcommand follows its group after a space.
        """
        group, space, rest = name.partition(" ")
        real = self.names.get(group, group)
        known = self.ids.get(real)
        full = f"{real}{space}{rest}"
        return f"</{full}:{known}>" if known else f"`/{full}`"


class House(Protocol):
    """The opened services, as ``bot.app.Lookout`` holds them."""

    look: Look
    conversations: Converse
    moderation: Moderation
    """Only for cogs of moderation, which are loaded only where its extra is installed."""
    reach: Reach
    keeper: ModerationKeeper
    """Forgets what moderation kept, also where its extra is not installed any more."""
    engine: Engine
    gate: Gate
    posted: PostedAnswerStore
    running: Running
    replies: ReplySettings
    commands: CommandNames
    retention: timedelta
    new_id: Callable[[], int]


def house_of(client: discord.Client) -> House:
    """Return the services attached to ``client``."""
    return cast("House", getattr(client, ATTRIBUTE))
