"""The end of an upload: one verdict, with what a case needs and nothing more."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.errors import LookoutError
from bot.domain.moderation.assessment import WITH_CASE, Assessment, Context, Outcome, Verdict
from bot.domain.moderation.fingerprint import Views
from bot.domain.moderation.policy import UNANSWERED, Policy, Step
from bot.domain.moderation.ports import CaseStore, Enforcer, Examiner, Postponed, UploadStore
from bot.domain.moderation.upload import (
    REPORTED_PREFIX,
    Author,
    Conclusion,
    Screened,
    Upload,
    UploadState,
)
from bot.services.moderation.deciding import decide
from bot.services.moderation.policies import Policies

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Concluding:
    """Gathers what a decision depends on, and keeps what was decided.

    ``enforcer`` is None in a process without Discord: whether a person can be acted on is then
    found out when the action is carried out.
    """

    uploads: UploadStore
    policies: Policies
    cases: CaseStore
    examiner: Examiner
    enforcer: Enforcer | None
    clock: Callable[[], datetime]
    max_age: timedelta

    async def wanted(self, upload_id: int) -> tuple[Upload, Policy] | None:
        """Return an upload that is to be looked at, and by which policy. Raises StorageFailed.

        One that need not be looked at any more is ended.
        """
        upload = await self.uploads.get(upload_id)
        if upload is None or upload.state is UploadState.DONE:
            return None
        policy = await self.policies.get(upload.new.guild_id)
        if not policy.enabled:
            await self.end(upload, Outcome.WITHDRAWN)
        elif self.clock() - upload.recorded_at > self.max_age:
            await self.end(upload, Outcome.EXPIRED)
        else:
            return upload, policy
        return None

    async def verdict(self, upload: Upload, policy: Policy, assessment: Assessment) -> Verdict:
        """Decide, without keeping it. Raises StorageFailed."""
        return decide(assessment, policy, await self._context(upload, policy, assessment))

    async def _context(self, upload: Upload, policy: Policy, assessment: Assessment) -> Context:
        """Return what the decision depends on besides. Raises StorageFailed.

        Nobody asks about the person where nothing was found: it is by far the commonest case.
        """
        new = upload.new
        context = Context(
            age_restricted=new.age_restricted,
            reports=upload.reports,
            only_reported=new.key.startswith(REPORTED_PREFIX),
        )
        found = assessment.findings or assessment.special or assessment.unanswered
        if not found and not upload.reports:
            return context
        if new.author is not Author.MEMBER:
            return replace(context, person_can_be_acted_on=False)
        since = self.clock() - timedelta(days=policy.repeat_window_days)
        return replace(
            context,
            confirmed_before=await self.cases.confirmed_before(new.guild_id, new.author_id, since),
            person_can_be_acted_on=await self._can_act_on(new.guild_id, new.author_id),
        )

    async def end(self, upload: Upload, outcome: Outcome) -> None:
        """End an upload that nothing was found out about. Raises StorageFailed."""
        await self.uploads.conclude(Conclusion(upload.id, Verdict(outcome)))
        self._log_end(upload, outcome, None)

    async def fail(self, upload_id: int, screened: Screened | None = None) -> None:
        """End an upload that could not be judged, with a case for people. Raises StorageFailed."""
        verdict = Verdict(
            Outcome.FAILED, UNANSWERED, score=1.0, severity=1, step=Step.FLAG, settled=True
        )
        # Not remembered as seen: what failed for reasons of ours may go well with a copy.
        thumbnail = None if screened is None else (await self._shown(screened))[1]
        await self.uploads.conclude(Conclusion(upload_id, verdict, thumbnail=thumbnail))
        _log.warning("upload_failed", upload=upload_id)

    async def conclude(
        self,
        upload: Upload,
        policy: Policy,
        assessment: Assessment,
        verdict: Verdict,
        screened: Screened | None = None,
    ) -> None:
        """Keep a verdict, unless there is one already. Raises StorageFailed."""
        conclusion = await self._conclusion(upload.id, verdict, assessment, screened)
        if verdict.automatic is Step.TIME_OUT:
            until = self.clock() + timedelta(seconds=policy.time_out_seconds)
            conclusion = replace(conclusion, time_out_until=until)
        case_id = await self.uploads.conclude(conclusion)
        self._log_end(upload, verdict.outcome, case_id)

    async def _conclusion(
        self,
        upload_id: int,
        verdict: Verdict,
        assessment: Assessment,
        screened: Screened | None,
    ) -> Conclusion:
        if verdict.outcome is Outcome.SPECIAL:
            words_gone = tuple(replace(finding, evidence="") for finding in assessment.findings)
            reasons_gone = tuple(replace(finding, evidence="") for finding in verdict.reasons)
            return Conclusion(
                upload_id,
                replace(verdict, reasons=reasons_gone),
                replace(assessment, findings=words_gone),
            )
        if screened is None or verdict.outcome not in WITH_CASE:
            return Conclusion(upload_id, verdict, assessment)
        views, thumbnail = await self._shown(screened)
        return Conclusion(
            upload_id, verdict, assessment, screened.fingerprint, views=views, thumbnail=thumbnail
        )

    async def _shown(self, screened: Screened) -> tuple[Views | None, bytes | None]:
        """Return what a case recognises copies by and shows; a verdict does not wait for it."""
        try:
            views = await self.examiner.views((*screened.frames, *screened.dark))
            return views, await self.examiner.thumbnail(screened.frames[0])
        except LookoutError as error:
            _log.warning("case_without_picture", error=type(error).__name__)
            return None, None

    async def _can_act_on(self, guild_id: int, person_id: int) -> bool:
        if self.enforcer is None:
            return True
        try:
            return await self.enforcer.can_act_on(guild_id, person_id)
        except Postponed:
            return True

    def _log_end(self, upload: Upload, outcome: Outcome, case_id: int | None) -> None:
        _log.info(
            "upload_ended",
            upload=upload.id,
            guild=upload.new.guild_id,
            outcome=outcome,
            case=case_id,
            seconds=round((self.clock() - upload.recorded_at).total_seconds(), 1),
        )
