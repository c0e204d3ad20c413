"""SCREEN: fetch an upload, prepare it, and do all that needs no model."""

import asyncio
from dataclasses import dataclass, field

from bot.domain.errors import FetchFailed, PictureError, PictureGone, PictureHostile
from bot.domain.moderation.assessment import Assessment, Finding, Outcome, Unanswered
from bot.domain.moderation.jobs import Job
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.ports import Bank, Examined, Examiner, Postponed, UploadStore
from bot.domain.moderation.upload import Screened, Upload
from bot.domain.picture import PictureRef, SourceKind
from bot.domain.ports import Fetcher
from bot.services.moderation.circuit import Circuit
from bot.services.moderation.concluding import Concluding
from bot.services.moderation.rules import read_codes, recall
from bot.services.moderation.worker import Later

TOO_MANY_REQUESTS = 429
SERVER_ERRORS_FROM = 500
FAILURES_OF_HOSTS = 3
"""So many downloads in a row fail where the hosts are down, and not single files."""
PROBE_EVERY_SECONDS = 60.0


@dataclass(slots=True)
class Originals:
    """Fetches originals to examine them, ``hold`` in memory at once."""

    fetcher: Fetcher
    examiner: Examiner
    hold: int
    _holding: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._holding = asyncio.Semaphore(self.hold)

    async def examine(self, ref: PictureRef) -> Examined:
        """Fetch and examine. Raises what these raise; nothing of the original is left after."""
        async with self._holding:
            return await self.examiner.examine(await self.fetcher.fetch(ref))


@dataclass(frozen=True, slots=True)
class Screening:
    """Settles what can be settled at once, and spools the rest for the model."""

    uploads: UploadStore
    originals: Originals
    bank: Bank
    concluding: Concluding
    circuit: Circuit
    """Of Discord's file hosts, and of the room there is for what waits for the model."""

    async def handle(self, job: Job) -> None:
        """Screen an upload. Raises Later, Postponed and StorageFailed."""
        wanted = await self.concluding.wanted(job.subject_id)
        if wanted is None:
            return
        upload, policy = wanted
        try:
            examined = await self._examine(upload)
        except PictureGone:
            await self.concluding.end(upload, Outcome.GONE)
        except PictureHostile as error:
            if job.attempts == 1:  # slow or out of memory may be our doing
                raise Later(is_attempt=True) from error
            await self._unreadable(upload, policy)
        except PictureError:
            await self._unreadable(upload, policy)
        else:
            await self._settle_or_spool(upload, policy, examined)
            self.circuit.succeeded()

    async def give_up(self, job: Job) -> None:
        """Call for people. Raises StorageFailed."""
        await self.concluding.fail(job.subject_id)

    async def _examine(self, upload: Upload) -> Examined:
        try:
            return await self.originals.examine(upload.new.ref)
        except FetchFailed as error:
            # What a link shows comes from a host of somebody's choice: it says nothing of others.
            if upload.new.ref.kind is SourceKind.EMBED or not _may_pass(error):
                raise
            was_open = self.circuit.failed()
            wait = self.circuit.probe_every_seconds if was_open else None
            raise Later(wait, is_attempt=not was_open) from error
        except PictureError:
            self.circuit.succeeded()
            raise

    async def _unreadable(self, upload: Upload, policy: Policy) -> None:
        """Call for a person where Discord shows the picture; what nobody sees harms nobody."""
        if not upload.new.previewed and not upload.reports:
            await self.concluding.end(upload, Outcome.UNREADABLE)
            return
        assessment = Assessment(unanswered=Unanswered.UNREADABLE)
        verdict = await self.concluding.verdict(upload, policy, assessment)
        await self.concluding.conclude(upload, policy, assessment, verdict)

    async def _settle_or_spool(self, upload: Upload, policy: Policy, examined: Examined) -> None:
        known = await recall(
            self.bank, self.concluding.cases, upload.new.guild_id, examined.fingerprint
        )
        codes = read_codes(examined.codes)
        assessment = known.with_findings(*codes)
        screened = screened_of(examined, codes)
        verdict = await self.concluding.verdict(upload, policy, assessment)
        if verdict.settled:
            await self.concluding.conclude(upload, policy, assessment, verdict, screened)
        else:
            await self._spool(upload, screened)

    async def _spool(self, upload: Upload, screened: Screened) -> None:
        try:
            await self.uploads.spool(upload.id, screened)
        except Postponed:  # full: fetching more would only be for nothing
            self.circuit.failed(certain=True)
            raise


def screened_of(examined: Examined, findings: tuple[Finding, ...] = ()) -> Screened:
    """Return what goes on to the model, with what was found before."""
    return Screened(
        examined.fingerprint,
        examined.frames,
        dark=examined.dark,
        codes=examined.codes,
        findings=findings,
        animated=examined.animated,
    )


def screening_circuit() -> Circuit:
    """Return a circuit for SCREEN jobs; single downloads fail for reasons of their own."""
    return Circuit("screening", failures=FAILURES_OF_HOSTS, probe_every_seconds=PROBE_EVERY_SECONDS)


def _may_pass(error: FetchFailed) -> bool:
    """Say whether the trouble is with the host, and not with this one file."""
    status = error.status
    return status is None or status >= SERVER_ERRORS_FROM or status == TOO_MANY_REQUESTS
