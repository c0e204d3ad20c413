"""Everything moderation consists of, and its work in the process that is connected to Discord."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.domain.clock import utc_now
from bot.domain.errors import StorageFailed
from bot.domain.moderation.assessment import Assessment, Context, Verdict
from bot.domain.moderation.jobs import JobKind, JobQueue
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.ports import (
    Bank,
    BankStore,
    CaseStore,
    Enforcer,
    Examined,
    Examiner,
    ModerationKeeper,
    UploadStore,
)
from bot.domain.picture import PictureRef
from bot.domain.ports import Asker, Engine, Fetcher, Gate
from bot.services.moderation.acting import Acting
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.carding import Carding
from bot.services.moderation.concluding import Concluding
from bot.services.moderation.deciding import decide
from bot.services.moderation.intake import Intake
from bot.services.moderation.judging import Judging, engine_circuit
from bot.services.moderation.policies import Policies
from bot.services.moderation.rules import read_codes, recall
from bot.services.moderation.screening import Originals, Screening, screened_of, screening_circuit
from bot.services.moderation.worker import CLAIM_WAIT_SECONDS, Lane, Worker

_log = structlog.get_logger(__name__)

ACT_PARALLEL = 3
"""Discord limits what a bot may do; a server that is held up must not hold up the others."""
CARD_PARALLEL = 2
SCRUB_EVERY_SECONDS = 300.0
"""How long what a verdict erased may still lie in the database's log."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is done at once, and how long something may take."""

    screen_parallel: int = 4
    judge_parallel: int = 1
    """0 where other processes judge."""
    attempts: int = 5
    max_age: timedelta = timedelta(hours=48)
    """How long an upload may wait before it is given up as expired."""
    grace_seconds: float = 10.0
    """How long what is under way may take when the work is ended."""
    claim_wait_seconds: float = CLAIM_WAIT_SECONDS


@dataclass(frozen=True, slots=True)
class Looked:
    """What a picture is, and what a policy makes of it."""

    examined: Examined
    assessment: Assessment
    verdict: Verdict


@dataclass(slots=True)
class Moderation:
    """The parts, opened; the work goes on between ``start`` and ``stop``."""

    policies: Policies
    uploads: UploadStore
    cases: CaseStore
    bank_store: BankStore
    bank: Bank
    examiner: Examiner
    intake: Intake
    assessing: Assessing
    queue: JobQueue
    keeper: ModerationKeeper
    fetcher: Fetcher
    gate: Gate
    engine: Engine
    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], datetime] = utc_now
    _originals: Originals = field(init=False)
    _worker: Worker | None = field(default=None, init=False)
    _scrubbing: asyncio.Task[None] | None = field(default=None, init=False)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._originals = Originals(self.fetcher, self.examiner, hold=self.pace.screen_parallel)

    async def look_now(
        self,
        ref: PictureRef,
        policy: Policy,
        *,
        guild_id: int,
        asker: Asker,
        text: str = "",
        age_restricted: bool = False,
    ) -> Looked:
        """Look at a picture by a policy at once, as a person waits. Nothing is kept of it.

        Raises RateLimited, what fetching raises, a PictureError, and a ServiceError.
        """
        self.gate.charge(asker)
        examined = await self._originals.examine(ref)
        known = await recall(self.bank, self.cases, guild_id, examined.fingerprint)
        assessment = known.with_findings(*read_codes(examined.codes))
        context = Context(age_restricted=age_restricted)
        verdict = decide(assessment, policy, context)
        if not verdict.settled:
            assessment = await self.assessing.assess(
                screened_of(examined),
                policy,
                before=assessment,
                text=text,
                age_restricted=age_restricted,
                asker=asker,
                interactive=True,
                stored=False,
            )
            verdict = decide(assessment, policy, context)
        return Looked(examined, assessment, verdict)

    async def start(self, enforcer: Enforcer) -> None:
        """Begin the work. A second time, while it goes on, does nothing."""
        self._start(self._lanes(enforcer))

    async def start_judging(self) -> None:
        """Only ask the model, in a process that is not connected to Discord."""
        self._start([self._judging(None)])

    async def stop(self) -> None:
        """End the work within a grace, and give back what is not done."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop(self.pace.grace_seconds)
        if self._scrubbing is not None:
            self._stopping.set()
            await asyncio.wait([self._scrubbing])
            self._scrubbing = None
        await self.intake.close()

    async def idle(self) -> None:
        """Wait until no job waits or is under way; at once where the work has not begun.

        Raises StorageFailed.
        """
        if self._worker is not None:
            await self._worker.idle()

    def _start(self, lanes: Sequence[Lane]) -> None:
        if self._worker is not None:
            return
        self._worker = Worker(
            self.queue,
            lanes,
            attempts=self.pace.attempts,
            claim_wait_seconds=self.pace.claim_wait_seconds,
        )
        self._worker.start()
        self._stopping = asyncio.Event()
        self._scrubbing = asyncio.create_task(self._scrub_regularly(), name="scrub-uploads")
        _log.info("moderation_started", kinds=[lane.kind.value for lane in lanes])

    async def _scrub_regularly(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SCRUB_EVERY_SECONDS):
                    await self._stopping.wait()
            with contextlib.suppress(StorageFailed):  # what is left goes the next time
                await self.uploads.scrub()

    def _lanes(self, enforcer: Enforcer) -> tuple[Lane, ...]:
        circuit = screening_circuit()
        screening = Screening(
            self.uploads,
            self._originals,
            self.bank,
            self._concluding(enforcer),
            circuit,
        )
        return (
            Lane(JobKind.SCREEN, screening, self.pace.screen_parallel, circuit=circuit),
            self._judging(enforcer),
            Lane(JobKind.ACT, Acting(self.cases, enforcer), ACT_PARALLEL, in_order=True),
            Lane(JobKind.CARD, Carding(self.cases, self.policies, enforcer), CARD_PARALLEL),
        )

    def _judging(self, enforcer: Enforcer | None) -> Lane:
        circuit = engine_circuit(self.engine)
        judging = Judging(
            self.uploads,
            self.queue,
            self.bank,
            self.assessing,
            self._concluding(enforcer),
            circuit,
        )
        return Lane(JobKind.JUDGE, judging, self.pace.judge_parallel, circuit=circuit)

    def _concluding(self, enforcer: Enforcer | None) -> Concluding:
        return Concluding(
            self.uploads,
            self.policies,
            self.cases,
            self.examiner,
            enforcer,
            self.clock,
            self.pace.max_age,
        )
