"""Figures of a server: what was counted by day, and what waits."""

from collections.abc import Iterable
from datetime import date, timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import CaseState
from bot.domain.moderation.stats import Backlog, DayCount, Stats
from bot.domain.moderation.upload import UploadState
from bot.storage.moderation.concluding import NOBODY_LOOKED
from bot.storage.moderation.counting import Counted
from bot.storage.moderation.finding import CasePart
from bot.storage.moderation.upload_rows import WAITING
from bot.storage.moderation_tables import CaseRow, DayCountRow, UploadRow

VERDICTS_MEASURED = 1_000
"""The newest verdicts, of which the median is told."""


class Figures(CasePart):
    """Reads figures. Raises StorageFailed."""

    async def stats(self, guild_id: int, days: int) -> Stats:
        """Return the figures of the last days, today included; every day is there."""
        today = self._clock().date()
        first = today - timedelta(days=days - 1)
        counted = select(DayCountRow).where(
            DayCountRow.guild_id == guild_id, DayCountRow.day >= first, DayCountRow.day <= today
        )
        async with self._database.reading() as session:
            rows = (await session.scalars(counted)).all()
            backlog = await _backlog(session, guild_id)
            seconds = await _newest_seconds(session, guild_id)
            waiting = select(func.count(CaseRow.id)).where(
                CaseRow.guild_id == guild_id,
                CaseRow.state == CaseState.OPEN,
                CaseRow.outcome != Outcome.NOTED,
            )
            open_cases = await session.scalar(waiting) or 0
        by_day: dict[date, list[DayCountRow]] = {
            first + timedelta(days=past): [] for past in range(days)
        }
        for row in rows:
            by_day[row.day].append(row)
        return Stats(
            days=tuple(_day(day, theirs) for day, theirs in by_day.items()),
            backlog=backlog,
            open_cases=open_cases,
            median_verdict_seconds=median(seconds) if seconds else None,
            slowest_verdict_seconds=max(seconds, default=None),
        )


def _day(day: date, rows: Iterable[DayCountRow]) -> DayCount:
    figures: dict[str, dict[str, float]] = {what.value: {} for what in Counted}
    for row in rows:
        figures[row.what][row.name] = row.count

    def whole(what: Counted) -> dict[str, int]:
        # A decision that was taken back leaves a 0.
        return {name: round(figure) for name, figure in figures[what].items() if figure > 0}

    return DayCount(
        day=day,
        outcomes={Outcome(name): figure for name, figure in whole(Counted.OUTCOME).items()},
        flagged=whole(Counted.FLAGGED),
        confirmed=whole(Counted.CONFIRMED),
        overturned=whole(Counted.OVERTURNED),
        verdict_seconds=sum(figures[Counted.SECONDS].values()),
        verdicts=round(sum(figures[Counted.VERDICTS].values())),
    )


async def _backlog(session: AsyncSession, guild_id: int) -> Backlog:
    question = (
        select(UploadRow.state, func.count(UploadRow.id), func.min(UploadRow.recorded_at))
        .where(UploadRow.guild_id == guild_id, UploadRow.state.in_(WAITING))
        .group_by(UploadRow.state)
    )
    found = {state: (count, oldest) for state, count, oldest in await session.execute(question)}
    to_screen, _ = found.get(UploadState.QUEUED, (0, None))
    to_judge, _ = found.get(UploadState.SCREENED, (0, None))
    return Backlog(to_screen, to_judge, min((oldest for _, oldest in found.values()), default=None))


async def _newest_seconds(session: AsyncSession, guild_id: int) -> list[float]:
    """Return how long the newest verdicts took since the picture was posted."""
    question = (
        select(UploadRow.posted_at, UploadRow.done_at)
        .where(
            UploadRow.guild_id == guild_id,
            UploadRow.state == UploadState.DONE,
            UploadRow.outcome.not_in(NOBODY_LOOKED),
        )
        .order_by(UploadRow.done_at.desc())
        .limit(VERDICTS_MEASURED)
    )
    times = await session.execute(question)
    return [max(0.0, (done - posted).total_seconds()) for posted, done in times if done is not None]
