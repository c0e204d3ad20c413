"""A model, a reader and a classifier that say what a test tells them to, and what is judged."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from bot.domain.answer import Answer, EngineEvent
from bot.domain.errors import LookoutError
from bot.domain.moderation.assessment import Assessment, Source
from bot.domain.moderation.fingerprint import Fingerprint
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import Screened
from bot.domain.picture import Frame, Picture, PictureNeeds
from bot.domain.ports import Asker, EngineStatus, Room
from bot.domain.task import Asked, Dialogue, Parameters, Question, Review, TaskName
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.looking import Looking
from bot.vision.gate import Gate, Limits
from tests.services.fakes import FakeAnswers

ASKER = Asker(person_id=1, guild_id=1)
WHITE = Frame(b"on white", "image/png", 64, 64)
DARK = Frame(b"on dark", "image/png", 64, 64)
Says = Callable[[Asked], str | LookoutError]


def said(
    *findings: dict[str, object], shown: str = "A cat.", read: str = "", orders: bool = False
) -> str:
    """Return a reply in the form that is asked for."""
    return json.dumps(
        {
            "what_is_shown": shown,
            "text_in_picture": read,
            "instructions_in_picture": orders,
            "findings": findings,
        }
    )


def breaks(
    rule: str, sure: int = 90, severity: int = 2, *, minor: bool = False, evidence: str = "there"
) -> dict[str, object]:
    """Return one finding of a reply."""
    return {
        "rule": rule,
        "evidence": evidence,
        "sure": sure,
        "severity": severity,
        "apparent_minor": minor,
    }


def always(answer: str | LookoutError) -> Says:
    return lambda _: answer


def by_frame(**answers: str | LookoutError) -> Says:
    """Answer by the first frame that is shown: ``on_white``, ``on_dark`` …"""

    def says(asked: Asked) -> str | LookoutError:
        assert not isinstance(asked, Dialogue)
        name = asked.picture.frames[0].data.decode().replace(" ", "_")
        return answers.get(name, said())

    return says


def surest(found: Assessment) -> dict[tuple[str, Source], float]:
    return {(finding.rule, finding.source): finding.score for finding in found.findings}


@dataclass
class Eyes:
    """An engine whose every answer is what ``says`` makes of the question."""

    says: Says = field(default_factory=lambda: always(said()))
    name: str = "ollama"
    model: str = "eyes:8b"
    max_frames: int = 4
    asked: list[Asked] = field(default_factory=list)

    def model_for(self, task: TaskName) -> str:
        return self.model

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        return PictureNeeds(max_frames=self.max_frames)

    def room(self) -> Room | None:
        return None

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        self.asked.append(question)
        await asyncio.sleep(0)
        answer = self.says(question)
        if isinstance(answer, LookoutError):
            raise answer
        yield Answer(answer, self.name, self.model)

    async def words(self, picture: Picture) -> str:
        question = Question(TaskName.OCR, Parameters(), picture)
        (answer,) = [event async for event in self.stream(question)]
        assert isinstance(answer, Answer)
        return answer.text

    async def status(self) -> EngineStatus:
        return EngineStatus(self.name, ready=True)

    @property
    def reviews(self) -> list[Review]:
        return [asked for asked in self.asked if isinstance(asked, Review)]

    @property
    def shown(self) -> list[tuple[bytes, ...]]:
        """The frames that were looked at, call by call."""
        return [
            tuple(frame.data for frame in asked.picture.frames)
            for asked in self.asked
            if not isinstance(asked, Dialogue)
        ]


@dataclass
class Scores:
    """A classifier that is as sure as it is told to be."""

    answer: float | LookoutError = 0.0
    name: str = "nudity-test"

    async def score(self, frames: Sequence[Frame]) -> float:
        assert frames
        if isinstance(self.answer, LookoutError):
            raise self.answer
        return self.answer


@dataclass
class Desk:
    """All that assesses, with real rules, real decisions and a real gate."""

    model: Eyes = field(default_factory=Eyes)
    reader: Eyes | None = None
    classifier: Scores | None = None
    answers: FakeAnswers = field(default_factory=FakeAnswers)
    gate: Gate = field(default_factory=lambda: Gate(parallel=1, queue_limit=8, limits=Limits()))
    policy: Policy = field(default_factory=lambda: Policy(enabled=True))
    judges: bool = True
    """False where there is no model that could."""

    async def assess(
        self,
        screened: Screened | None = None,
        *,
        before: Assessment | None = None,
        text: str = "",
        age_restricted: bool = False,
        interactive: bool = False,
        stored: bool = True,
    ) -> Assessment:
        model = self.model if self.judges else None
        assessing = Assessing(model, self.gate, self.answers, Looking(self.reader, self.classifier))
        return await assessing.assess(
            screened or screened_of(WHITE),
            self.policy,
            before=before or Assessment(),
            text=text,
            age_restricted=age_restricted,
            asker=ASKER,
            interactive=interactive,
            stored=stored,
        )


def screened_of(*frames: Frame, dark: tuple[Frame, ...] = ()) -> Screened:
    return Screened(Fingerprint("0" * 64), frames, dark=dark, animated=len(frames) > 1)
