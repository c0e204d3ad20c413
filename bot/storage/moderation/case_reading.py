"""Cases with all that belongs to them, a few questions for any number of cases."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import Subquery, and_, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.moderation.case import (
    Action,
    ActionCount,
    Appeal,
    Case,
    Decision,
    Report,
    Sighting,
)
from bot.domain.moderation.policy import Step
from bot.storage.moderation.case_rows import action_of, findings_of
from bot.storage.moderation_tables import (
    ActionRow,
    AppealRow,
    CaseRow,
    ReportRow,
    SightingRow,
    UploadRow,
)
from bot.storage.seal import Seal

SIGHTINGS_SHOWN = 10
ACTIONS_SHOWN = 25
WORDS_SHOWN = 25
"""How many of the newest come with a case: sightings, actions, appeals and reports each."""

CONFIRMING = tuple(decision for decision in Decision if decision.confirms)

Value = TypeVar("Value")


async def read_cases(session: AsyncSession, seal: Seal, rows: Sequence[CaseRow]) -> list[Case]:
    """Return the cases in these rows, in their order."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    sightings = await _sightings(session, ids)
    people = await people_counts(session, ids)
    before = await _confirmed_before(session, ids)
    actions = await _actions(session, rows)
    counts = await _action_counts(session, ids)
    appeals = await _appeals(session, seal, ids)
    reports = await _reports(session, seal, ids)
    return [
        Case(
            id=row.id,
            guild_id=row.guild_id,
            number=row.number,
            state=row.state,
            outcome=row.outcome,
            rule=row.rule,
            score=row.score,
            severity=row.severity,
            step=None if row.step is None else Step(row.step),
            automatic=None if row.automatic is None else Step(row.automatic),
            dry_run=row.dry_run,
            opened_at=row.opened_at,
            updated_at=row.updated_at,
            version=row.version,
            findings=findings_of(seal, row),
            sightings=tuple(sightings[row.id]),
            sighting_count=row.sighting_count,
            people_count=people.get(row.id, 0),
            decision=row.decision,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            thumbnail=None if row.thumbnail is None else seal.open(row.thumbnail),
            actions=tuple(actions[row.id]),
            action_counts=tuple(counts[row.id]),
            appeals=tuple(appeals[row.id]),
            reports=tuple(reports[row.id]),
            card_channel_id=row.card_channel_id,
            card_message_id=row.card_message_id,
            card_version=row.card_version,
            seen_before=row.seen_before,
            person_before=before.get(row.id, 0),
        )
        for row in rows
    ]


def sighting_of(row: SightingRow) -> Sighting:
    """Return a sighting."""
    return Sighting(
        upload_id=row.upload_id,
        channel_id=row.channel_id,
        message_id=row.message_id,
        author_id=row.author_id,
        author=row.author,
        subject=row.subject,
        posted_at=row.posted_at,
    )


async def _sightings(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[Sighting]]:
    """Return the newest sightings, newest first."""
    place = func.row_number().over(
        partition_by=SightingRow.case_id, order_by=SightingRow.upload_id.desc()
    )
    ranked = (
        select(SightingRow, place.label("place")).where(SightingRow.case_id.in_(ids)).subquery()
    )
    newest = aliased(SightingRow, ranked)
    rows = await session.scalars(
        select(newest)
        .where(ranked.c.place <= SIGHTINGS_SHOWN)
        .order_by(newest.case_id, newest.upload_id.desc())
    )
    return _by_case((row.case_id, sighting_of(row)) for row in rows)


async def people_counts(session: AsyncSession, ids: Sequence[int]) -> dict[int, int]:
    """Count who posted the pictures of cases."""
    counted = (
        select(SightingRow.case_id, func.count(distinct(SightingRow.author_id)))
        .where(SightingRow.case_id.in_(ids))
        .group_by(SightingRow.case_id)
    )
    return dict((await session.execute(counted)).all())


