"""One turn on its way to its answer: build the prompt, wait for the engine, stream, learn."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.answer import Answer, Reset, TextDelta
from bot.domain.conversation import Turn
from bot.domain.conversation_ports import ConversationStore, Costs, CostStore
from bot.domain.errors import (
    AnswerInterrupted,
    CannotAnswer,
    ContextExceeded,
    StorageFailed,
)
from bot.domain.picture import Note, Picture
from bot.domain.ports import Asker, Engine, Gate
from bot.domain.task import Dialogue, TaskName
from bot.services.arrivals import Arrivals
from bot.services.choosing import chosen
from bot.services.costs import Meter, learned
from bot.services.progress import Part, Stage
from bot.services.prompting import Limits, Prompt, Prompter
from bot.tasks import ASK
from bot.tasks.ask import answer_tokens

_log = structlog.get_logger(__name__)

_MARGIN = 1 / 32
"""How much of a context is left free, for what templates add."""
_LEAST_TOKENS = 256
_SMALLER = 0.5
"""How many of their pixels pictures keep at most that did not fit."""
_GUESSED_DRIFT = 2.0
"""By how much a prompt is taken to have been too long when the engine does not say."""


@dataclass(slots=True)
class _Written:
    """What the engine wrote so far."""

    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer and the prompt it answers."""

    answer: Answer
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Answering:
    """Asks the engine about turns."""

    engine: Engine
    gate: Gate
    store: ConversationStore
    costs: CostStore
    prompter: Prompter
    arrivals: Arrivals

    async def limits(self, turn: Turn) -> Limits:
        """Say how much the prompt of a turn may hold. Raises CannotAnswer."""
        engine = chosen(self.engine, TaskName.ASK)
        room = engine.room()
        if room is None:
            raise CannotAnswer(engine.name, TaskName.ASK)
        costs = Costs()
        with contextlib.suppress(StorageFailed):  # first estimates do
            costs = await self.costs.costs(engine.model_for(TaskName.ASK))
        left = room.context_tokens - room.spare_tokens - answer_tokens(turn.parameters)
        budget = max(_LEAST_TOKENS, left - int(room.context_tokens * _MARGIN))
        return Limits(Meter(room.picture_tokens, costs), budget)

    async def run(
        self,
        turn: Turn,
        asker: Asker,
        at_hand: dict[int, Picture],
        tell: Callable[[Part], None],
        enough: asyncio.Event,
    ) -> Answered:
        """Answer a turn whose pictures are attached; ``at_hand`` holds them by number."""
        engine = chosen(self.engine, TaskName.ASK)
        model = engine.model_for(TaskName.ASK)
        needs = self.prompter.originals.needs(engine, TaskName.ASK, turn.parameters)
        limits = await self.limits(turn)
        prompt = await self.prompter.build(turn, model, limits, at_hand, needs)
        tell(Part(Stage.WAITING))
        async with self.gate.admit(
            asker, on_place=lambda place: tell(Part(Stage.WAITING, place=place))
        ):
            while not await self.prompter.holds(prompt):
                prompt = await self.prompter.build(turn, model, limits, at_hand, None)
            tell(Part(Stage.LOOKING))
            try:
                answer = await self._answer(prompt.dialogue, tell, enough)
            except ContextExceeded as error:
                _log.warning("context_exceeded", turn=turn.id, estimate=prompt.plan.tokens)
                await self._learn(prompt, model, limits.meter, error.prompt_tokens)
                tight = _tightened(limits, prompt, error)
                shrunk = await self._shrink(turn, prompt, tight, at_hand)
                prompt = await self.prompter.build(turn, model, tight, at_hand, None)
                tell(Part(Stage.LOOKING))
                answer = await self._answer(prompt.dialogue, tell, enough)
                if shrunk:
                    answer = _noted(answer, Note.SHRUNK_AFTER_CONTEXT_ERROR)
        if answer.model == model:
            await self._learn(prompt, model, limits.meter, answer.usage.prompt_tokens)
        if prompt.plan.window is not None:
            answer = _noted(answer, Note.CONTEXT_LEFT_OUT)
        if prompt.in_words:
            answer = _noted(answer, Note.PICTURES_IN_WORDS)
        return Answered(answer, prompt)

    async def _answer(
        self, dialogue: Dialogue, tell: Callable[[Part], None], enough: asyncio.Event
    ) -> Answer:
        """Stream an answer to its end, or until it is enough."""
        written = _Written()
        reading = asyncio.create_task(self._read(dialogue, written, tell))
        stopping = asyncio.create_task(enough.wait())
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return reading.result()
        finally:
            stopping.cancel()
            reading.cancel()
            await asyncio.wait({reading, stopping})
            if not reading.cancelled():
                reading.exception()  # has been heard of, whatever becomes of it
        text = ASK.finish(written.text, dialogue.parameters).text
        if not text.strip():
            raise AnswerInterrupted
        engine = chosen(self.engine, TaskName.ASK)
        model = engine.model_for(TaskName.ASK)
        return Answer(text, engine.name, model, notes=(Note.STOPPED_HERE,))

    async def _read(
        self, dialogue: Dialogue, written: _Written, tell: Callable[[Part], None]
    ) -> Answer:
        async with contextlib.aclosing(self.engine.stream(dialogue)) as events:
            async for event in events:
                match event:
                    case TextDelta():
                        written.text += event.text
                    case Reset():
                        written.text = ""
                    case Answer():
                        return event
                tell(Part(Stage.LOOKING, text=written.text))
        raise AnswerInterrupted

    async def _learn(
        self, prompt: Prompt, model: str, meter: Meter, prompt_tokens: int | None
    ) -> None:
        """Keep what the engine's count says about costs."""
        if prompt_tokens is None:
            return
        found = learned(meter, *prompt.measured(prompt_tokens))
        if found != Costs():
            with contextlib.suppress(StorageFailed):  # costs the next prompt a worse estimate
                await self.costs.learn(model, found)

    async def _shrink(
        self, turn: Turn, prompt: Prompt, limits: Limits, at_hand: dict[int, Picture]
    ) -> bool:
        """Make the turn's own pictures smaller when nothing else can give way, for good."""
        own = [kept.number for kept in prompt.view.turn.pictures if kept.number in prompt.loaded]
        cost = sum(limits.meter.prepared(prompt.loaded[number]) for number in own)
        if not own or (prompt.view.before and cost * limits.drift <= limits.budget / 2):
            return False
        engine = chosen(self.engine, TaskName.ASK)
        needs = self.prompter.originals.needs(engine, TaskName.ASK, turn.parameters)
        share = min(_SMALLER, limits.budget / 2 / (cost * limits.drift))
        smaller = {
            number: await self.arrivals.smaller(prompt.loaded[number], needs, share)
            for number in own
        }
        await self.store.replace_pictures(turn.id, smaller)
        at_hand.update(smaller)
        return True


def _tightened(limits: Limits, prompt: Prompt, error: ContextExceeded) -> Limits:
    """Aim lower after the engine refused a prompt, by its own figures where it gives some."""
    drift = _GUESSED_DRIFT
    if error.prompt_tokens is not None and prompt.plan.tokens > 0:
        drift = max(1.0, error.prompt_tokens / prompt.plan.tokens)
    budget = limits.budget
    if error.context_tokens is not None:
        budget = min(budget, error.context_tokens - (error.context_tokens >> 3))
    return replace(limits, budget=budget, tight=True, drift=drift)


def _noted(answer: Answer, note: Note) -> Answer:
    return replace(answer, notes=(*answer.notes, note))
