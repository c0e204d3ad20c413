"""The engine that asks Ollama."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Self

import structlog
from pydantic import BaseModel, ValidationError

from bot.domain.answer import Answer, EngineEvent, Reset, TextDelta, Usage
from bot.domain.errors import AnswerInvalid, AnswerLooped, EngineError, ModelUnsupported
from bot.domain.picture import Note, PictureNeeds
from bot.domain.ports import EngineStatus, Room
from bot.domain.task import Asked, Parameters, TaskName
from bot.tasks import Prompt, prompt_for, task_named
from bot.vision.families import UNKNOWN, Sight, fitted, picture_tokens, sight_of
from bot.vision.ollama_client import Frame, OllamaClient, Patience
from bot.vision.ollama_errors import LoadCancelled, PicturesMixedUp
from bot.vision.ollama_facts import FactBook, ModelFacts
from bot.vision.ollama_request import THINKING_TOKENS, chat_request
from bot.vision.repetition import ACROSS_LINES_CHARACTERS, RepetitionGuard

_log = structlog.get_logger(__name__)

_NO_TASK_MODELS: Mapping[TaskName, str] = MappingProxyType({})
_REPAIR = (
    "Your last reply could not be used. Reply again, complete and in exactly the form asked for, "
    "with nothing before or after it."
)
_REPAIR_TEMPERATURE = 0.4
"""At 0 a model gives the same reply again."""


@dataclass(slots=True)
class _Reply:
    """A model's reply as it grows."""

    text: str = field(default="", repr=False)
    thought: bool = False
    last: Frame = field(default_factory=Frame)

    @property
    def cut(self) -> bool:
        return self.last.done_reason == "length"


