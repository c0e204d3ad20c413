"""Cases as a file: a row each for spreadsheets, everything for programs. No picture is in it."""

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from discord import ui

from bot.domain.answer import Table
from bot.domain.moderation.case import Case, CaseEvent
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.ports import CaseQuery, CaseStore
from bot.ui.asking import Interaction
from bot.ui.files import Attached, csv_bytes
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.layouts import plain
from bot.ui.moderation.naming import rule_label
from bot.ui.moderation.permitted import require_moderator
from bot.ui.sentences import megabytes

NAME = "cases.zip"
MAX_CASES = 10_000
"""How many cases one file holds; the words about each may take some thousand bytes."""
_COLUMNS = (
    "case", "state", "outcome", "rule", "rule_name", "score", "severity", "step", "automatic",
    "dry_run", "opened_at", "decision", "decided_by", "decided_at", "copies", "people",
    "first_author", "first_channel", "reports", "appeals", "actions", "evidence",
)  # fmt: skip
_ENGLISH = words("en-US")
"""Files are in one language, so that programs can rely on it."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A ZIP file, how many cases are in it, and how many there are."""

    data: bytes = field(repr=False)
    cases: int
    total: int


async def send_export(
    house: House, interaction: Interaction, days: int, person_id: int | None = None
) -> None:
    """Hand over the cases of the last days where the acknowledged reply is.

    Raises MissingRight, and StorageFailed.
    """
    guild_id = require_moderator(interaction).guild.id
    moderation, say = house.moderation, words(interaction.locale.value)
    since = moderation.clock() - timedelta(days=days)
    query = CaseQuery(guild_id, person_id=person_id, since=since)
    policy = await moderation.policies.get(guild_id)
    made = await case_file(moderation.cases, query, policy)
    if not made.cases:
        text = say.say("There are no cases in this time.")
        await interaction.edit_original_response(view=plain(text))
        return
    limit = interaction.filesize_limit
    if len(made.data) > limit:
        text = say.say(
            "The file would have {size}, and {limit} may be sent here. Choose fewer days.",
            size=megabytes(len(made.data)),
            limit=megabytes(limit),
        )
        await interaction.edit_original_response(view=plain(text))
        return
    file = Attached(NAME, made.data).file()
    await interaction.edit_original_response(view=_handed_over(made, say), attachments=[file])


async def case_file(cases: CaseStore, query: CaseQuery, policy: Policy) -> CaseFile:
    """Collect cases, oldest first, and pack them."""
    total, _ = await cases.find(query, limit=1)
    records: list[dict[str, Any]] = []
    async for case, events in cases.export(query):
        records.append(case_record(case, events, policy))
        if len(records) == MAX_CASES:
            break
    data = await asyncio.to_thread(packed, records)
    return CaseFile(data, len(records), max(total, len(records)))


def case_record(case: Case, events: Sequence[CaseEvent], policy: Policy) -> dict[str, Any]:
    """Write a case as JSON has it. Ids are strings: many programs round large numbers."""
    return {
        "case": case.number,
        "state": case.state.value,
        "outcome": case.outcome.value,
        "rule": case.rule,
        "rule_name": rule_label(case.rule, policy, _ENGLISH),
        "score": case.score,
        "severity": case.severity,
        "step": None if case.step is None else case.step.name.lower(),
        "automatic": None if case.automatic is None else case.automatic.name.lower(),
        "dry_run": case.dry_run,
        "opened_at": _moment(case.opened_at),
        "decision": None if case.decision is None else case.decision.value,
        "decided_by": _id(case.decided_by),
        "decided_at": _moment(case.decided_at),
        "copies": case.sighting_count,
        "people": case.people_count,
        "seen_before": case.seen_before,
        "person_before": case.person_before,
        "findings": [
            {
                "rule": found.rule,
                "source": found.source.value,
                "score": found.score,
                "severity": found.severity,
                "evidence": found.evidence,
            }
            for found in ([] if case.special else case.findings)
        ],
        "newest_copies": [
            {
                "author": _id(seen.author_id),
                "author_kind": seen.author.value,
                "channel": _id(seen.channel_id),
                "message": _id(seen.message_id),
                "posted_at": _moment(seen.posted_at),
            }
            for seen in case.sightings
        ],
        "actions": [
            {
                "action": action.kind.value,
                "state": action.state.value,
                "person": _id(action.person_id),
                "requested_by": _id(action.requested_by),
                "at": _moment(action.created_at),
            }
            for action in case.actions
        ],
        "reports": [
            {"by": _id(one.reporter_id), "at": _moment(one.at), "reason": one.reason}
            for one in case.reports
        ],
        "appeals": [
            {"by": _id(one.person_id), "at": _moment(one.at), "text": one.text}
            for one in case.appeals
        ],
        "events": [
            {
                "event": event.kind.value,
                "at": _moment(event.at),
                "by": _id(event.actor_id),
                "decision": None if event.decision is None else event.decision.value,
            }
            for event in events
        ],
    }


def packed(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Pack records as ``cases.csv`` and ``cases.json``. Blocks while it compresses."""
    rows = (_COLUMNS, *(tuple(_row(record)) for record in records))
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cases.csv", csv_bytes([Table(rows)]))
        document = json.dumps({"cases": records}, ensure_ascii=False, indent=1)
        archive.writestr("cases.json", document)
    return sink.getvalue()


def _row(record: Mapping[str, Any]) -> list[str]:
    """Write a record as a row; lists become a count, or what matters most of them."""
    first = record["newest_copies"][-1] if record["newest_copies"] else {}
    short = {
        "first_author": first.get("author"),
        "first_channel": first.get("channel"),
        "reports": len(record["reports"]),
        "appeals": len(record["appeals"]),
        "actions": " ".join(f"{one['action']}:{one['state']}" for one in record["actions"]),
        "evidence": next((one["evidence"] for one in record["findings"] if one["evidence"]), ""),
    }
    values = (short[name] if name in short else record[name] for name in _COLUMNS)
    return ["" if value is None else str(value) for value in values]


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _handed_over(made: CaseFile, say: Words) -> ui.LayoutView:
    lines = [
        say.say_plural(
            "{count} case, oldest first. No picture is in the file.",
            "{count} cases, oldest first. No picture is in the file.",
            made.cases,
        ),
        say.say("In the ZIP file: cases.csv for spreadsheets, cases.json for programs."),
        say.say("It names people and quotes them: keep it where only moderators can read it."),
    ]
    if made.total > made.cases:
        left = made.total - made.cases
        lines.append(
            say.say_plural(
                "{count} newer case did not fit: export fewer days for it.",
                "{count} newer cases did not fit: export fewer days for them.",
                left,
            )
        )
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n".join(lines)))
    view.add_item(ui.File(f"attachment://{NAME}"))
    view.stop()
    return view
