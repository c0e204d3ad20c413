"""Everything moderation consists of, and its work in the process that is connected to Discord."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.clock import utc_now
from bot.domain.moderation.assessment import Assessment, Verdict
from bot.domain.moderation.jobs import JobQueue
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
from bot.domain.ports import Asker, Fetcher, Gate
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.intake import Intake
from bot.services.moderation.policies import Policies


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is done at once, and how long something may take."""

    screen_parallel: int = 4
    judge_parallel: int = 1
    """0 where other processes judge."""
    attempts: int = 5
    max_age: timedelta = timedelta(hours=48)
    """How long an upload may wait before it is given up as expired."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a picture is, and what a policy makes of it."""

    examined: Examined
    assessment: Assessment
    verdict: Verdict


@dataclass(slots=True)
class Moderation:
    """The parts, opened; the workers run between ``start`` and ``stop``."""

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
    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], datetime] = utc_now

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
        raise NotImplementedError

    async def start(self, enforcer: Enforcer) -> None:
        """Begin the work. A second time, while it goes on, does nothing."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End the work within a grace, and give back what is not done."""
        raise NotImplementedError

    async def idle(self) -> None:
        """Wait until no job waits or is under way."""
        raise NotImplementedError
