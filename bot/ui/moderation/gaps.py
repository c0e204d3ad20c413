"""Which channels may hold messages that nobody heard of, and from where on."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import discord
import structlog

from bot.domain.moderation.policy import Policy
from bot.ui.moderation.expressions import Expression, added
from bot.ui.moderation.watching import place_of, watches

_log = structlog.get_logger(__name__)

Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread

_OVERLAP = timedelta(minutes=1)
"""What links show may have come later than their messages: those right before are read again."""
_ARCHIVED_A_CHANNEL = 50


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back catching up goes (not at all for a ``max_age`` of 0), and how fast.

    Of a channel at most ``messages_a_round`` are read before the others have their turn: what is
    left is read in the next round, as nothing within ``max_age`` is to be missed.
    """

    max_age: timedelta = timedelta(hours=24)
    messages_a_round: int = 500
    pause_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Gap:
    """A channel to be read, newest first: from ``before`` (its end) back to ``after``.

    Up to ``heard`` the messages themselves were heard of; only what links show may be new there.
    """

    channel: Readable
    after: int
    heard: int
    before: int | None = None


def channels_of(guild: discord.Guild) -> tuple[Readable, ...]:
    """Return all channels and active threads in which messages can be."""
    return (*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *guild.threads)


def gaps_of(
    channels: Iterable[Readable],
    policy: Policy,
    kept: Mapping[int, int],
    now: datetime,
    reach: Reach,
) -> list[Gap]:
    """Find the gaps; ``kept`` is how far each channel was heard, by id.

    A channel of which nothing is kept begins at now, unless it was made since anything was heard.
    """
    since = last_heard(kept)
    horizon = discord.utils.time_snowflake(now - reach.max_age)
    gaps: list[Gap] = []
    for channel in channels:
        start = kept.get(channel.id, channel.id - 1 if channel.id > since > 0 else None)
        newest = channel.last_message_id
        if start is None or newest is None or not watches(policy, place_of(channel)):
            continue
        if newest <= start < _earlier(since):
            continue
        if not _can_be_read(channel):
            _log.warning("history_not_readable", channel_id=channel.id)
        elif newest > horizon:
            if start < horizon:
                _log.warning("catch_up_cut", channel_id=channel.id)
            gaps.append(Gap(channel, max(_earlier(start), horizon), start))
    return gaps


def last_heard(kept: Mapping[int, int]) -> int:
    """Return the newest id that was heard of anywhere in a server; 0 for none."""
    return max(kept.values(), default=0)


async def recently_archived(
    guild: discord.Guild,
    policy: Policy,
    since: int,
    pause: Callable[[], Awaitable[None]],
) -> list[discord.Thread]:
    """Ask for the public threads that were archived since ``since``, a message's id."""
    earliest = discord.utils.snowflake_time(_earlier(since))
    found: list[discord.Thread] = []
    parents: list[discord.TextChannel | discord.ForumChannel] = [
        *guild.text_channels,
        *guild.forums,
    ]
    for parent in parents:
        if not watches(policy, place_of(parent)) or not _can_be_read(parent):
            continue
        try:
            async for thread in parent.archived_threads(limit=_ARCHIVED_A_CHANNEL):
                if thread.archive_timestamp < earliest:
                    break
                found.append(thread)
        except (discord.HTTPException, OSError) as error:
            _log.info("archive_not_read", channel_id=parent.id, error=type(error).__name__)
        await pause()
    return found


def expression_place(guild_id: int) -> int:
    """Return where emoji and stickers keep how far they were heard: they have no channel.

    It is no id of Discord's: a server's oldest channel may have the id of the server.
    """
    return -guild_id


def new_expressions(guild: discord.Guild, kept: Mapping[int, int]) -> Sequence[Expression]:
    """Return the emoji and stickers that were added since; none where nothing was kept."""
    since = kept.get(expression_place(guild.id))
    if since is None:
        return ()
    return [item for item in added((), expressions_of(guild)) if item.id > since]


def expressions_of(guild: discord.Guild) -> Sequence[Expression]:
    """Return all emoji and stickers of a server."""
    return (*guild.emojis, *guild.stickers)


def _earlier(message_id: int) -> int:
    milliseconds = int(_OVERLAP.total_seconds() * 1000)
    return max(0, message_id - (milliseconds << 22))


def _can_be_read(channel: Readable | discord.ForumChannel) -> bool:
    inside = channel.parent if isinstance(channel, discord.Thread) else channel
    me = channel.guild.me
    if inside is None or me is None:
        return True  # Discord will say
    allowed = inside.permissions_for(me)
    return allowed.read_messages and allowed.read_message_history
