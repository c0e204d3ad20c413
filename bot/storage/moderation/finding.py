"""Looking at cases."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Exists, Select, and_, distinct, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.clock import utc_now
from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import Action, Case, CaseEvent
from bot.domain.moderation.ports import CaseQuery
from bot.domain.moderation.upload import Author
from bot.storage.database import Database
from bot.storage.moderation.case_reading import CONFIRMING, read_cases
from bot.storage.moderation.case_rows import action_of
from bot.storage.moderation_tables import ActionRow, CaseEventRow, CaseRow, SightingRow

PEOPLE_SHOWN = 200
EXPORTED_AT_ONCE = 50


def nobody_waits() -> None:
    """Wake nobody: where no queue is open, jobs are found when one is."""


class CasePart:
    """A part of the store of cases. Raises StorageFailed.

    ``woken`` is called when there are new jobs; ``clock`` gives UTC times.
    """

    def __init__(
        self,
        database: Database,
        *,
        woken: Callable[[], None] = nobody_waits,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._woken = woken
        self._clock = clock

    async def _read(self, session: AsyncSession, row: CaseRow) -> Case:
        (case,) = await read_cases(session, self._database.seal, [row])
        return case


class Finding(CasePart):
    """Reads cases. Raises StorageFailed."""

    async def get(self, case_id: int) -> Case | None:
        """Return a case with its newest sightings."""
        return await self._one(CaseRow.id == case_id)

    async def by_number(self, guild_id: int, number: int) -> Case | None:
        """Return a case by its number in a server."""
        return await self._one(and_(CaseRow.guild_id == guild_id, CaseRow.number == number))

    async def special_messages(
        self, guild_id: int, message_ids: Collection[int]
    ) -> Collection[int]:
        """Return which of these show a picture that nobody is to be shown."""
        question = (
            select(SightingRow.message_id)
            .join(CaseRow, CaseRow.id == SightingRow.case_id)
            .where(
                CaseRow.guild_id == guild_id,
                CaseRow.outcome == Outcome.SPECIAL,
                SightingRow.message_id.in_(message_ids),
            )
        )
        async with self._database.reading() as session:
            return set(await session.scalars(question))

    async def severity(self, case_id: int) -> int | None:
        """Return how bad a case's picture is (0 to 3); None for an unknown case."""
        async with self._database.reading() as session:
            severity = select(CaseRow.severity).where(CaseRow.id == case_id)
            return await session.scalar(severity)

    async def people(self, case_id: int) -> Sequence[int]:
        """Return everybody who posted the picture as a member, at most 200, in order."""
        async with self._database.reading() as session:
            return (await session.scalars(posted_by_members(case_id).limit(PEOPLE_SHOWN))).all()

    async def concerns(self, case_id: int, person_id: int) -> bool:
        """Say whether somebody posted the picture as a member, however many others did."""
        async with self._database.reading() as session:
            return await session.scalar(select(posted_by(case_id, person_id))) or False

    async def actions_on(self, case_id: int, person_id: int) -> Sequence[Action]:
        """Return the newest action of each kind that is about one person, in order."""
        about = (
            select(ActionRow, CaseRow.number)
            .join(CaseRow, CaseRow.id == ActionRow.case_id)
            .where(ActionRow.case_id == case_id, ActionRow.person_id == person_id)
            .order_by(ActionRow.id)
        )
        async with self._database.reading() as session:
            rows = (await session.execute(about)).all()
        newest = {row.kind: action_of(row, number) for row, number in rows}
        return sorted(newest.values(), key=lambda action: action.id)

    async def events(self, case_id: int) -> Sequence[CaseEvent]:
        """Return a case's history, oldest first."""
        async with self._database.reading() as session:
            return (await _events(session, [case_id])).get(case_id, [])

    async def confirmed_before(self, guild_id: int, person_id: int, since: datetime) -> int:
        """Count a person's cases that moderators confirmed since then."""
        question = (
            select(func.count(distinct(CaseRow.id)))
            .join(SightingRow, SightingRow.case_id == CaseRow.id)
            .where(
                SightingRow.author_id == person_id,
                SightingRow.author == Author.MEMBER,
                CaseRow.guild_id == guild_id,
                CaseRow.decision.in_(CONFIRMING),
                CaseRow.decided_at >= since,
            )
        )
        async with self._database.reading() as session:
            return await session.scalar(question) or 0

    async def find(
        self, query: CaseQuery, *, offset: int = 0, limit: int = 10
    ) -> tuple[int, Sequence[Case]]:
        """Return how many cases there are, and a page of them, newest first."""
        wanted = _wanted(query)
        page = select(CaseRow).where(wanted).order_by(CaseRow.id.desc())
        async with self._database.reading() as session:
            count = await session.scalar(select(func.count(CaseRow.id)).where(wanted)) or 0
            rows = (await session.scalars(page.offset(offset).limit(limit))).all()
            return count, await read_cases(session, self._database.seal, rows)

    async def export(self, query: CaseQuery) -> AsyncIterator[tuple[Case, Sequence[CaseEvent]]]:
        """Yield cases with their history, oldest first, a batch a transaction."""
        wanted, last = _wanted(query), 0
        while True:
            page = select(CaseRow).where(wanted, CaseRow.id > last).order_by(CaseRow.id)
            async with self._database.reading() as session:
                rows = (await session.scalars(page.limit(EXPORTED_AT_ONCE))).all()
                cases = await read_cases(session, self._database.seal, rows)
                events = await _events(session, [row.id for row in rows])
            if not cases:
                return
            for case in cases:
                yield case, events.get(case.id, [])
            last = cases[-1].id

    async def _one(self, which: ColumnElement[bool]) -> Case | None:
        async with self._database.reading() as session:
            row = await session.scalar(select(CaseRow).where(which))
            return None if row is None else await self._read(session, row)


def posted_by_members(case_id: int) -> Select[int]:
    """Ask who posted the picture of a case as a member, in order."""
    return (
        select(SightingRow.author_id)
        .where(SightingRow.case_id == case_id, SightingRow.author == Author.MEMBER)
        .group_by(SightingRow.author_id)
        .order_by(func.min(SightingRow.upload_id))
    )


def posted_by(case_id: int, person_id: int) -> Exists:
    """Ask whether somebody posted the picture of a case as a member."""
    return exists().where(
        SightingRow.case_id == case_id,
        SightingRow.author_id == person_id,
        SightingRow.author == Author.MEMBER,
    )


def _wanted(query: CaseQuery) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [CaseRow.guild_id == query.guild_id]
    if query.person_id is not None:
        theirs = (SightingRow.case_id == CaseRow.id, SightingRow.author_id == query.person_id)
        conditions.append(exists().where(*theirs))
    if query.state is not None:
        conditions.append(CaseRow.state == query.state)
    if query.since is not None:
        conditions.append(CaseRow.opened_at >= query.since)
    return and_(*conditions)


async def _events(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[CaseEvent]]:
    question = select(CaseEventRow).where(CaseEventRow.case_id.in_(ids)).order_by(CaseEventRow.id)
    found: dict[int, list[CaseEvent]] = {}
    for row in await session.scalars(question):
        event = CaseEvent(row.kind, row.at, row.actor_id, row.decision)
        found.setdefault(row.case_id, []).append(event)
    return found
