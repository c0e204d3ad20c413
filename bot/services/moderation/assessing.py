"""From a screened upload to everything that was found about it: cheapest first, the model once.

Nothing that was found before is lowered: each source adds what it found. What the model says is
taken as far as it is a judgement in the form that was asked for; a refusal, a loop or a reply that
is none is kept as what it is, and never as a clean picture. An engine that is out of order is the
caller's matter.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import structlog

from bot.domain.answer import Answer
from bot.domain.errors import (
    AnswerInterrupted,
    AnswerInvalid,
    AnswerLooped,
    ContextExceeded,
    EngineError,
    EngineRejected,
    PictureRejected,
    StorageFailed,
)
from bot.domain.moderation.assessment import Assessment, Finding, Unanswered
from bot.domain.moderation.policy import Category, Policy
from bot.domain.moderation.taxonomy import DEFINITIONS
from bot.domain.moderation.upload import MAX_TEXT_CHARACTERS, Screened
from bot.domain.picture import Frame, Picture, PictureFacts
from bot.domain.ports import AnswerKey, AnswerStore, Asker, Engine, Gate
from bot.domain.task import Asked, Criterion, Parameters, Review, TaskName
from bot.services.choosing import chosen
from bot.services.moderation.deciding import ADULT
from bot.services.moderation.giving_way import background_turn
from bot.services.moderation.judgements import findings_of, is_special
from bot.services.moderation.looking import Looking
from bot.services.moderation.orders import order_in
from bot.services.moderation.wording import plain
from bot.tasks import MODERATE
from bot.tasks.moderate import Judgement, declines, read_judgement

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Asking:
    """How one upload is asked about."""

    asker: Asker
    interactive: bool
    stored: bool
    may_give_way: bool


@dataclass(slots=True)
class _Said:
    """What the model said of an upload, and what of it may be kept."""

    judgements: list[Judgement] = field(default_factory=list, repr=False)
    unanswered: Unanswered | None = None
    model: str = ""
    to_keep: list[tuple[AnswerKey, Answer]] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class Assessing:
    """Adds what readers, a classifier and the model find.

    Without an ``engine`` that can judge, what ``looking`` finds is all there is.
    """

    engine: Engine | None
    gate: Gate
    answers: AnswerStore
    looking: Looking = field(default_factory=Looking)

    async def assess(
        self,
        screened: Screened,
        policy: Policy,
        *,
        before: Assessment,
        text: str,
        age_restricted: bool,
        asker: Asker,
        interactive: bool = False,
        stored: bool = True,
        may_give_way: bool = True,
    ) -> Assessment:
        """Return ``before`` with all that is found further about an upload.

        ``text`` is what its message says; where that tells the model what to answer, the picture is
        judged without it. ``interactive`` asks with a person's priority instead of
        the background's, which ``may_give_way`` to people; ``stored=False`` reads and writes
        nothing. Raises EngineError where the engine is out of order or was interrupted (never for
        what it said or refused to take), CannotAnswer, QueueFull, Interrupted and GaveWay.
        """
        asking = _Asking(asker, interactive, stored, may_give_way)
        looking = self.look(screened, policy)
        if self.engine is None:
            return before.with_findings(*await looking)
        words = text[:MAX_TEXT_CHARACTERS] if order_in(plain(text)) is None else ""
        reviews = [
            Review(criteria_of(policy), picture, words, age_restricted)
            for picture in _pictures(screened)
        ]
        # At once: looking takes this machine's processor, judging the engine's time. What fails
        # waits for the other, since to break off a reading costs its process.
        seen, said = await asyncio.gather(
            looking, self._said(self.engine, reviews, asking), return_exceptions=True
        )
        if isinstance(said, BaseException):
            raise said
        if isinstance(seen, BaseException):
            raise seen
        judged = await asyncio.to_thread(findings_of, said.judgements, policy)
        found = replace(
            before.with_findings(*seen, *judged),
            unanswered=said.unanswered or before.unanswered,
            model=said.model or before.model,
            asked_model=True,
        )
        if is_special(found, said.judgements):
            nothing_said = tuple(replace(finding, evidence="") for finding in found.findings)
            return replace(found, findings=nothing_said, special=True)
        for key, answer in said.to_keep:
            with contextlib.suppress(StorageFailed):
                await self.answers.put(key, answer)
        return found

    async def look(self, screened: Screened, policy: Policy) -> list[Finding]:
        """Return what is found without the model."""
        return await self.looking.find(_pictures(screened), screened, policy)

    async def _said(self, engine: Engine, reviews: Sequence[Review], asking: _Asking) -> _Said:
        """Return what the model says of all pictures. Raises as ``assess``."""
        said = _Said()
        for review in reviews:
            await self._judge(engine, review, asking, said)
        return said

    async def _judge(self, engine: Engine, review: Review, asking: _Asking, said: _Said) -> None:
        """Ask about a picture, in parts where the model cannot take all its frames at once."""
        frames = review.picture.frames
        needs = chosen(engine, TaskName.MODERATE).needs_for(TaskName.MODERATE, review.parameters)
        if len(frames) > needs.max_frames:
            await self._judge_parts(engine, review, max(1, needs.max_frames), asking, said)
            return
        try:
            said.judgements.append(await self._judged(engine, review, asking, said))
        except EngineError as error:
            if isinstance(error, ContextExceeded) and len(frames) > 1:
                await self._judge_parts(engine, review, len(frames) // 2, asking, said)
                return
            unanswered = _unanswered(error)
            if unanswered is None:
                raise
            _log.warning("upload_unanswered", why=unanswered, error=type(error).__name__)
            said.unanswered = unanswered

    async def _judge_parts(
        self, engine: Engine, review: Review, frames_at_once: int, asking: _Asking, said: _Said
    ) -> None:
        frames = review.picture.frames
        for start in range(0, len(frames), frames_at_once):
            part = _picture(frames[start : start + frames_at_once])
            await self._judge(engine, replace(review, picture=part), asking, said)

    async def _judged(
        self, engine: Engine, review: Review, asking: _Asking, said: _Said
    ) -> Judgement:
        """Return what the model says, or said of the very same before. Raises EngineError."""
        names = tuple(criterion.name for criterion in review.criteria)
        key = _key(chosen(engine, TaskName.MODERATE), review)
        kept = await self._kept(key) if asking.stored else None
        if kept is not None:
            with contextlib.suppress(AnswerInvalid):
                said.model = kept.model
                return read_judgement(kept.text, names)
        turn = (
            self.gate.admit(asking.asker)
            if asking.interactive
            else background_turn(self.gate, asking.asker, may_give_way=asking.may_give_way)
        )
        async with turn:
            answer = await _answer(engine, review)
        said.model = answer.model
        judgement = read_judgement(answer.text, names)
        if declines(judgement):
            _log.warning("upload_unanswered", why=Unanswered.REFUSED)
            said.unanswered = Unanswered.REFUSED
        elif asking.stored:
            real = replace(key, engine=answer.engine, model=answer.model)
            said.to_keep.append((real, answer))
        return judgement

    async def _kept(self, key: AnswerKey) -> Answer | None:
        with contextlib.suppress(StorageFailed):
            return await self.answers.get(key)
        return None


def criteria_of(policy: Policy) -> tuple[Criterion, ...]:
    """Return what the model is asked about: every rule that is on.

    Sexual content and nudity are always among it: where an adult server has them off, a minor in
    them is still to be found.
    """
    asked = [
        category
        for category in Category
        if category in ADULT or ((rule := policy.rules.get(category)) and rule.enabled)
    ]
    return (
        *(Criterion(category.value, DEFINITIONS[category].meaning) for category in asked),
        *(
            Criterion(custom.id, custom.text, quoted=True)
            for custom in policy.custom_rules
            if custom.rule.enabled
        ),
    )


async def _answer(engine: Engine, asked: Asked) -> Answer:
    async with contextlib.aclosing(engine.stream(asked)) as events:
        async for event in events:
            if isinstance(event, Answer):
                return event
    raise AnswerInterrupted


def _key(engine: Engine, review: Review) -> AnswerKey:
    """Say under what a judgement is kept: no person, no server, no words that can be read."""
    question = [
        [asdict(criterion) for criterion in review.criteria],
        review.text,
        review.age_restricted,
    ]
    digest = hashlib.sha256(json.dumps(question).encode()).hexdigest()
    return AnswerKey(
        picture_sha256=review.picture.sha256,
        task=TaskName.MODERATE,
        task_version=MODERATE.version,
        engine=engine.name,
        model=engine.model_for(TaskName.MODERATE),
        parameters=Parameters(focus=digest),
    )


def _pictures(screened: Screened) -> list[Picture]:
    """Return an upload's picture on white, and where that differs on dark."""
    return [_picture(frames) for frames in (screened.frames, screened.dark) if frames]


def _picture(frames: Sequence[Frame]) -> Picture:
    first = frames[0]
    facts = PictureFacts(
        format=first.media_type.rpartition("/")[2].upper(),
        width=first.width,
        height=first.height,
        size_bytes=sum(len(frame.data) for frame in frames),
        frame_count=len(frames),
    )
    return Picture(tuple(frames), facts)


def _unanswered(error: EngineError) -> Unanswered | None:
    """Say what a failure means where it is about this one picture; None for an outage."""
    match error:
        case AnswerInvalid():
            return Unanswered.INVALID
        case AnswerLooped():
            return Unanswered.LOOPED
        case PictureRejected() | ContextExceeded() | EngineRejected(status=400):
            return Unanswered.REJECTED
        case _:
            return None
