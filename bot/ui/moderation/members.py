"""Asks Discord who posted something, where the message does not say what roles they have."""

import asyncio
from dataclasses import dataclass, field

import discord
import structlog

from bot.domain.moderation.policy import Policy
from bot.ui.moderation.watching import asks_for_roles

_log = structlog.get_logger(__name__)

_ASK_SECONDS = 10.0
_MAX_KNOWN = 1000


@dataclass
class Members:
    """Remembers whom it asked for: somebody who posted once posts again."""

    _known: dict[tuple[int, int], discord.Member | None] = field(default_factory=dict)

    async def author(self, message: discord.Message, policy: Policy) -> discord.Member | None:
        """Return who posted ``message`` where it matters and Discord tells; None otherwise."""
        author, guild = message.author, message.guild
        if isinstance(author, discord.Member):
            return author
        if guild is None or author.bot or not asks_for_roles(policy):
            return None
        key = (guild.id, author.id)
        if key not in self._known:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            try:
                async with asyncio.timeout(_ASK_SECONDS):
                    self._known[key] = await guild.fetch_member(author.id)
            except discord.NotFound:
                self._known[key] = None  # they left
            except (discord.HTTPException, OSError, TimeoutError) as error:
                _log.info("member_not_read", guild_id=guild.id, error=type(error).__name__)
                return None
        return self._known[key]
