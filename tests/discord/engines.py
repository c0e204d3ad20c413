"""An engine whose pace the test sets."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from bot.domain.answer import Answer, EngineEvent, TextDelta
from bot.domain.errors import LookoutError
from bot.domain.picture import PictureNeeds
from bot.domain.ports import EngineStatus, Room
from bot.domain.task import Asked, Dialogue, Parameters, Question, Review, TaskName


@dataclass
class HandEngine:
    """Answers ``<task> <detail> <number>``; waits for ``go`` when it is cleared.

    What it was asked is in ``history`` (about one picture) and ``dialogues``. ``errors`` are raised
    first, one a question; ``said`` replaces the words of the answer.
    """

    name: str = "ollama"
    model: str = "qwen3-vl:8b"
    said: str = ""
    errors: deque[LookoutError] = field(default_factory=deque)
    history: list[Question | Review] = field(default_factory=list)
    dialogues: list[Dialogue] = field(default_factory=list)
    stopped: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.go.set()

    def model_for(self, task: TaskName) -> str:
        return self.model

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        return PictureNeeds()

    def room(self) -> Room | None:
        return Room(8192, 0, lambda width, height: width * height // 1024 + 1)

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        if isinstance(question, Dialogue):
            self.dialogues.append(question)
        else:
            self.history.append(question)
        number = len(self.history) + len(self.dialogues)
        self.asked.set()
        try:
            yield TextDelta("Thinking aloud")
            await self.go.wait()
            if self.errors:
                raise self.errors.popleft()
            words = self.said or f"{question.task} {question.parameters.detail} {number}"
            yield Answer(words, self.name, self.model)
        finally:
            if not self.go.is_set():
                self.stopped += 1

    async def status(self) -> EngineStatus:
        return EngineStatus(
            self.name, ready=True, version="0.34.1", models=((TaskName.DESCRIBE, self.model),)
        )
