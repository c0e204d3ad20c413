"""JUDGE: ask the model about a screened upload, and decide."""

from dataclasses import dataclass

import structlog

from bot.domain.errors import (
    CannotAnswer,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    Interrupted,
    ModelMissing,
    QueueFull,
    StorageFailed,
    place_of,
)
from bot.domain.moderation.assessment import Assessment, Finding, Source
from bot.domain.moderation.jobs import Job, JobKind, JobQueue
from bot.domain.moderation.policy import UNANSWERED, Policy
from bot.domain.moderation.ports import Bank, UploadStore
from bot.domain.moderation.upload import Screened, Upload
from bot.domain.ports import Asker, Engine
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.circuit import Circuit
from bot.services.moderation.concluding import Concluding
from bot.services.moderation.giving_way import GaveWay
from bot.services.moderation.rules import recall
from bot.services.moderation.worker import Later

_log = structlog.get_logger(__name__)

MAX_GIVEN_WAY = 2
"""How often one upload's question is stopped for a person's before it is asked to its end."""
QUEUE_FULL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Judging:
    """Brings screened uploads to their verdict, one call of the model each."""

    uploads: UploadStore
    queue: JobQueue
    bank: Bank
    assessing: Assessing
    concluding: Concluding
    circuit: Circuit
    """Of the engine."""

    async def handle(self, job: Job) -> None:
        """Judge an upload. Raises Later and StorageFailed."""
        wanted = await self.concluding.wanted(job.subject_id)
        if wanted is None:
            return
        upload, policy = wanted
        screened = await self.uploads.spooled(upload.id)
        if screened is None:
            await self.queue.enqueue(JobKind.SCREEN, upload.id, priority=upload.new.priority)
            return
        await self._judge(upload, policy, screened)

    async def give_up(self, job: Job) -> None:
        """Go by what was found without the model, else call for people. Raises StorageFailed."""
        try:
            screened = await self.uploads.spooled(job.subject_id)
            if screened is None or not await self._go_by(job.subject_id, screened):
                await self.concluding.fail(job.subject_id, screened)
        except StorageFailed:
            raise
        except Exception as error:  # noqa: BLE001 - a case without a preview beats none
            _log.error("case_without_picture", error=type(error).__name__, where=place_of(error))
            await self.concluding.fail(job.subject_id)

    async def _go_by(self, upload_id: int, screened: Screened) -> bool:
        """Decide by what is found without the model; False where that says nothing.

        A picture that brings the model down must not get by with what its codes say.
        """
        wanted = await self.concluding.wanted(upload_id)
        if wanted is None:
            return True
        upload, policy = wanted
        unanswered = Finding(UNANSWERED, Source.MODEL, 1.0, 1)
        before = await self._found_before(upload, screened)
        seen = await self.assessing.look(screened, policy)
        assessment = before.with_findings(*seen, unanswered)
        verdict = await self.concluding.verdict(upload, policy, assessment)
        if verdict.rule == UNANSWERED:
            return False
        await self.concluding.conclude(upload, policy, assessment, verdict, screened)
        return True

    async def _found_before(self, upload: Upload, screened: Screened) -> Assessment:
        known = await recall(
            self.bank, self.concluding.cases, upload.new.guild_id, screened.fingerprint
        )
        return known.with_findings(*screened.findings)

    async def _judge(self, upload: Upload, policy: Policy, screened: Screened) -> None:
        assessment = await self._found_before(upload, screened)
        verdict = await self.concluding.verdict(upload, policy, assessment)
        if not verdict.settled:
            assessment = await self._assess(upload, policy, screened, assessment)
            verdict = await self.concluding.verdict(upload, policy, assessment)
        await self.concluding.conclude(upload, policy, assessment, verdict, screened)

    async def _assess(
        self, upload: Upload, policy: Policy, screened: Screened, before: Assessment
    ) -> Assessment:
        try:
            assessment = await self._ask(upload, policy, screened, before)
        except (EngineError, CannotAnswer) as error:
            was_open = self.circuit.failed()
            if _may_be_the_picture(error) and not was_open:
                raise Later(is_attempt=True) from error
            raise Later(self.circuit.probe_every_seconds, is_attempt=False) from error
        except (QueueFull, Interrupted) as error:
            raise Later(QUEUE_FULL_SECONDS, is_attempt=False) from error
        if assessment.asked_model:
            self.circuit.succeeded()
        return assessment

    async def _ask(
        self, upload: Upload, policy: Policy, screened: Screened, before: Assessment
    ) -> Assessment:
        """Ask, giving way to people now and then but not for ever."""
        new = upload.new
        given_way = 0
        while True:
            try:
                return await self.assessing.assess(
                    screened,
                    policy,
                    before=before,
                    text=new.text,
                    age_restricted=new.age_restricted,
                    asker=Asker(person_id=new.guild_id, guild_id=new.guild_id),
                    may_give_way=given_way < MAX_GIVEN_WAY,
                )
            except GaveWay:
                given_way += 1


def _may_be_the_picture(error: EngineError | CannotAnswer) -> bool:
    """Say whether one upload may bring this about by itself, such as by crashing the model."""
    if isinstance(error, EngineTimeout):
        return error.phase != "connect"
    return not isinstance(error, EngineUnavailable | EngineBusy | ModelMissing | CannotAnswer)


def engine_circuit(engine: Engine) -> Circuit:
    """Return a circuit for JUDGE jobs."""

    async def is_ready() -> bool:
        return (await engine.status()).ready

    return Circuit("engine", is_ready=is_ready)
