"""Look at pictures with a task: describe them, write their alt text, read their text."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace

import structlog

from bot.domain.answer import Answer, Reset, TextDelta
from bot.domain.errors import (
    AnswerInterrupted,
    ContextExceeded,
    LookoutError,
    NoPicture,
    PictureError,
    PictureRejected,
    QueueFull,
    StorageFailed,
)
from bot.domain.picture import Note, Picture, PictureNeeds, PictureRef
from bot.domain.ports import (
    AnswerKey,
    AnswerStore,
    Asker,
    Engine,
    Gate,
)
from bot.domain.task import Parameters, Question, TaskName
from bot.services.choosing import chosen, kept_under
from bot.services.originals import Originals
from bot.services.progress import Outcome, Part, Report, Seen, Stage
from bot.services.sharing import Listener, Sharing

_log = structlog.get_logger(__name__)

_SMALLER = 0.5
"""How many of its pixels a picture keeps after it did not fit the model."""


@dataclass(frozen=True, slots=True)
class LookRequest:
    """One person's wish: a task about one or more pictures, answered in this order.

    A source that was refused before it was fetched keeps its place as the error it is. ``seed``
    set asks for another answer than the kept one.
    """

    task: TaskName
    sources: tuple[PictureRef | LookoutError, ...]
    parameters: Parameters
    asker: Asker
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class LookResult:
    """One outcome a picture, in the order of the request's sources."""

    outcomes: tuple[Outcome, ...]

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The pictures that were answered."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Seen))


def lasting_sources(
    request: LookRequest, outcomes: Sequence[Outcome]
) -> tuple[PictureRef | None, ...]:
    """Return each place's source; None where no picture was found, nor ever will be."""
    return tuple(
        source if isinstance(source, PictureRef) and not isinstance(outcome, PictureError) else None
        for source, outcome in zip(request.sources, outcomes, strict=True)
    )


@dataclass(frozen=True, slots=True)
class LookRecord:
    """What a request was in ids and figures, for the log and for metrics: no words, no pixels."""

    task: TaskName
    person_id: int
    guild_id: int | None
    pictures: int
    bytes: int
    models: tuple[str, ...]
    cached: int
    prompt_tokens: int
    answer_tokens: int
    failures: tuple[str, ...]
    milliseconds: int


Observer = Callable[[LookRecord], None]
"""Hears of every request once it is over; must return at once and raise nothing."""


@dataclass(slots=True)
class _Board:
    """Everybody's progress, told on each change."""

    report: Report
    parts: list[Part]

    def listener(self, index: int) -> Listener:
        def tell(part: Part) -> None:
            self.parts[index] = part
            self.report(tuple(self.parts))

        return tell


