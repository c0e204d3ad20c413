"""A Converse with fakes around it, and an engine that counts what it is sent."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.answer import Answer, EngineEvent, TextDelta, Usage
from bot.domain.conversation import Address, AskRequest, Closer, Retention, Turn
from bot.domain.errors import ContextExceeded
from bot.domain.picture import Frame, Picture, PictureFacts, PictureNeeds, PictureRef, Region
from bot.domain.ports import Asker, EngineStatus, PostedAnswer, Room
from bot.domain.task import Asked, Dialogue, Line, Parameters, TaskName
from bot.services.converse import Converse, TurnResult
from bot.services.originals import Originals
from bot.services.progress import Part, Stage
from bot.tasks.ask import system_text
from bot.vision.gate import Gate, Limits
from tests.services.conversation_fakes import MemoryConversationStore, MemoryCostStore
from tests.services.fakes import FakeAnswers, FakeFetcher, ref

MODEL = "eye:1b"
ANA, BEN = Asker(1, 100), Asker(2, 100)
LONG = Retention(timedelta(days=30), timedelta(days=30))
_MESSAGES = itertools.count(1)


def true_tokens(lines: Sequence[Line], rate: float = 0.25, still: float = 0.001) -> int:
    """What the fake model really needs for a prompt."""
    text = len(system_text().encode())
    stills = 0.0
    for line in lines:
        text += len(line.text.encode()) + 20
        for shown in line.shown:
            text += len(shown.name) + 4
            stills += sum(frame.width * frame.height * still for frame in shown.picture.frames)
    return int(text * rate + stills)


@dataclass
class CountingEngine:
    """Answers every dialogue and counts its tokens; scripts stand in for the answer."""

    name: str = "ollama"
    context_tokens: int = 8192
    first_estimate: float = 0.0015
    rate: float = 0.25
    still: float = 0.001
    max_pixels: int = 1_000_000
    blind: bool = False
    counts: bool = True
    scripts: deque[list[EngineEvent | Exception | asyncio.Event]] = field(default_factory=deque)
    asked: list[Dialogue] = field(default_factory=list)
    say: Callable[[Dialogue], str] = lambda dialogue: f"Answer {len(dialogue.lines)}."
    hung_up: int = 0

    def script(self, *events: EngineEvent | Exception | asyncio.Event) -> None:
        """Queue what happens instead of an answer; an Event is waited for."""
        self.scripts.append(list(events))

    def model_for(self, task: TaskName) -> str:
        return MODEL

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        return PictureNeeds(max_pixels=self.max_pixels)

    def room(self) -> Room | None:
        if self.blind:
            return None
        return Room(self.context_tokens, 0, lambda w, h: int(w * h * self.first_estimate) + 1)

    def tokens(self, lines: Sequence[Line]) -> int:
        return true_tokens(lines, self.rate, self.still)

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        assert isinstance(question, Dialogue)
        self.asked.append(question)
        await asyncio.sleep(0)
        tokens = self.tokens(question.lines)
        if tokens > self.context_tokens:
            raise ContextExceeded(tokens, self.context_tokens)
        try:
            if self.scripts:
                for event in self.scripts.popleft():
                    if isinstance(event, asyncio.Event):
                        await event.wait()
                    elif isinstance(event, Exception):
                        raise event
                    else:
                        yield event
                return
            text = self.say(question)
            yield TextDelta(text[:1])
            await asyncio.sleep(0)
            yield TextDelta(text[1:])
            usage = (
                Usage(tokens, int(len(text.encode()) * self.rate) + 1) if self.counts else Usage()
            )
            yield Answer(text, self.name, MODEL, usage=usage)
        except (GeneratorExit, asyncio.CancelledError):
            self.hung_up += 1
            raise

    async def status(self) -> EngineStatus:
        return EngineStatus(self.name, ready=True)


@dataclass
class CuttingPreparer:
    """Makes pictures whose bytes say of what and which part they are."""

    needs: list[PictureNeeds] = field(default_factory=list)
    broken: set[bytes] = field(default_factory=set)

    async def prepare(self, data: bytes, needs: PictureNeeds) -> Picture:
        self.needs.append(needs)
        await asyncio.sleep(0)
        side = int(min(needs.max_pixels, 1_000_000) ** 0.5)
        if needs.region is not None:
            sides = astuple(needs.region)
            data += f"[{' '.join(f'{side:.2f}' for side in sides)}]".encode()
        frame = Frame(data, "image/png", side, side)
        return Picture((frame,), PictureFacts("PNG", side, side, len(data)))


@dataclass
class Finder:
    """Finds text where it is told that there is some."""

    region: Region | None = field(default_factory=lambda: Region(0.2, 0.2, 0.6, 0.4))
    seen: list[Picture] = field(default_factory=list)

    async def find_text(self, picture: Picture) -> Region | None:
        self.seen.append(picture)
        return self.region


@dataclass
class Heard:
    """What a person was told of the progress of their turns."""

    parts: list[Part] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, part: Part) -> None:
        self.parts.append(part)
        self._changed.set()

    async def until(self, wanted: Callable[[Part], bool]) -> None:
        """Wait until a part was heard that is as ``wanted``."""
        async with asyncio.timeout(5):
            while not any(map(wanted, self.parts)):
                self._changed.clear()
                await self._changed.wait()

    async def stage(self, stage: Stage) -> None:
        await self.until(lambda part: part.stage is stage)

    async def a_word(self) -> None:
        await self.until(lambda part: bool(part.text))


@dataclass
class Talk:
    """Everything a conversation needs, in memory."""

    engine: CountingEngine = field(default_factory=CountingEngine)
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    preparer: CuttingPreparer = field(default_factory=CuttingPreparer)
    store: MemoryConversationStore = field(default_factory=MemoryConversationStore)
    costs: MemoryCostStore = field(default_factory=MemoryCostStore)
    answers: FakeAnswers = field(default_factory=FakeAnswers)
    finder: Finder = field(default_factory=Finder)
    retention: Retention = LONG
    person_per_minute: int = 1_000_000
    parallel: int = 1
    heard: Heard = field(default_factory=Heard)

    def __post_init__(self) -> None:
        self.converse = self.restarted()

    def restarted(self) -> Converse:
        """A new process on the same store."""
        per_minute = self.person_per_minute
        self.converse = Converse(
            originals=Originals(self.fetcher, self.preparer),
            engine=self.engine,
            gate=Gate(
                parallel=self.parallel, queue_limit=50, limits=Limits(per_minute, 10**6, 10**6)
            ),
            store=self.store,
            costs=self.costs,
            answers=self.answers,
            retention_limits=self.retention,
            text_finder=self.finder,
        )
        return self.converse

    async def accept(self, request: AskRequest) -> Turn:
        turn = await self.converse.accept(request)
        assert turn is not None
        return turn

    async def ask(self, request: AskRequest) -> TurnResult:
        """All the way, as the person sees it."""
        turn = await self.accept(request)
        result = await self.answer(turn, request)
        await self.converse.told(turn)
        return result

    async def answer(
        self, turn: Turn, request: AskRequest, enough: asyncio.Event | None = None
    ) -> TurnResult:
        return await self.converse.answer(turn.id, request, self.heard, enough or asyncio.Event())

    @property
    def last(self) -> Dialogue:
        return self.engine.asked[-1]


def asks(
    question: str = "What is that?",
    *sources: PictureRef | Exception,
    asker: Asker = ANA,
    after: Turn | TurnResult | None = None,
    channel_id: int = 1000,
    private: bool = False,
    thread_id: int | None = None,
    closer: Closer | None = None,
    posted: PostedAnswer | None = None,
    parameters: Parameters | None = None,
) -> AskRequest:
    before = after.turn if isinstance(after, TurnResult) else after
    return AskRequest(
        question=question,
        sources=sources,
        parameters=parameters or Parameters(language=""),
        asker=asker,
        address=Address(channel_id, question_message_id=next(_MESSAGES)),
        private=private,
        parent_id=before.id if before else None,
        thread_id=thread_id,
        closer=closer,
        posted=posted,
    )


def names(dialogue: Dialogue) -> list[str]:
    """The pictures that the engine was shown, in order."""
    return [shown.name for line in dialogue.lines for shown in line.shown]


def words(dialogue: Dialogue) -> str:
    return "\n".join(line.text for line in dialogue.lines)


def posted(private: bool = False) -> PostedAnswer:
    return PostedAnswer(
        id=5,
        task=TaskName.DESCRIBE,
        parameters=Parameters(),
        sources=(ref("cat"), ref("dog")),
        asker_id=ANA.person_id,
        guild_id=ANA.guild_id,
        private=private,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    )
