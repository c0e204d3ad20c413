"""Fakes at the ports that moderation's handlers need, and what goes through them."""

import asyncio
import hashlib
import json
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.answer import Answer, EngineEvent, TextDelta
from bot.domain.errors import EngineError, LookoutError
from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import Action, ActionState, Case
from bot.domain.moderation.fingerprint import (
    BankEntry,
    BankKind,
    BankMatch,
    Fingerprint,
    Views,
)
from bot.domain.moderation.policy import Category, Policy, Rule, Step
from bot.domain.moderation.ports import BankChanges, Card, Examined
from bot.domain.moderation.upload import NewUpload
from bot.domain.picture import Frame, PictureNeeds, PictureRef, SourceKind
from bot.domain.ports import EngineStatus, Room
from bot.domain.task import Asked, Parameters, Review, TaskName
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.intake import Intake
from bot.services.moderation.moderation import Moderation, Pace
from bot.services.moderation.policies import Policies
from bot.vision.gate import Gate, Limits
from tests.services.fakes import FakeAnswers, FakeFetcher
from tests.services.moderation.memory import MemoryCases, MemoryPolicies, MemoryUploads
from tests.services.moderation.memory_queue import MemoryQueue, Outage
from tests.services.moderation.virtual import BEGINNING, virtual_now

GUILD = 1
CHANNEL = 20
AUTHOR = 300

STRICT = Policy(
    enabled=True,
    dry_run=False,
    log_channel_id=99,
    rules={
        category: Rule(threshold=0.5, ladder=(Step.DELETE, Step.TIME_OUT)) for category in Category
    },
)


def new_upload(
    name: str = "cat",
    *,
    author_id: int = AUTHOR,
    priority: int = 0,
    previewed: bool = True,
    posted_at: datetime = BEGINNING,
) -> NewUpload:
    """Return an upload whose picture goes by ``name``; ``bad…`` ones break a rule."""
    return NewUpload(
        key=f"m:{name}",
        guild_id=GUILD,
        channel_id=CHANNEL,
        message_id=len(name) + 1000,
        author_id=author_id,
        ref=PictureRef(SourceKind.ATTACHMENT, url=f"https://cdn.discordapp.com/{name}", name=name),
        posted_at=posted_at,
        priority=priority,
        previewed=previewed,
    )


def frame(name: str) -> Frame:
    return Frame(name.encode(), "image/png", 64, 64)


def digest_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def hashes_of(name: str) -> tuple[int, int]:
    """Return a perceptual hash: ``cat#1`` and ``cat#2`` are copies of one picture."""
    digest = digest_of(name.partition("#")[0])
    return int(digest[:16], 16), int(digest[16:32], 16)