class OllamaEngine:
    """Answers questions with vision models on one Ollama server.

    ``task_models`` names another model for single tasks. Times are in seconds, ``num_ctx`` in
    tokens; a negative ``keep_alive_seconds`` keeps models in memory for ever.
    """

    name = "ollama"

    def __init__(
        self,
        *,
        host: str,
        model: str,
        task_models: Mapping[TaskName, str] = _NO_TASK_MODELS,
        num_ctx: int = 8192,
        keep_alive_seconds: float = 1800,
        connect_timeout_seconds: float = 5,
        first_word_timeout_seconds: float = 300,
        next_word_timeout_seconds: float = 60,
    ) -> None:
        self._models = {task: task_models.get(task, model) for task in TaskName}
        self._num_ctx = num_ctx
        self._keep_alive_seconds = keep_alive_seconds
        self._client = OllamaClient(
            host,
            Patience(
                connect_timeout_seconds, first_word_timeout_seconds, next_word_timeout_seconds
            ),
        )
        self._book = FactBook(self._client)
        self._obedient: set[str] = set()
        """Models that could think and did not when told not to."""

    async def open(self) -> None:
        """Learn what the models need; a server that is down is asked again at first use."""
        await self.status()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def model_for(self, task: TaskName) -> str:
        """Name the model that answers ``task``."""
        return self._models[task]

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        """Bound the task's needs by what its model sees, as far as that is known by now."""
        return fitted(task_named(task).needs(parameters), self._sight(task), self._num_ctx)

    def room(self) -> Room:
        """Say how much a Dialogue may hold, as far as its model is known by now."""
        model = self.model_for(TaskName.ASK)
        facts = self._book.last_known(model)
        # Ollama gives no model a longer context than it was trained for.
        trained = facts.context_tokens if facts else None
        return Room(
            context_tokens=min(self._num_ctx, trained or self._num_ctx),
            spare_tokens=self._room_for_thoughts(model),
            picture_tokens=partial(picture_tokens, self._sight(TaskName.ASK)),
        )

    def _sight(self, task: TaskName) -> Sight:
        facts = self._book.last_known(self.model_for(task))
        return sight_of(facts.family, facts.projector) if facts else UNKNOWN

    def _room_for_thoughts(self, model: str) -> int:
        """Return how many tokens a model may need besides its answer."""
        facts = self._book.last_known(model)
        plain = facts is not None and not facts.thinks
        return 0 if plain or model in self._obedient else THINKING_TOKENS

    async def status(self) -> EngineStatus:
        """Ask for the version and the models; ready when every task's model can see."""
        version = ""
        ready = False
        try:
            async with asyncio.timeout(self._client.patience.connect_seconds):
                version = await self._client.version()
                for model in dict.fromkeys(self._models.values()):
                    self._book.doubt(model)
                    await self._book.read(model)
                ready = True
        except (EngineError, TimeoutError) as error:
            _log.debug("ollama_not_ready", error=type(error).__name__)
        return EngineStatus(self.name, ready, version, tuple(self._models.items()))

    async def stream(self, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        """Yield deltas (free text only) and resets, then one Answer.

        Closing the iterator closes the connection, which stops the server's work. Raises
        EngineError.
        """
        model = self.model_for(question.task)
        try:
            async with contextlib.aclosing(self._answer(model, question)) as events:
                async for event in events:
                    yield event
        except EngineError as error:
            self._book.doubt(model)
            if isinstance(error, ModelUnsupported) and not error.engine_version:
                known = self._book.last_known(model)
                error.engine_version = known.engine_version if known else ""
            raise

    async def _answer(self, model: str, question: Asked) -> AsyncGenerator[EngineEvent, None]:
        """Ask, and once more when the reply cannot be used."""
        facts = await self._book.read(model)
        prompt = prompt_for(question, facts.family)
        for last_try in (False, True):
            reply = _Reply()
            async with contextlib.aclosing(self._pieces(prompt, question, facts, reply)) as pieces:
                async for piece in pieces:
                    if prompt.schema is None:
                        yield TextDelta(piece)
            raw = _usable(reply, prompt, question)
            if raw is not None:
                finished = task_named(question.task).finish(raw, question.parameters)
                yield Answer(
                    text=finished.text,
                    engine=self.name,
                    model=model,
                    tables=finished.tables,
                    decorative=finished.decorative,
                    notes=(Note.ANSWER_CUT,) if reply.cut and prompt.schema is None else (),
                    usage=_usage(reply.last),
                )
                return
            if not last_try:
                _log.warning("answer_repaired", task=question.task, model=model, cut=reply.cut)
                yield Reset()
                prompt = _repair(prompt, cut=reply.cut)
        raise AnswerInvalid

    async def _pieces(
        self, prompt: Prompt, question: Asked, facts: ModelFacts, reply: _Reply
    ) -> AsyncGenerator[str, None]:
        """Yield the words of one reply and gather them in ``reply``."""
        request = await asyncio.to_thread(
            chat_request,
            prompt,
            question,
            facts,
            num_ctx=self._num_ctx,
            keep_alive_seconds=self._keep_alive_seconds,
            answer_tokens=prompt.max_answer_tokens + self._room_for_thoughts(facts.model),
        )
        words = (
            RepetitionGuard()
            if prompt.schema is None
            else RepetitionGuard(in_line_characters=ACROSS_LINES_CHARACTERS)
        )
        thoughts = RepetitionGuard()
        async with contextlib.aclosing(self._frames(request)) as frames:
            async for frame in frames:
                reply.last = frame
                content, thinking = frame.message.content, frame.message.thinking
                reply.thought = reply.thought or bool(thinking)
                reply.text += content
                if words.loops(content) or thoughts.loops(thinking):
                    raise AnswerLooped
                if content:
                    yield content
        if reply.thought:
            self._obedient.discard(facts.model)
        else:
            self._obedient.add(facts.model)

    async def _frames(self, request: Mapping[str, Any]) -> AsyncGenerator[Frame, None]:
        """Stream a chat; once more after two failures that are over when asked again.

        Both come before the first word, so nothing is said twice.
        """
        try:
            async with contextlib.aclosing(self._client.chat_frames(request)) as frames:
                async for frame in frames:
                    yield frame
        except PicturesMixedUp:
            _log.warning("model_unloaded", model=request["model"])
            await self._client.unload(str(request["model"]))
        except LoadCancelled:
            _log.info("load_repeated", model=request["model"])
        else:
            return
        async with contextlib.aclosing(self._client.chat_frames(request)) as frames:
            async for frame in frames:
                yield frame


def _usable(reply: _Reply, prompt: Prompt, question: Asked) -> str | BaseModel | None:
    """Return the reply as its task takes it, None when it cannot be used."""
    if prompt.schema is not None:
        try:
            return prompt.schema.model_validate_json(reply.text)
        except ValidationError:  # holds what the model wrote: neither logged nor passed on
            return None
    # A model that only reads says nothing where there is no text; elsewhere, and when it was cut
    # before its first word, silence is no answer.
    silence = question.task is TaskName.OCR and not reply.cut
    return reply.text if reply.text.strip() or silence else None


def _repair(prompt: Prompt, *, cut: bool) -> Prompt:
    """Ask again, warmer, and with more room when the reply was too long for it."""
    return replace(
        prompt,
        # Models that only read know their own fixed words and no others.
        user=f"{prompt.user}\n{_REPAIR}" if prompt.schema is not None else prompt.user,
        temperature=max(prompt.temperature, _REPAIR_TEMPERATURE),
        max_answer_tokens=prompt.max_answer_tokens * (2 if cut else 1),
    )


def _usage(last: Frame) -> Usage:
    return Usage(
        prompt_tokens=last.prompt_eval_count,
        answer_tokens=last.eval_count,
        load_seconds=_seconds(last.load_duration),
        total_seconds=_seconds(last.total_duration),
    )


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9
