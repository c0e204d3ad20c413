"""Forgetting moderation: asked for, or because its time is over.

Small transactions throughout: what an interruption leaves, the next expiry takes up.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    and_,
    delete,
    exists,
    select,
    tuple_,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.clock import utc_now
from bot.domain.moderation.case import CaseState
from bot.domain.moderation.fingerprint import BankKind
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.upload import UploadState
from bot.storage.database import Database
from bot.storage.moderation.absence import absent_too_long, note_presence_in
from bot.storage.moderation.actions import locked_case
from bot.storage.moderation.bank import batches
from bot.storage.moderation.case_rows import lock_guild, redraw
from bot.storage.moderation.learning import ERASED, erase
from bot.storage.moderation_tables import (
    ActionRow,
    AppealRow,
    BankEntryRow,
    CaseRow,
    ChannelCursorRow,
    DayCountRow,
    GuildRow,
    JobRow,
    PolicyChangeRow,
    PolicyRow,
    ReportRow,
    UploadRow,
)
from bot.storage.tables import Base

TOMBSTONES_KEPT_FOR = timedelta(days=7)
"""Every open copy of a bank hears within seconds what was removed from it."""
DAYS_COUNTED = 400
"""A year and a month of figures."""

BATCH = 200
SIGHTINGS_AT_ONCE = 2_000
"""Sightings of the cases that go in one transaction, about: a raid has thousands."""


class SqlModerationKeeper:
    """Deletes, from the tables and from the disk. Raises StorageFailed.

    Cases, and who changed a policy, are kept for ``case_retention`` after the last change;
    verdicts on uploads for ``upload_retention``. ``clock`` gives UTC times.
    """

    def __init__(
        self,
        database: Database,
        *,
        case_retention: timedelta,
        upload_retention: timedelta,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._case_retention = case_retention
        self._upload_retention = upload_retention
        self._clock = clock
        self._asked_at: datetime | None = None
        self._absent: Collection[int] = ()
        """Servers seen to be absent since the start: what was noted before may be over."""

    async def delete_person(self, person_id: int) -> int:
        """Forget a person's appeals, reports, and uploads that ended without a case; say how many.

        What still waits for a verdict is looked at first: nobody gets past a look by this. Cards
        that quote them are to be drawn anew.
        """
        ended = and_(
            UploadRow.author_id == person_id,
            UploadRow.state == UploadState.DONE,
            UploadRow.case_id.is_(None),
        )
        deleted = await self._delete_words(person_id)
        deleted += await self._delete(ReportRow, ReportRow.reporter_id == person_id)
        deleted += await self._delete(UploadRow, ended)
        if deleted:  # else everybody could keep the file busy by asking again and again
            await self._database.scrub_thoroughly()
        return deleted

    async def delete_guild(self, guild_id: int) -> int:
        """Forget all of a server; return how many cases."""
        # The policy first: without it nothing new is looked at.
        for table in (PolicyRow, PolicyChangeRow, ChannelCursorRow):
            await self._delete(table, table.guild_id == guild_id)
        await self._delete_uploads(UploadRow.guild_id == guild_id, BATCH)
        cases = await self._delete_cases(CaseRow.guild_id == guild_id, BATCH)
        for rest in (BankEntryRow, DayCountRow, GuildRow):
            await self._delete(rest, rest.guild_id == guild_id)
        await self._database.scrub_thoroughly()
        return cases

    async def note_presence(self, present: Collection[int], is_ours: Callable[[int], bool]) -> int:
        """Note of which servers with rules Lookout is no member; return how many.

        ``is_ours`` says of a server's id whether this process would be told of it. Whatever is
        absent for ``ABSENT_KEPT_FOR``, and was so when this was called last, is deleted by
        ``expire``.
        """
        async with self._database.writing() as session:
            absent = await note_presence_in(session, present, is_ours, self._clock())
        self._absent = frozenset(absent)
        return len(absent)

    async def expire(self, batch: int = BATCH) -> int:
        """Delete what is over, ``batch`` rows a transaction; return how many rows.

        The disk is for the caller to scrub.
        """
        now = self._clock()
        async with self._database.reading() as session:
            absent = [one for one in await absent_too_long(session, now) if one in self._absent]
        for guild_id in absent:
            await self.delete_guild(guild_id)
        cases_end = now - self._case_retention
        deleted = len(absent)
        deleted += await self._delete_cases(CaseRow.updated_at <= cases_end, batch)
        # What members reported goes with its upload; whoever is to decide still needs it.
        undecided = exists().where(CaseRow.id == UploadRow.case_id, CaseRow.state == CaseState.OPEN)
        over = and_(UploadRow.done_at <= now - self._upload_retention, ~undecided)
        deleted += await self._delete_uploads(over, batch)
        newer = aliased(BankEntryRow)
        last_day = now.date() - timedelta(days=DAYS_COUNTED)
        for table, over in (
            (PolicyChangeRow, PolicyChangeRow.at <= cases_end),
            (DayCountRow, DayCountRow.day <= last_day),
            (
                BankEntryRow,
                and_(
                    BankEntryRow.removed,
                    BankEntryRow.case_id.is_(None),  # else a decision may be taken back
                    BankEntryRow.added_at <= now - TOMBSTONES_KEPT_FOR,
                    # The newest stays: from it, the next revision is counted.
                    exists().where(
                        newer.guild_id == BankEntryRow.guild_id,
                        newer.revision > BankEntryRow.revision,
                    ),
                ),
            ),
            (
                ChannelCursorRow,
                ~exists().where(PolicyRow.guild_id == ChannelCursorRow.guild_id),
            ),
        ):
            deleted += await self._delete(table, over, batch=batch)
        return deleted

    async def erased_by_verdicts(self) -> bool:
        """Say whether there were verdicts since this was asked last; True at first.

        Each deletes the frames, the link and the words of its upload, in the file but not in
        SQLite's log: scrubbing at every verdict would be too dear.
        """
        since, self._asked_at = self._asked_at, self._clock()
        if since is None:
            return True
        async with self._database.reading() as session:
            newer = select(UploadRow.id).where(UploadRow.done_at >= since).limit(1)
            return await session.scalar(newer) is not None

    async def _delete_words(self, person_id: int) -> int:
        """Delete a person's appeals, and their reports about what has a case."""
        appealed = AppealRow.person_id == person_id
        reported = select(UploadRow.case_id).join(ReportRow, ReportRow.upload_id == UploadRow.id)
        quoting: CompoundSelect[int] = union(
            select(AppealRow.case_id).where(appealed),
            reported.where(ReportRow.reporter_id == person_id, UploadRow.case_id.is_not(None)),
        )
        async with self._database.reading() as session:
            case_ids = (await session.scalars(quoting)).all()
        deleted = 0
        for case_id in case_ids:
            theirs = select(UploadRow.id).where(UploadRow.case_id == case_id)
            about_it = and_(ReportRow.reporter_id == person_id, ReportRow.upload_id.in_(theirs))
            async with self._database.writing() as session:
                row = await locked_case(session, case_id)
                if row is None:
                    continue
                connection = await session.connection()
                for table, which in (
                    (AppealRow, and_(appealed, AppealRow.case_id == case_id)),
                    (ReportRow, about_it),
                ):
                    deleted += (await connection.execute(delete(table).where(which))).rowcount
                await redraw(session, self._database, row, self._clock())
        return deleted

    async def _delete_uploads(self, condition: ColumnElement[bool], batch: int) -> int:
        """Delete uploads with their frames, reports and jobs."""
        deleted = 0
        while True:
            async with self._database.writing() as session:
                some = select(UploadRow.id).where(condition).order_by(UploadRow.id).limit(batch)
                # The uploads before their jobs, as whoever reports or spools them.
                ids = (await session.scalars(some.with_for_update())).all()
                await _drop_jobs(session, (JobKind.SCREEN, JobKind.JUDGE), ids)
                await session.execute(delete(UploadRow).where(UploadRow.id.in_(ids)))
            if not ids:
                return deleted
            deleted += len(ids)

    async def _delete_cases(self, condition: ColumnElement[bool], batch: int) -> int:
        """Delete cases with all that belongs to them, and what was banked as their picture."""
        oldest = (
            select(CaseRow.guild_id, CaseRow.id, CaseRow.sighting_count)
            .where(condition)
            .order_by(CaseRow.guild_id, CaseRow.id)
            .limit(batch)
        )
        deleted = 0
        while True:
            async with self._database.reading() as session:
                rows = (await session.execute(oldest)).all()
            if not rows:
                return deleted
            guild_id, ids = _first_few(rows)
            uploads = select(UploadRow.id).where(UploadRow.case_id.in_(ids)).order_by(UploadRow.id)
            async with self._database.writing() as session:
                # As for a verdict and a report: the uploads, then the server.
                await session.execute(uploads.with_for_update())
                await lock_guild(session, guild_id)
                deleted += await self._delete_some(session, guild_id, ids, condition)

    async def _delete_some(
        self,
        session: AsyncSession,
        guild_id: int,
        ids: Sequence[int],
        condition: ColumnElement[bool],
    ) -> int:
        """Delete these cases, unless something came up meanwhile; the server is locked."""
        now = self._clock()
        over = select(CaseRow.id).where(CaseRow.id.in_(ids), condition)
        ids = (await session.scalars(over)).all()
        actions = select(ActionRow.id).where(ActionRow.case_id.in_(ids))
        await _drop_jobs(session, (JobKind.ACT,), (await session.scalars(actions)).all())
        await _drop_jobs(session, (JobKind.CARD,), ids)
        seen = and_(BankEntryRow.case_id.in_(ids), BankEntryRow.kind == BankKind.SEEN)
        await erase(session, guild_id, seen, now)
        # Those that were set aside: everybody was told that they are gone.
        await session.execute(update(BankEntryRow).where(seen).values(**ERASED, added_at=now))
        await session.execute(delete(CaseRow).where(CaseRow.id.in_(ids)))
        return len(ids)

    async def _delete(
        self, table: type[Base], condition: ColumnElement[bool], *, batch: int = BATCH
    ) -> int:
        keys = [getattr(table, column.key) for column in table.__table__.primary_key]
        some = select(*keys).where(condition).limit(batch)
        deleted = 0
        while True:
            async with self._database.writing() as session:
                connection = await session.connection()
                done = await connection.execute(delete(table).where(tuple_(*keys).in_(some)))
            if not done.rowcount:
                return deleted
            deleted += done.rowcount


async def _drop_jobs(
    session: AsyncSession, kinds: Collection[JobKind], subject_ids: Sequence[int]
) -> None:
    for some in batches(subject_ids, BATCH):
        await session.execute(
            delete(JobRow).where(JobRow.kind.in_(kinds), JobRow.subject_id.in_(some))
        )


def _first_few(rows: Sequence[Row[int, int, int]]) -> tuple[int, list[int]]:
    """Return the first server and as many of its first cases as go in one transaction."""
    guild_id, sightings = rows[0][0], 0
    ids: list[int] = []
    for theirs, case_id, sighting_count in rows:
        if theirs != guild_id or (ids and sightings + sighting_count > SIGHTINGS_AT_ONCE):
            break
        ids.append(case_id)
        sightings += sighting_count
    return guild_id, ids