@dataclass(slots=True)
class Look:
    """The road from a picture's address to its answer.

    ``observers`` hear of every request.
    """

    originals: Originals
    engine: Engine
    gate: Gate
    answers: AnswerStore
    observers: Sequence[Observer] = ()
    _sharing: Sharing = field(default_factory=Sharing, init=False)

    def charge(self, request: LookRequest) -> None:
        """Count a request against its asker's limits, before anything slow happens.

        Raises NoPicture when there is nothing to look at, and RateLimited.
        """
        refs = [source for source in request.sources if isinstance(source, PictureRef)]
        if not refs:
            raise NoPicture(tuple(s for s in request.sources if isinstance(s, PictureError)))
        self.gate.charge(request.asker, len(refs))

    async def run(self, request: LookRequest, report: Report = lambda _: None) -> LookResult:
        """Answer every picture; one that fails does not keep the others from their answers."""
        started = time.monotonic()
        board = _Board(report, [Part()] * len(request.sources))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._part(request, source, board.listener(index)))
                for index, source in enumerate(request.sources)
            ]
        result = LookResult(tuple(task.result() for task in tasks))
        record = _record(request, result, time.monotonic() - started)
        for observe in self.observers:
            observe(record)
        return result

    async def _part(
        self, request: LookRequest, source: PictureRef | LookoutError, tell: Listener
    ) -> Outcome:
        try:
            if isinstance(source, LookoutError):
                raise source
            seen = await self._see(request, source, tell)
        except LookoutError as error:
            tell(Part(Stage.FAILED, outcome=error))
            return error
        tell(Part(Stage.DONE, text=seen.answer.text, outcome=seen))
        return seen

    async def _see(self, request: LookRequest, source: PictureRef, tell: Listener) -> Seen:
        engine = self.engine
        using = chosen(engine, request.task)
        needs = self.originals.needs(using, request.task, request.parameters)
        picture = await self.originals.get(source, needs)
        key = kept_under(using, request.task, request.parameters, picture)
        if request.seed is None:
            with contextlib.suppress(StorageFailed):  # a cache that is down costs time, no answer
                kept = await self.answers.get(key)
                if kept is not None:
                    return Seen(picture, _told_of_fallback(kept, using, engine))
        question = Question(request.task, request.parameters, picture, request.seed)

        async def ask(broadcast: Listener) -> Answer:
            answer = await self._ask(question, source, needs, request.asker, broadcast)
            await self._keep(key, answer)
            return answer

        if request.seed is not None:
            return Seen(picture, await ask(tell))
        try:
            return Seen(picture, await self._sharing.join(key, ask, tell))
        except QueueFull:
            # It may have been somebody else's call that found no place: ask for one's own.
            return Seen(picture, await ask(tell))

    async def _ask(
        self,
        question: Question,
        source: PictureRef,
        needs: PictureNeeds,
        asker: Asker,
        tell: Listener,
    ) -> Answer:
        """Wait for a turn and ask; once more with a smaller picture when it did not fit."""
        tell(Part(Stage.WAITING))
        async with self.gate.admit(
            asker, on_place=lambda place: tell(Part(Stage.WAITING, place=place))
        ):
            tell(Part(Stage.LOOKING))
            try:
                return await self._stream(question, tell)
            except (ContextExceeded, PictureRejected):
                _log.warning(
                    "picture_shrunk", task=question.task, bytes=question.picture.size_bytes
                )
            tell(Part(Stage.LOOKING))
            smaller = await self.originals.get(source, _smaller(question.picture, needs))
            answer = await self._stream(replace(question, picture=smaller), tell)
            return replace(answer, notes=(*answer.notes, Note.SHRUNK_AFTER_CONTEXT_ERROR))

    async def _stream(self, question: Question, tell: Listener) -> Answer:
        text = ""
        async with contextlib.aclosing(self.engine.stream(question)) as events:
            async for event in events:
                match event:
                    case TextDelta():
                        text += event.text
                    case Reset():
                        text = ""
                    case Answer():
                        notes = dict.fromkeys((*question.picture.notes, *event.notes))
                        return replace(event, notes=tuple(notes))
                tell(Part(Stage.LOOKING, text=text))
        raise AnswerInterrupted

    async def _keep(self, key: AnswerKey, answer: Answer) -> None:
        """Keep an answer under the engine and model that really gave it.

        That another engine was down when it was given is not part of it.
        """
        real = replace(key, engine=answer.engine, model=answer.model)
        notes = tuple(note for note in answer.notes if note is not Note.FALLBACK_READER)
        with contextlib.suppress(StorageFailed):
            await self.answers.put(real, replace(answer, notes=notes))


def _told_of_fallback(answer: Answer, using: Engine, engine: Engine) -> Answer:
    """Say of a kept answer that a second engine stands in, when it does."""
    if using.name == engine.name:
        return answer
    return replace(answer, notes=(*answer.notes, Note.FALLBACK_READER))


def _smaller(picture: Picture, needs: PictureNeeds) -> PictureNeeds:
    frame = picture.frames[0]
    pixels = max(int(frame.width * frame.height * _SMALLER), needs.min_side**2)
    return replace(needs, max_pixels=pixels, max_frames=max(1, len(picture.frames) // 2))


def _record(request: LookRequest, result: LookResult, seconds: float) -> LookRecord:
    answers = [seen.answer for seen in result.seen]
    return LookRecord(
        task=request.task,
        person_id=request.asker.person_id,
        guild_id=request.asker.guild_id,
        pictures=len(result.outcomes),
        bytes=sum(seen.picture.size_bytes for seen in result.seen),
        models=tuple(sorted({answer.model for answer in answers})),
        cached=sum(answer.cached for answer in answers),
        prompt_tokens=sum(answer.usage.prompt_tokens or 0 for answer in answers),
        answer_tokens=sum(answer.usage.answer_tokens or 0 for answer in answers),
        failures=tuple(type(o).__name__ for o in result.outcomes if isinstance(o, LookoutError)),
        milliseconds=round(seconds * 1000),
    )


def log_record(record: LookRecord) -> None:
    """Write the one line of a request."""
    _log.info("look", **asdict(record))
