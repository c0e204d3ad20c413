"""What the bot's database holds of moderation, read past the bot."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from bench.moderation.deeds import Deed, Done
from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import ActionKind, ActionState
from bot.domain.moderation.upload import UploadState
from bot.storage.database import Database
from bot.storage.moderation.counting import Counted
from bot.storage.moderation_tables import (
    ActionRow,
    CaseRow,
    ChannelCursorRow,
    DayCountRow,
    JobRow,
    JobState,
    SightingRow,
    UploadRow,
)

_DEEDS = {
    ActionKind.DELETE: Deed.DELETE,
    ActionKind.TIME_OUT: Deed.TIME_OUT,
    ActionKind.TELL: Deed.TELL,
}


@dataclass(frozen=True, slots=True)
class Records:
    """What is kept at the end."""

    outcomes: dict[str, list[Outcome | None]]
    """Of each upload's key, one for every row; None for one without a verdict."""
    counted: dict[Outcome, int]
    """How often verdicts were counted."""
    sighted: Counter[int]
    """In how many cases an upload is, by its id."""
    done: list[Done]
    """Actions that ended as done."""
    undone: list[str]
    """Actions that ended otherwise or not at all, and cards that are out of date."""
    cases: int
    jobs: Counter[str]
    """What is left of the queue."""


async def read(database: Database) -> Records:
    """Read everything."""
    async with database.reading() as session:
        outcomes: dict[str, list[Outcome | None]] = {}
        for row in await session.scalars(select(UploadRow)):
            ended = row.outcome if row.state is UploadState.DONE else None
            outcomes.setdefault(row.key, []).append(ended)
        days = await session.execute(
            select(DayCountRow.name, func.sum(DayCountRow.count))
            .where(DayCountRow.what == Counted.OUTCOME)
            .group_by(DayCountRow.name)
        )
        counted = {Outcome(name): round(count) for name, count in days}
        sighted = Counter(await session.scalars(select(SightingRow.upload_id)))
        cases = {row.id: row for row in await session.scalars(select(CaseRow))}
        actions = (await session.scalars(select(ActionRow))).all()
        kinds = await session.scalars(select(JobRow))
        jobs = Counter(f"{job.kind}:{job.state}" for job in kinds)
    done: list[Done] = []
    undone: list[str] = []
    for action in actions:
        if action.state is ActionState.DONE:
            done.append(_deed(action, cases[action.case_id].number))
        elif action.state is not ActionState.ALREADY:
            undone.append(f"{action.kind} {action.state}")
    for case in cases.values():
        if case.outcome is Outcome.NOTED:
            continue
        done.append((Deed.CARD, case.id, 0))
        if case.card_version < case.version:
            undone.append("card out of date")
    return Records(outcomes, counted, sighted, done, undone, len(cases), jobs)


@dataclass(frozen=True, slots=True)
class Left:
    """How far the work is."""

    jobs: int
    """What waits or is under way."""
    verdicts: int


async def left(database: Database) -> Left:
    """Look how far the work is."""
    done = UploadRow.state == UploadState.DONE
    async with database.reading() as session:
        alive = select(func.count()).select_from(JobRow).where(JobRow.state != JobState.DEAD)
        ended = select(func.count()).select_from(UploadRow).where(done)
        return Left(await session.scalar(alive) or 0, await session.scalar(ended) or 0)


async def at_rest(database: Database, uploads: int) -> bool:
    """Say whether so many uploads have their verdicts and no job is left but dead ones."""
    found = await left(database)
    return not found.jobs and found.verdicts >= uploads


async def heard(database: Database) -> set[int]:
    """Return the channels of which is kept how far they were heard."""
    async with database.reading() as session:
        return set(await session.scalars(select(ChannelCursorRow.channel_id)))


def _deed(action: ActionRow, case_number: int) -> Done:
    match action.kind:
        case ActionKind.DELETE:
            return Deed.DELETE, action.message_id or 0, 0
        case ActionKind.TIME_OUT:
            return Deed.TIME_OUT, action.person_id or 0, case_number
        case _:
            return _DEEDS[action.kind], action.person_id or 0, action.case_id
