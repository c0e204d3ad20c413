"""Opening a case for an upload, or joining the one there is, and what is done at once."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moderation.assessment import Assessment, Finding, Outcome, Source, Verdict
from bot.domain.moderation.case import ActionKind, CaseState, EventKind
from bot.domain.moderation.fingerprint import BankEntry, BankKind, Views
from bot.domain.moderation.policy import SPECIAL, UNANSWERED, Policy, Step
from bot.domain.moderation.upload import REPORTED_PREFIX, Author, Conclusion
from bot.storage.database import Database
from bot.storage.moderation.case_rows import (
    add_action,
    bank_values,
    delete_key,
    findings_of,
    lock_guild,
    next_case_number,
    next_revision,
    person_key,
    redraw,
    sealed_findings,
)
from bot.storage.moderation.folding import (
    case_of_copy,
    case_of_message,
    copied_cases,
    seen_before,
)
from bot.storage.moderation.lifting import hold_on
from bot.storage.moderation.policies import opened_policy
from bot.storage.moderation_tables import (
    BankEntryRow,
    CaseEventRow,
    CaseRow,
    PolicyRow,
    SightingRow,
    UploadRow,
)

MAX_FINDINGS = 20
"""How many findings a case holds, the gravest first."""
MAX_BANKED_RULES = 10

_ORDER = (
    Outcome.NOTED,
    Outcome.FAILED,
    Outcome.NEEDS_HUMAN,
    Outcome.FLAGGED,
    Outcome.ACTED,
    Outcome.SPECIAL,
)
_ACTIONS = {
    Step.TIME_OUT: ActionKind.TIME_OUT,
    Step.KICK: ActionKind.KICK,
    Step.BAN: ActionKind.BAN,
}


class CaseOfUpload:
    """Finds or opens the case of one upload that has just been concluded."""

    def __init__(
        self,
        session: AsyncSession,
        database: Database,
        upload: UploadRow,
        conclusion: Conclusion,
        now: datetime,
    ) -> None:
        self._session = session
        self._database = database
        self._upload = upload
        self._conclusion = conclusion
        self._verdict = conclusion.verdict
        self._now = now

    async def keep(self) -> tuple[CaseRow, bool]:
        """Return the case, and whether it is the first time that moderators are shown it."""
        await lock_guild(self._session, self._upload.guild_id)
        policy = await self._policy()
        special = self._verdict.outcome is Outcome.SPECIAL
        row = await case_of_message(self._session, self._upload, special=special)
        same_message = row is not None
        if row is None and not special:
            row = await case_of_copy(
                self._session,
                self._upload,
                self._conclusion.assessment,
                self._conclusion.fingerprint,
                timedelta(seconds=policy.raid_window_seconds),
            )
        shown_before = row is not None and row.outcome is not Outcome.NOTED
        opened = row is None
        if row is None:
            row = await self._open()
        else:
            self._join(row, other_picture=same_message)
        self._upload.case_id = row.id
        if opened or not await self._sighted_twin(row):
            self._session.add(self._sighting(row))
            row.sighting_count += 1
            row.last_sighting_at = max(row.last_sighting_at, self._upload.posted_at)
        if opened or same_message:
            await self._bank(row)
        await self._act(row, policy)
        await redraw(self._session, self._database, row, self._now)
        return row, not shown_before and row.outcome is not Outcome.NOTED

    async def _policy(self) -> Policy:
        row = await self._session.get(PolicyRow, self._upload.guild_id)
        found = None if row is None else opened_policy(self._database.seal, row)
        return found or Policy()

    async def _open(self) -> CaseRow:
        verdict, seal = self._verdict, self._database.seal
        guild_id, thumbnail = self._upload.guild_id, self._conclusion.thumbnail
        copied = copied_cases(self._conclusion.assessment)
        special = verdict.outcome is Outcome.SPECIAL
        row = CaseRow(
            guild_id=guild_id,
            number=await next_case_number(self._session, guild_id),
            state=CaseState.OPEN,
            outcome=verdict.outcome,
            rule=verdict.rule or (SPECIAL if special else UNANSWERED),
            score=verdict.score,
            severity=verdict.severity,
            step=verdict.step,
            automatic=verdict.automatic,
            dry_run=verdict.dry_run,
            opened_at=self._now,
            updated_at=self._now,
            last_sighting_at=self._upload.posted_at,
            version=0,
            sighting_count=0,
            seen_before=await seen_before(self._session, guild_id, copied),
            findings=sealed_findings(seal, _gravest_first(verdict, self._conclusion.assessment)),
            thumbnail=None if thumbnail is None else seal.seal(thumbnail),
            card_version=0,
        )
        self._session.add(row)
        await self._session.flush()
        event = CaseEventRow(case_id=row.id, kind=EventKind.OPENED, at=self._now)
        self._session.add(event)
        return row

    def _join(self, row: CaseRow, *, other_picture: bool) -> None:
        """Let a case say the gravest of what was found, by whichever of its uploads."""
        verdict, seal, thumbnail = self._verdict, self._database.seal, self._conclusion.thumbnail
        # That it is a copy of the case's own picture says nothing new of that picture.
        own = [finding for finding in verdict.reasons if finding.rule == verdict.rule]
        said = [finding.score for finding in own if finding.case_id != row.id]
        score = max(said, default=row.score if own else verdict.score)
        graver = _gravity(verdict.outcome, verdict.step, verdict.severity, score) > _gravity(
            row.outcome, row.step, row.severity, row.score
        )
        if graver:
            row.rule = verdict.rule or row.rule
            row.score, row.severity = score, verdict.severity
            row.step, row.dry_run = verdict.step, verdict.dry_run
        row.automatic = max(row.automatic or 0, verdict.automatic or 0) or None
        row.outcome = max(row.outcome, verdict.outcome, key=_ORDER.index)
        if thumbnail is not None and (row.thumbnail is None or (graver and other_picture)):
            row.thumbnail = seal.seal(thumbnail)
        before = findings_of(seal, row)
        found = [
            finding
            for finding in _gravest_first(verdict, self._conclusion.assessment)
            if finding.case_id != row.id
        ]
        merged = _merged(found, before) if graver else _merged(before, found)
        if merged != before:
            row.findings = sealed_findings(seal, merged)

    async def _sighted_twin(self, row: CaseRow) -> bool:
        """Say whether the very same upload is among the sightings, reported or not reported."""
        twin = _twin_key(self._upload.key)
        question = (
            select(SightingRow.upload_id)
            .join(UploadRow, UploadRow.id == SightingRow.upload_id)
            .where(SightingRow.case_id == row.id, UploadRow.key == twin)
        )
        return await self._session.scalar(question) is not None

    def _sighting(self, row: CaseRow) -> SightingRow:
        upload = self._upload
        return SightingRow(
            case_id=row.id,
            upload_id=upload.id,
            channel_id=upload.channel_id,
            message_id=upload.message_id,
            author_id=upload.author_id,
            author=upload.author,
            subject=upload.subject,
            posted_at=upload.posted_at,
        )

    async def _bank(self, row: CaseRow) -> None:
        """Remember the picture as seen, unless the case has the very same one.

        For its own rules alone: the case may be named after another picture of the message. What
        was found harmless is left out too, as copies are dealt with by these rules without a look.
        """
        fingerprint, views = self._conclusion.fingerprint, self._conclusion.views
        if fingerprint is None and views is None:
            return
        sha256 = None if fingerprint is None else fingerprint.sha256
        if views is None and fingerprint is not None:
            views = Views(hashes=fingerprint.hashes, whole=fingerprint.hashes)
        known = select(BankEntryRow.id).where(
            BankEntryRow.case_id == row.id, BankEntryRow.sha256 == sha256
        )
        if await self._session.scalar(known.limit(1)) is not None:
            return
        rules = [finding.rule for finding in self._verdict.reasons if finding.severity]
        entry = BankEntry(
            id=0,
            guild_id=row.guild_id,
            kind=BankKind.SEEN,
            rules=tuple(dict.fromkeys(rules))[:MAX_BANKED_RULES],
            sha256=sha256,
            views=views or Views(),
            case_id=row.id,
        )
        revision = await next_revision(self._session, row.guild_id)
        self._session.add(BankEntryRow(revision=revision, **bank_values(entry, self._now)))

    async def _act(self, row: CaseRow, policy: Policy) -> None:
        """Add what is done without asking: to the message, to the person, and telling them."""
        verdict, upload = self._verdict, self._upload
        step = None if verdict.dry_run else verdict.automatic
        if step is None or step < Step.DELETE:
            return
        member = upload.author is Author.MEMBER
        done = await self._add(
            row, ActionKind.DELETE, delete_key(upload.subject, upload.message_id)
        )
        if not member:
            return
        if step in _ACTIONS:
            until = None
            if step is Step.TIME_OUT:
                lasts = timedelta(seconds=policy.time_out_seconds)
                until = self._conclusion.time_out_until or self._now + lasts
            if await self._to_person(row, _ACTIONS[step], until):
                done, people = True, (upload.author_id,)
                await hold_on(
                    self._session, self._database, row, _ACTIONS[step], people, now=self._now
                )
        if done and policy.tell_person and verdict.outcome is not Outcome.SPECIAL:
            await self._to_person(row, ActionKind.TELL)

    async def _to_person(
        self, row: CaseRow, kind: ActionKind, until: datetime | None = None
    ) -> bool:
        person_id = self._upload.author_id
        key = person_key(kind, row.id, person_id)
        return await self._add(row, kind, key, person_id=person_id, until=until)

    async def _add(
        self,
        row: CaseRow,
        kind: ActionKind,
        key: str,
        *,
        person_id: int | None = None,
        until: datetime | None = None,
    ) -> bool:
        added = await add_action(
            self._session,
            self._database,
            row,
            kind,
            key,
            now=self._now,
            channel_id=self._upload.channel_id,
            message_id=self._upload.message_id,
            person_id=person_id,
            subject=self._upload.subject,
            until=until,
        )
        return added is not None


def _twin_key(key: str) -> str:
    """Return the key of the same picture at the same place, reported or not reported."""
    if key.startswith(REPORTED_PREFIX):
        return key.removeprefix(REPORTED_PREFIX)
    return f"{REPORTED_PREFIX}{key}"


def _gravity(
    outcome: Outcome, step: int | None, severity: int, score: float
) -> tuple[bool, int, int, int, float]:
    """Order what may become of a picture: what is done about it counts before how sure one is."""
    return outcome is not Outcome.NOTED, step or 0, _ORDER.index(outcome), severity, score


def _gravest_first(verdict: Verdict, assessment: Assessment) -> tuple[Finding, ...]:
    return _merged(verdict.reasons, assessment.findings)


def _merged(first: Iterable[Finding], then: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return one finding of each source on each rule, at most MAX_FINDINGS."""
    found: dict[tuple[str, Source], Finding] = {}
    for finding in (*first, *then):
        found.setdefault((finding.rule, finding.source), finding)
    return tuple(found.values())[:MAX_FINDINGS]