async def _confirmed_before(session: AsyncSession, ids: Sequence[int]) -> dict[int, int]:
    """Count the confirmed cases that the first person of each case had before it."""
    place = func.row_number().over(partition_by=SightingRow.case_id, order_by=SightingRow.upload_id)
    ranked = (
        select(SightingRow.case_id, SightingRow.author_id, place.label("place"))
        .where(SightingRow.case_id.in_(ids))
        .subquery()
    )
    this, theirs, before = aliased(CaseRow), aliased(SightingRow), aliased(CaseRow)
    counted = (
        select(this.id, func.count(distinct(before.id)))
        .join(ranked, and_(ranked.c.case_id == this.id, ranked.c.place == 1))
        .join(theirs, theirs.author_id == ranked.c.author_id)
        .join(before, before.id == theirs.case_id)
        .where(
            before.guild_id == this.guild_id,
            before.number < this.number,
            before.decision.in_(CONFIRMING),
        )
        .group_by(this.id)
    )
    return dict((await session.execute(counted)).all())


async def _actions(session: AsyncSession, rows: Sequence[CaseRow]) -> dict[int, list[Action]]:
    """Return the newest action of each kind and target, in order."""
    numbers = {row.id: row.number for row in rows}
    newest = _newest_actions([*numbers])
    place = func.row_number().over(partition_by=newest.c.case_id, order_by=newest.c.id.desc())
    ranked = select(newest, place.label("place")).where(newest.c.again == 1).subquery()
    shown = aliased(ActionRow, ranked)
    found = await session.scalars(
        select(shown).where(ranked.c.place <= ACTIONS_SHOWN).order_by(shown.id)
    )
    return _by_case((row.case_id, action_of(row, numbers[row.case_id])) for row in found)


async def _action_counts(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[ActionCount]]:
    """Count how actions ended, each kind and target once."""
    newest = _newest_actions(ids)
    alike = (newest.c.case_id, newest.c.kind, newest.c.state)
    counted = select(*alike, func.count()).where(newest.c.again == 1).group_by(*alike)
    return _by_case(
        (case_id, ActionCount(kind, state, count))
        for case_id, kind, state, count in await session.execute(counted.order_by(*alike))
    )


def _newest_actions(ids: Sequence[int]) -> Subquery:
    """Give actions a number among those of their kind and target; the newest has 1."""
    again = func.row_number().over(
        partition_by=(
            ActionRow.case_id,
            ActionRow.kind,
            ActionRow.subject,
            ActionRow.message_id,
            ActionRow.person_id,
        ),
        order_by=ActionRow.id.desc(),
    )
    return select(ActionRow, again.label("again")).where(ActionRow.case_id.in_(ids)).subquery()


async def _appeals(
    session: AsyncSession, seal: Seal, ids: Sequence[int]
) -> dict[int, list[Appeal]]:
    """Return the newest appeals that a key opens, in order."""
    place = func.row_number().over(
        partition_by=AppealRow.case_id, order_by=(AppealRow.at.desc(), AppealRow.person_id)
    )
    ranked = select(AppealRow, place.label("place")).where(AppealRow.case_id.in_(ids)).subquery()
    newest = aliased(AppealRow, ranked)
    rows = await session.scalars(
        select(newest).where(ranked.c.place <= WORDS_SHOWN).order_by(newest.at, newest.person_id)
    )
    found = []
    for row in rows:
        text = seal.open_text(row.text)
        if text is None:
            seal.unreadable("appeal", row.case_id)
        else:
            found.append((row.case_id, Appeal(row.person_id, text, row.at)))
    return _by_case(found)


async def _reports(
    session: AsyncSession, seal: Seal, ids: Sequence[int]
) -> dict[int, list[Report]]:
    """Return the newest reports that a key opens, in order."""
    place = func.row_number().over(partition_by=UploadRow.case_id, order_by=ReportRow.id.desc())
    ranked = (
        select(ReportRow, UploadRow.case_id, place.label("place"))
        .join(UploadRow, UploadRow.id == ReportRow.upload_id)
        .where(UploadRow.case_id.in_(ids))
        .subquery()
    )
    newest = aliased(ReportRow, ranked)
    rows = await session.execute(
        select(ranked.c.case_id, newest).where(ranked.c.place <= WORDS_SHOWN).order_by(newest.id)
    )
    found = []
    for case_id, row in rows:
        reason = seal.open_text(row.reason)
        if reason is None:
            seal.unreadable("report", row.id)
        else:
            found.append((case_id, Report(row.reporter_id, reason, row.at)))
    return _by_case(found)


def _by_case(items: Iterable[tuple[int, Value]]) -> dict[int, list[Value]]:
    found: dict[int, list[Value]] = defaultdict(list)
    for case_id, value in items:
        found[case_id].append(value)
    return found
