"""Asks Discord who posted something, where the message does not say what roles they have."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import discord
import structlog

from bot.domain.moderation.policy import Policy
from bot.ui.moderation.watching import asks_for_roles

_log = structlog.get_logger(__name__)

_ASK_SECONDS = 10.0
_MAX_KNOWN = 1000
_KNOWN_SECONDS = 300.0
"""What is asked for is not told of again: who is staff no more is exempt so much longer."""


@dataclass
class Members:
    """Remembers whom it asked for: somebody who posted once posts again."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[int, int], tuple[float, discord.Member | None]] = field(default_factory=dict)

    async def author(self, message: discord.Message, policy: Policy) -> discord.Member | None:
        """Return who posted ``message`` where it matters and Discord tells; None otherwise."""
        author, guild = message.author, message.guild
        if isinstance(author, discord.Member):
            return author
        if guild is None or author.bot or not asks_for_roles(policy):
            return None
        key = (guild.id, author.id)
        asked_at, member = self._known.get(key, (-_KNOWN_SECONDS, None))
        now = self.clock()
        if now - asked_at < _KNOWN_SECONDS:
            return member
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                member = await guild.fetch_member(author.id)
        except discord.NotFound:
            member = None  # they left
        except (discord.HTTPException, OSError, TimeoutError) as error:
            _log.info("member_not_read", guild_id=guild.id, error=type(error).__name__)
            return None
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[key] = now, member
        return member
