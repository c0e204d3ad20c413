"""Cases as values, from their rows, and what everybody who changes cases does alike."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from sys import byteorder
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import Finding, Outcome
from bot.domain.moderation.case import Action, ActionKind, ActionState
from bot.domain.moderation.fingerprint import BankEntry, Hash64, Views
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.upload import Subject
from bot.storage.database import Database
from bot.storage.moderation.jobs import Wanted, enqueue_all_in, enqueue_in
from bot.storage.moderation_tables import ActionRow, BankEntryRow, CaseRow, GuildRow
from bot.storage.seal import Seal

_HEAD_STARTS = {ActionKind.DELETE: timedelta(hours=2), ActionKind.TELL: timedelta()}
_HEAD_START = timedelta(hours=1)
"""Actions are carried out oldest first, in order for each person; these count as older than they
are. So what harms goes first, and is not kept up by a raid's messages to people, which Discord
lets through slowly; and nothing waits for ever."""

_findings = TypeAdapter(tuple[Finding, ...])


async def lock_guild(session: AsyncSession, guild_id: int) -> None:
    """Let nobody else change a server's cases or bank until the transaction ends.

    To be taken before any row of a case, an action or the bank, by everybody: whoever came the
    other way round could wait for them for ever.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(GuildRow).values(guild_id=guild_id, last_case=0)
    key = [GuildRow.guild_id]
    await session.execute(
        row.on_conflict_do_update(index_elements=key, set_={"guild_id": guild_id})
    )


async def next_case_number(session: AsyncSession, guild_id: int) -> int:
    """Return the next case's number in a server, which is locked."""
    number = GuildRow.last_case + 1
    taken = update(GuildRow).where(GuildRow.guild_id == guild_id).values(last_case=number)
    given: int = (await session.execute(taken.returning(GuildRow.last_case))).scalar_one()
    return given


async def next_revision(session: AsyncSession, guild_id: int) -> int:
    """Lock a server and return the revision for the next change of its bank.

    The entry with the newest revision has to stay, be it removed: else figures come twice.
    """
    await lock_guild(session, guild_id)
    newest = select(func.max(BankEntryRow.revision)).where(BankEntryRow.guild_id == guild_id)
    return (await session.scalar(newest) or 0) + 1


def delete_key(subject: Subject, message_id: int) -> str:
    """Name the deletion of a message, an emoji or a sticker: once, whoever wants it."""
    return f"delete:{subject}:{message_id}"


def person_key(kind: ActionKind, case_id: int, person_id: int, time: int = 0) -> str:
    """Name what is done to a person because of a case; ``time`` 0 is what the policy did."""
    return f"{kind}:{case_id}:{person_id}:{time}"


@dataclass(frozen=True, slots=True)
class NewAction:
    """Something to do in Discord; ``key`` makes sure that it is done once."""

    kind: ActionKind
    key: str
    channel_id: int | None = None
    message_id: int | None = None
    person_id: int | None = None
    subject: Subject = Subject.MESSAGE
    until: datetime | None = None


async def add_actions(
    session: AsyncSession,
    database: Database,
    case_row: CaseRow,
    actions: Sequence[NewAction],
    *,
    now: datetime,
    requested_by: int | None = None,
) -> dict[str, int]:
    """Add actions of a case with their ACT jobs; return the ids of those whose key was free."""
    if not actions:
        return {}
    common = {
        "case_id": case_row.id,
        "guild_id": case_row.guild_id,
        "state": ActionState.PENDING,
        "begun": 0,
        "requested_by": requested_by,
        "rule": case_row.rule,
        "created_at": now,
    }
    once = database.insert(ActionRow).on_conflict_do_nothing(index_elements=[ActionRow.key])
    added = await session.execute(
        once.returning(ActionRow.id, ActionRow.key), [{**asdict(one), **common} for one in actions]
    )
    ids = {row.key: row.id for row in added}
    wanted = [
        Wanted(ids[one.key], since=now - _HEAD_STARTS.get(one.kind, _HEAD_START))
        for one in actions
        if one.key in ids
    ]
    await enqueue_all_in(session, database, JobKind.ACT, wanted, now=now)
    return ids


