"""What decisions do to the remembered pictures, and taking entries out of a server's bank."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.case import Decision
from bot.domain.moderation.fingerprint import BankKind
from bot.storage.moderation.case_rows import next_revision
from bot.storage.moderation_tables import BankEntryRow, CaseRow

ERASED = {
    "removed": True,
    "rules": "",
    "sha256": None,
    "hashes": b"",
    "whole_count": 0,
    "pdq": None,
    "label": "",
    "case_id": None,
    "added_by": None,
}
"""What is left of a removed entry: that there was one, so that others hear that it is gone."""

_LEARNT = {Decision.BLOCK: BankKind.BLOCKED, Decision.NOT_VIOLATION: BankKind.ALLOWED}
_COPIED = ("guild_id", "sha256", "hashes", "whole_count", "pdq")


async def learn(session: AsyncSession, row: CaseRow, now: datetime) -> None:
    """Bank what a decision says about the pictures of a case; the server is locked.

    BLOCK and NOT_VIOLATION add the pictures that are banked as SEEN once more. Where the rule was
    not broken, SEEN ones are set aside: a copy is looked at anew, and does not join the case.
    """
    assert row.decision is not None
    kind = _LEARNT.get(row.decision)
    if kind is not None:
        await _add(session, row, kind, now)
    if not row.decision.confirms:
        await _revise(session, row.guild_id, _seen(row), {"removed": True})


async def unlearn(session: AsyncSession, row: CaseRow, now: datetime) -> None:
    """Take back what a decision banked, and bring back what it set aside."""
    learnt = and_(BankEntryRow.case_id == row.id, BankEntryRow.kind.in_([*_LEARNT.values()]))
    await erase(session, row.guild_id, learnt, now)
    await _revise(session, row.guild_id, _seen(row), {"removed": False})


async def erase(
    session: AsyncSession, guild_id: int, which: ColumnElement[bool], now: datetime
) -> int:
    """Leave of entries of a server only that they are gone; return how many there were.

    ``added_at`` is from then on when that was.
    """
    return await _revise(session, guild_id, which, {**ERASED, "added_at": now})


def _seen(row: CaseRow) -> ColumnElement[bool]:
    return and_(BankEntryRow.case_id == row.id, BankEntryRow.kind == BankKind.SEEN)


async def _add(session: AsyncSession, row: CaseRow, kind: BankKind, now: datetime) -> None:
    seen = select(BankEntryRow).where(_seen(row)).order_by(BankEntryRow.id)
    entries = (await session.scalars(seen)).all()
    if not entries:
        return
    revision = await next_revision(session, row.guild_id)
    await session.execute(
        insert(BankEntryRow),
        [
            {
                **{name: getattr(entry, name) for name in _COPIED},
                "revision": revision + place,
                "kind": kind,
                "removed": False,
                "rules": _with_rule(entry.rules, row.rule),
                "label": "",
                "case_id": row.id,
                "added_by": row.decided_by,
                "added_at": now,
            }
            for place, entry in enumerate(entries)
        ],
    )


def _with_rule(rules: str, rule: str) -> str:
    """Add a rule: the case may be about a graver one by now than the picture was at first."""
    return ",".join(dict.fromkeys([*filter(None, rules.split(",")), rule]))


async def _revise(
    session: AsyncSession, guild_id: int, which: ColumnElement[bool], values: dict[str, Any]
) -> int:
    """Change what is not so already, each with a revision of its own; return how many."""
    revision = await next_revision(session, guild_id)
    changing = select(BankEntryRow.id).where(which, BankEntryRow.removed != values["removed"])
    ids = (await session.scalars(changing.order_by(BankEntryRow.id))).all()
    if ids:
        connection = await session.connection()
        await connection.execute(
            update(BankEntryRow)
            .where(BankEntryRow.id == bindparam("which_id"))
            .values(revision=bindparam("new_revision"), **values),
            [
                {"which_id": entry_id, "new_revision": revision + place}
                for place, entry_id in enumerate(ids)
            ],
        )
    return len(ids)
