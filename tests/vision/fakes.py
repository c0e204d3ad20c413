"""Engines that play a script."""

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.answer import Answer, EngineEvent
from bot.domain.picture import Frame, Picture, PictureFacts, PictureNeeds
from bot.domain.ports import EngineStatus, Room
from bot.domain.task import Asked, Dialogue, Line, Parameters, Question, Speaker, TaskName

Script = list[EngineEvent | Exception]


@dataclass
class ScriptedEngine:
    """Plays one queued script a question, and remembers who asked and who hung up."""

    name: str = "ollama"
    model: str = "qwen3-vl:8b"
    max_side: int = 1024
    scripts: deque[Script] = field(default_factory=deque)
    statuses: deque[EngineStatus] = field(default_factory=deque)
    history: list[Asked] = field(default_factory=list)
    closed_early: int = 0
    holds: Room | None = None

    def enqueue(self, *events: EngineEvent | Exception) -> None:
        self.scripts.append(list(events))

    def model_for(self, task: TaskName) -> str:
        return f"{self.model}/{task}"

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        del task, parameters
        return PictureNeeds(max_side=self.max_side)

    def room(self) -> Room | None:
        return self.holds

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        self.history.append(question)
        try:
            for event in self.scripts.popleft():
                if isinstance(event, Exception):
                    raise event
                yield event
        except GeneratorExit:
            self.closed_early += 1
            raise

    async def status(self) -> EngineStatus:
        return self.statuses.popleft()


@dataclass
class HandClock:
    """A UTC clock moved by hand."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def question(task: TaskName = TaskName.OCR) -> Question:
    frame = Frame(b"bytes", "image/png", 1, 1)
    return Question(task, Parameters(), Picture((frame,), PictureFacts("PNG", 1, 1, 5)))


def dialogue(text: str = "Person A:\n> Which colour?") -> Dialogue:
    return Dialogue(Parameters(), (Line(Speaker.PERSON, text),))


def answer(text: str = "words", engine: str = "ollama", model: str = "qwen3-vl:8b") -> Answer:
    return Answer(text=text, engine=engine, model=model)


def up(name: str = "ollama") -> EngineStatus:
    return EngineStatus(
        name,
        ready=True,
        version="0.30.0",
        models=((TaskName.DESCRIBE, "from the engine"), (TaskName.OCR, "from the engine")),
    )


def down(name: str = "ollama") -> EngineStatus:
    return EngineStatus(name, ready=False)


async def collect(events: AsyncGenerator[EngineEvent, None]) -> list[EngineEvent]:
    return [event async for event in events]
