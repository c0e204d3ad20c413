"""Servers whose rules are kept and that Lookout is no member of, and since when."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.moderation.bank import batches
from bot.storage.moderation_tables import PolicyRow

ABSENT_KEPT_FOR = timedelta(days=14)
"""Long enough to notice that Lookout was started as another bot, or is to be asked back."""

AT_ONCE = 500


async def note_presence_in(
    session: AsyncSession,
    present: Collection[int],
    is_ours: Callable[[int], bool],
    now: datetime,
) -> Collection[int]:
    """Note who is absent since now, and who is back; return who is absent.

    ``is_ours`` says of a server's id whether its absence among ``present`` means anything here.
    """
    question = select(PolicyRow.guild_id, PolicyRow.absent_since)
    known = dict((await session.execute(question)).all())
    absent = [guild_id for guild_id in known if guild_id not in present and is_ours(guild_id)]
    new = [guild_id for guild_id in absent if known[guild_id] is None]
    back = [guild_id for guild_id in present if known.get(guild_id) is not None]
    for guild_ids, since in ((back, None), (new, now)):
        for some in batches(guild_ids, AT_ONCE):
            theirs = update(PolicyRow).where(PolicyRow.guild_id.in_(some))
            await session.execute(theirs.values(absent_since=since))
    return absent


async def absent_too_long(session: AsyncSession, now: datetime) -> Sequence[int]:
    """Return the servers whose time to come back is over."""
    over = PolicyRow.absent_since <= now - ABSENT_KEPT_FOR
    return (await session.scalars(select(PolicyRow.guild_id).where(over))).all()
