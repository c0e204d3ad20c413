"""The books of the random test: what each prompt may hold, kept beside the store."""

import asyncio
import re
from collections.abc import AsyncGenerator, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from bot.domain.answer import Answer, EngineEvent, TextDelta, Usage
from bot.domain.conversation import AskRequest, Retention, Turn, TurnState
from bot.domain.errors import (
    ContextExceeded,
    EngineTimeout,
)
from bot.domain.task import Asked, Dialogue, Line
from tests.services.conversation_fakes import MemoryConversationStore
from tests.services.conversing import MODEL, CountingEngine, Talk, true_tokens

Result = TypeVar("Result")

PEOPLE = {"ana": 7_000_001, "ben": 7_000_002, "cho": 7_000_003}
GUILDS = {"north": 8_000_001, "south": 8_000_002}
CHANNEL = 9_000_000
RETENTION = Retention(timedelta(hours=20), timedelta(hours=20))
MARK = re.compile(r"\b([qa]\d+)x\b")
PICTURE = re.compile(rb"^p(\d+)x")
SPEAKER = re.compile(r"^Person ([A-Z]+):\n> (q\d+)x", re.MULTILINE)
ENGINE_ERRORS = (EngineTimeout("first_word", 1), ContextExceeded(9000, 8192))


@dataclass
class Known:
    """What the test knows of a turn by itself, beside the store."""

    number: int
    turn: Turn
    request: AskRequest
    parent: int | None
    pictures: set[int] = field(default_factory=set)
    task: "asyncio.Task[object] | None" = None
    forgotten: bool = False


@dataclass
class HeldEngine(CountingEngine):
    """Hands every prompt to the test at once, and answers when the test lets it."""

    held: list["asyncio.Future[Exception | None]"] = field(default_factory=list)
    at_once: Any = None

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        assert isinstance(question, Dialogue)
        mark = self.at_once(question)
        tokens = true_tokens(question.lines)
        if tokens > self.context_tokens:
            raise ContextExceeded(tokens, self.context_tokens)
        go: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.held.append(go)
        try:
            yield TextDelta(f"a{mark}x ")
            failure = await go
        finally:
            self.held.remove(go)
        if failure is not None:
            raise failure
        text = f"a{mark}x " + "So it is. " * (mark % 40)
        yield Answer(text, "ollama", MODEL, usage=Usage(tokens, len(text) // 4 + 1))


class Books:
    """What a test knows of conversations by itself, and every prompt checked against it."""

    def __init__(self, context_tokens: int, parallel: int, random: Random) -> None:
        self.random = random
        self.loop = asyncio.new_event_loop()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.known: dict[int, Known] = {}
        self.numbers: dict[int, int] = {}
        self.pictures = 0
        self.lost = False
        self.engine = HeldEngine(
            context_tokens=context_tokens, at_once=self.check, max_pixels=400_000
        )
        self.store: Any = self.new_store()
        self.talk = Talk(
            engine=self.engine, store=self.store, retention=RETENTION, parallel=parallel
        )
        self.talk.converse.now = lambda: self.now
        self.wrong: list[str] = []

    # What lies in the store, behind everybody's back.

    def new_store(self) -> Any:
        return MemoryConversationStore(now=lambda: self.now)

    def state(self, turn_id: int) -> TurnState | None:
        turn = self.store.kept.get(turn_id)
        return None if turn is None else turn.state

    def brought(self) -> Iterable[str]:
        """The names of the pictures that turns have."""
        return (one.source.name for turn in self.store.kept.values() for one in turn.pictures)

    def lose(self, chance: float) -> Iterable[bytes]:
        """Drop some stills; return their bytes."""
        for sha256 in sorted(self.store.blobs):
            if self.random.random() < chance:
                yield self.store.blobs.pop(sha256)[1]

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        async def settled() -> Result:
            try:
                return await work
            finally:
                for _ in range(60):
                    await asyncio.sleep(0)

        return self.loop.run_until_complete(settled())

    # What the engine may be sent.

    def way(self, number: int) -> list[Known]:
        """The turns on the way to one, by the test's own books, oldest first."""
        found: list[Known] = []
        at: int | None = number
        while at is not None:
            found.insert(0, self.known[at])
            at = self.known[at].parent
        return found

    def check(self, dialogue: Dialogue) -> int:
        """Compare a prompt with what its conversation may see; return the number it asks."""
        number = int(MARK.findall(dialogue.lines[-1].text)[-1][1:])
        way = self.way(number)
        allowed = {f"q{one.number}" for one in way if not one.forgotten}
        allowed |= {f"a{one.number}" for one in way[:-1] if not one.forgotten}
        seen = {mark for line in dialogue.lines for mark in MARK.findall(line.text)}
        if seen - allowed:
            self.wrong.append(f"turn {number} was told {sorted(seen - allowed)}")
        allowed_pictures = {p for one in way if not one.forgotten for p in one.pictures}
        shown = {p for line in dialogue.lines for p in pictures_of(line)}
        if shown - allowed_pictures:
            self.wrong.append(f"turn {number} was shown {sorted(shown - allowed_pictures)}")
        self.check_labels(dialogue)
        self.check_complete(dialogue, way, seen, shown)
        return number

    def check_labels(self, dialogue: Dialogue) -> None:
        """A letter is one person on the way to a turn; no id, name or link is ever told."""
        speakers: dict[str, int] = {}
        for line in dialogue.lines:
            for letter, mark in SPEAKER.findall(line.text):
                person_id = self.known[int(mark[1:])].request.asker.person_id
                if speakers.setdefault(letter, person_id) != person_id:
                    self.wrong.append(f"{mark} was said by Person {letter}, who is somebody else")
            private = (*PEOPLE, *map(str, PEOPLE.values()), *map(str, GUILDS.values()), "http")
            private += tuple(f"p{picture}x" for picture in range(self.pictures + 1))
            if any(word in line.text for word in private):
                self.wrong.append(f"a line names somebody: {line.text!r}")

    def check_complete(
        self, dialogue: Dialogue, way: list[Known], seen: set[str], shown: set[int]
    ) -> None:
        """Everything before has ended, and nothing is missing as long as no window is open."""
        for one in way[:-1]:
            if self.state(one.turn.id) is TurnState.WAITING:
                self.wrong.append(f"turn {way[-1].number} did not wait for turn {one.number}")
        if dialogue.lines[0].text.startswith(("Earlier", "Picture")) or self.lost:
            return
        for one in way:
            if not one.forgotten and not (
                f"q{one.number}" in seen and one.pictures <= shown | self.failed
            ):
                self.wrong.append(f"turn {way[-1].number} was not told of turn {one.number}")

    @property
    def failed(self) -> set[int]:
        """Pictures of turns that ended before they were attached."""
        kept = {int(found[1]) for name in self.brought() if (found := PICTURE.match(name.encode()))}
        return set(range(self.pictures + 1)) - kept


def pictures_of(line: Line) -> set[int]:
    found = (PICTURE.match(shown.picture.frames[0].data) for shown in line.shown)
    return {int(match[1]) for match in found if match}