@dataclass
class FakeExaminer:
    """Finds in an original what its name says: ``qr-…`` holds a code that logs in elsewhere."""

    errors: dict[str, LookoutError] = field(default_factory=dict)
    broken: bool = False
    examined: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def examine(self, data: bytes) -> Examined:
        name = data.decode()
        self.examined.append(name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        if name in self.errors:
            raise self.errors[name]
        codes = ("https://discord.com/ra/abc",) if name.startswith("qr-") else ()
        return Examined(Fingerprint(digest_of(name), hashes_of(name)), (frame(name),), codes=codes)

    async def views(self, frames: Sequence[Frame]) -> Views:
        if self.broken:
            raise LookoutError
        hashes = tuple(half for one in frames for half in hashes_of(one.data.decode()))
        return Views(hashes, hashes)

    async def thumbnail(self, frame: Frame) -> bytes:
        return b"blurred"


@dataclass
class FakeBank:
    """Matches by the name of the original."""

    matches: dict[str, tuple[BankMatch, ...]] = field(default_factory=dict)

    async def match(self, guild_id: int, fingerprint: Fingerprint) -> tuple[BankMatch, ...]:
        digests = {digest_of(name): matches for name, matches in self.matches.items()}
        return digests.get(fingerprint.sha256, ())


async def _done(_: Action) -> ActionState:
    return ActionState.DONE


@dataclass
class FakeEnforcer:
    """Does in a moment what it is asked to, and remembers it."""

    do: Callable[[Action], Awaitable[ActionState]] = _done
    on_draw: Callable[[Case], Awaitable[Card | None]] | None = None
    done: list[Action] = field(default_factory=list)
    drawn: list[tuple[int, int]] = field(default_factory=list)
    reachable: bool = True

    async def carry_out(self, action: Action) -> ActionState:
        state = await self.do(action)
        self.done.append(action)
        return state

    async def draw_card(self, case: Case, policy: Policy) -> Card | None:
        card: Card | None = Card(policy.log_channel_id or 0, case.number)
        if self.on_draw is not None:
            card = await self.on_draw(case)
        self.drawn.append((case.id, case.version))
        return card

    async def can_act_on(self, guild_id: int, person_id: int) -> bool:
        return self.reachable


def judgement(rule: str | None = None, *, sure: int = 90, minor: bool = False) -> str:
    """Return what a model replies about a picture that breaks one rule, or none."""
    findings = [
        {
            "rule": rule,
            "evidence": "as plain as day",
            "sure": sure,
            "severity": 2,
            "apparent_minor": minor,
        }
    ]
    return json.dumps(
        {
            "what_is_shown": "A picture.",
            "text_in_picture": "",
            "instructions_in_picture": False,
            "findings": findings if rule else [],
        }
    )


@dataclass
class FakeEngine:
    """Takes ``seconds`` a question; ``bad…`` pictures are weapons, ``special…`` worse."""

    name: str = "fake"
    seconds: float = 1.0
    error: EngineError | None = None
    errors: dict[str, EngineError] = field(default_factory=dict)
    is_ready: bool = True
    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    def model_for(self, task: TaskName) -> str:
        return "eyes"

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        return PictureNeeds()

    def room(self) -> Room | None:
        return None

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        assert isinstance(question, Review)
        name = question.picture.frames[0].data.decode()
        self.asked.append(name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.error is not None:
                raise self.error
            if name in self.errors:
                raise self.errors[name]
            yield TextDelta("{")
            await self.think()
        finally:
            self.at_once -= 1
        self.answered.append(name)
        yield Answer(self._said(name), engine=self.name, model="eyes")

    async def think(self) -> None:
        await asyncio.sleep(self.seconds)

    async def status(self) -> EngineStatus:
        return EngineStatus(self.name, self.is_ready)

    def _said(self, name: str) -> str:
        if name.startswith("special"):
            return judgement(Category.SEXUAL, minor=True)
        return judgement(Category.WEAPONS if name.startswith("bad") else None)


class NoKeeper:
    """A ModerationKeeper of nothing."""

    async def delete_person(self, person_id: int) -> int:
        return 0

    async def delete_guild(self, guild_id: int) -> int:
        return 0

    async def note_presence(self, present: Collection[int], is_ours: Callable[[int], bool]) -> int:
        return 0

    async def expire(self, batch: int) -> int:
        return 0


class NoBankStore:
    """A BankStore of nothing."""

    async def revision(self, guild_id: int) -> int:
        return 0

    async def changes(self, guild_id: int, after: int) -> BankChanges:
        return BankChanges(0)

    async def add(self, entries: Sequence[BankEntry]) -> int:
        return 0

    async def remove(self, guild_id: int, entry_ids: Collection[int]) -> int:
        return 0

    async def listed(
        self, guild_id: int, kind: BankKind, *, offset: int = 0, limit: int = 25
    ) -> tuple[int, Sequence[BankEntry]]:
        return 0, ()


@dataclass
class Office:
    """All of moderation with stores in memory, in virtual time."""

    parallel: int = 1
    pace: Pace = field(default_factory=Pace)
    outage: Outage = field(default_factory=Outage)
    engine: FakeEngine = field(default_factory=FakeEngine)
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    examiner: FakeExaminer = field(default_factory=FakeExaminer)
    enforcer: FakeEnforcer = field(default_factory=FakeEnforcer)
    bank: FakeBank = field(default_factory=FakeBank)
    answers: FakeAnswers = field(default_factory=FakeAnswers)
    queue: MemoryQueue = field(init=False)
    cases: MemoryCases = field(init=False)
    uploads: MemoryUploads = field(init=False)
    policies: MemoryPolicies = field(init=False)
    gate: Gate = field(init=False)
    moderation: Moderation = field(init=False)

    def __post_init__(self) -> None:
        self.queue = MemoryQueue(self.outage)
        self.cases = MemoryCases(self.queue, self.outage)
        self.uploads = MemoryUploads(self.queue, self.cases, self.outage)
        self.policies = MemoryPolicies({GUILD: STRICT}, self.outage)
        self.gate = Gate(
            parallel=self.parallel,
            queue_limit=100,
            limits=Limits(person_per_minute=3),
            clock=lambda: asyncio.get_running_loop().time(),
        )
        self.moderation = Moderation(
            policies=Policies(self.policies),
            uploads=self.uploads,
            cases=self.cases,
            bank_store=NoBankStore(),
            bank=self.bank,
            examiner=self.examiner,
            intake=Intake(self.uploads),
            assessing=Assessing(self.engine, self.gate, self.answers),
            queue=self.queue,
            keeper=NoKeeper(),
            fetcher=self.fetcher,
            gate=self.gate,
            engine=self.engine,
            pace=self.pace,
            clock=virtual_now,
        )

    async def post(self, *names: str) -> None:
        """Let pictures be posted, one after the other."""
        for name in names:
            await self.moderation.intake.accept([new_upload(name)])

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """How each picture ended, by its name."""
        names = {number: one.new.ref.name for number, one in self.uploads.uploads.items()}
        return {names[one]: outcome for one, outcome in self.uploads.outcomes.items()}

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Office"]:
        """Work for the length of the block, and to the end of what is queued."""
        await self.moderation.start(self.enforcer)
        try:
            yield self
            await self.moderation.idle()
        finally:
            await self.moderation.stop()
