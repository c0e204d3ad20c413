"""Counting by day: figures only, no person and no picture."""

import enum
from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import Database
from bot.storage.moderation_tables import DayCountRow


class Counted(enum.StrEnum):
    """What is counted; the name beside it says of which outcome or rule."""

    OUTCOME = "outcome"
    """Uploads, by outcome."""
    FLAGGED = "flagged"
    """Cases that moderators were shown, by rule."""
    CONFIRMED = "confirmed"
    OVERTURNED = "overturned"
    SECONDS = "seconds"
    """Sum of the times from upload to verdict, by no name."""
    VERDICTS = "verdicts"
    """How many verdicts that sum is of, by no name."""


async def count(
    session: AsyncSession,
    database: Database,
    guild_id: int,
    day: date,
    figures: Mapping[tuple[Counted, str], float],
) -> None:
    """Add figures to those of a day (UTC)."""
    if not figures:
        return
    # Always in one order: else two that count the same could wait for one another.
    rows = [
        {"guild_id": guild_id, "day": day, "what": what, "name": name, "count": figure}
        for (what, name), figure in sorted(figures.items())
    ]
    added = database.insert(DayCountRow)
    key = [DayCountRow.guild_id, DayCountRow.day, DayCountRow.what, DayCountRow.name]
    more = {"count": DayCountRow.count + added.excluded["count"]}
    await session.execute(added.on_conflict_do_update(index_elements=key, set_=more), rows)