async def add_action(
    session: AsyncSession,
    database: Database,
    case_row: CaseRow,
    kind: ActionKind,
    key: str,
    *,
    now: datetime,
    channel_id: int | None = None,
    message_id: int | None = None,
    person_id: int | None = None,
    subject: Subject = Subject.MESSAGE,
    until: datetime | None = None,
    requested_by: int | None = None,
) -> int | None:
    """Add an action of a case with its ACT job; return its id, None when its key is taken."""
    action = NewAction(kind, key, channel_id, message_id, person_id, subject, until)
    ids = await add_actions(
        session, database, case_row, [action], now=now, requested_by=requested_by
    )
    return ids.get(key)


async def redraw(
    session: AsyncSession, database: Database, case_row: CaseRow, now: datetime
) -> None:
    """Give a case a new version, and its card the job to show it; NOTED cases have no card."""
    case_row.version += 1
    case_row.updated_at = now
    await session.flush()
    if case_row.outcome is not Outcome.NOTED:
        await enqueue_in(session, database, JobKind.CARD, case_row.id, now=now)


def sealed_findings(seal: Seal, findings: Iterable[Finding]) -> bytes:
    """Return findings as a case's row holds them."""
    return seal.seal_json([asdict(finding) for finding in findings])


def findings_of(seal: Seal, row: CaseRow) -> tuple[Finding, ...]:
    """Return a case's findings; none when no key opens them."""
    opened = seal.open_json(row.findings)
    if opened is None:
        seal.unreadable("moderation_case", row.id)
        return ()
    return _findings.validate_python(opened)


def action_of(row: ActionRow, case_number: int) -> Action:
    """Return an action."""
    return Action(
        id=row.id,
        case_id=row.case_id,
        case_number=case_number,
        guild_id=row.guild_id,
        kind=row.kind,
        state=row.state,
        created_at=row.created_at,
        attempts_begun=row.begun,
        channel_id=row.channel_id,
        message_id=row.message_id,
        person_id=row.person_id,
        subject=row.subject,
        until=row.until,
        requested_by=row.requested_by,
        rule=row.rule,
    )


def bank_values(entry: BankEntry, now: datetime) -> dict[str, Any]:
    """Return the values of a remembered picture's row, without id and revision."""
    return {
        "guild_id": entry.guild_id,
        "kind": entry.kind,
        "removed": False,
        "rules": ",".join(entry.rules),
        "sha256": entry.sha256,
        "hashes": packed(entry.views.hashes),
        "whole_count": len(entry.views.whole),
        "pdq": entry.views.pdq,
        "label": entry.label,
        "case_id": entry.case_id,
        "added_by": entry.added_by,
        "added_at": entry.added_at or now,
    }


def bank_entry_of(row: "BankEntryRow | Row[Any]") -> BankEntry:
    """Return a remembered picture."""
    hashes = unpacked(row.hashes)
    return BankEntry(
        id=row.id,
        guild_id=row.guild_id,
        kind=row.kind,
        rules=tuple(row.rules.split(",")) if row.rules else (),
        sha256=row.sha256,
        views=Views(hashes=hashes, whole=hashes[: row.whole_count], pdq=row.pdq),
        case_id=row.case_id,
        added_by=row.added_by,
        added_at=row.added_at,
        label=row.label,
    )


def packed(hashes: Iterable[Hash64]) -> bytes:
    """Return hashes as bytes, big-endian."""
    numbers = array("Q", hashes)
    if byteorder == "little":
        numbers.byteswap()
    return numbers.tobytes()


def unpacked(data: bytes) -> tuple[Hash64, ...]:
    """Return the hashes that were packed."""
    numbers = array("Q")
    numbers.frombytes(data)
    if byteorder == "little":
        numbers.byteswap()
    return tuple(numbers)
