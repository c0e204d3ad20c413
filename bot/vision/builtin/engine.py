"""The engine in the bot's process: a killable worker finds, this puts findings into words."""

import importlib.util
from collections.abc import AsyncGenerator, Sequence
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Any, Self

import structlog

from bot.domain.answer import Answer
from bot.domain.errors import (
    CannotAnswer,
    EngineError,
    EngineOutOfMemory,
    EngineRejected,
    EngineTimeout,
    EngineUnavailable,
    PictureRejected,
)
from bot.domain.picture import Frame, Note, Picture, PictureNeeds, Region
from bot.domain.ports import EngineStatus, Room
from bot.domain.task import Asked, Layout, Parameters, Question, TaskName
from bot.vision.builtin import tesseract
from bot.vision.builtin.findings import Findings
from bot.vision.builtin.words import alt_text, description, transcript
from bot.workers.pool import WorkerFailure, WorkerPool

_log = structlog.get_logger(__name__)

_HANDLER = "bot.vision.builtin.child:handle"
_MODULES = ("rapidocr", "onnxruntime", "cv2", "zxingcpp", "numpy")
_READING_SHARE = 0.8
"""Of the time limit, after which reading stops and gives what it has."""
WORDS_SECONDS = 10.0
"""How long reading for rules takes at most. By then as much is read as they look at, and a page of
small print holds up neither the next picture nor people who wait for a reader."""
_RECYCLE_AFTER = 100
_CANNOT = frozenset({TaskName.ASK, TaskName.MODERATE})
"""Tasks that need somebody who understands pictures."""


_NEEDS = PictureNeeds(
    max_pixels=4_000_000, max_side=8192, max_bytes=8_000_000, keep_text_sharp=True
)
"""Nothing is sent anywhere, so bytes are cheap; pixels are what small text needs."""


class BuiltinEngine:
    """Reads text and codes and measures pixels; recognises nothing.

    Implements ``ports.Engine``, ``ports.TextFinder`` and ``ports.WordReader``.

    An asynchronous context manager. Its ``workers`` processes start with the first picture and
    may each take ``memory_bytes`` beyond their size after loading the models (about 0.3 GB);
    a picture that takes longer than ``timeout_seconds`` is given up, and ``words`` are those that
    were read within ``words_seconds``.
    """

    name = "builtin"

    def __init__(
        self,
        *,
        workers: int = 1,
        timeout_seconds: float = 60.0,
        words_seconds: float = WORDS_SECONDS,
        memory_bytes: int = 3 * 1024**3,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._words_seconds = words_seconds
        self._pool = WorkerPool(
            _HANDLER,
            size=workers,
            memory_bytes=memory_bytes,
            timeout_seconds=timeout_seconds,
            recycle_after=_RECYCLE_AFTER,
        )
        self._version = _installed_version()
        self._model = f"rapidocr-{self._version}" + ("+tesseract" * tesseract.installed())

    async def __aenter__(self) -> Self:
        await self._pool.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._pool.close()

    @staticmethod
    def available() -> bool:
        """Say whether the extra ``builtin`` is installed."""
        return all(importlib.util.find_spec(module) is not None for module in _MODULES)

    @staticmethod
    def readable_scripts() -> tuple[str, ...]:
        """Name the scripts that can be read here. Blocks for up to five seconds."""
        return ("Latin", "Chinese", "Japanese", *tesseract.scripts(tesseract.languages()))

    def model_for(self, task: TaskName) -> str:
        """Name the reader with its version, and whether Tesseract helps it."""
        return self._model

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        """Ask for enough pixels to read small text, whatever the task."""
        return _NEEDS

    def room(self) -> Room | None:
        """Say that it cannot hold a Dialogue."""
        return None

    async def stream(self, question: Asked) -> AsyncGenerator[Answer, None]:
        """Yield the Answer, at once and whole: there is nothing to see before the text is laid out.

        Raises CannotAnswer for all but a Question, EngineUnavailable without the extra ``builtin``
        or when no worker starts, EngineTimeout, EngineOutOfMemory, PictureRejected, EngineRejected;
        Interrupted on shutdown.
        """
        if not isinstance(question, Question):
            raise CannotAnswer(self.name, question.task)
        findings = await self._find(question)
        yield self._answer(question, findings)

    async def status(self) -> EngineStatus:
        """Say whether the extra is installed; the worker is not asked."""
        return EngineStatus(
            name=self.name,
            ready=self.available(),
            version=self._version,
            models=tuple((task, self._model) for task in TaskName if task not in _CANNOT),
        )

    async def find_text(self, picture: Picture) -> Region | None:
        """Say where there is text, without reading it; of an animation, in its first frame.

        Raises what ``stream`` raises.
        """
        frame = picture.frames[0]
        head = {
            "find": True,
            "frame_sizes": [len(frame.data)],
            "own_sizes": [_own_size(frame, picture)],
        }
        found = (await self._run(head, picture.frames[:1]))["region"]
        return None if found is None else Region(**found)

    async def words(self, picture: Picture) -> str:
        """Return all lines that were found, without regard for how well they were read.

        Raises what ``stream`` raises.
        """
        question = Question(TaskName.OCR, Parameters(layout=Layout.PLAIN), picture)
        head = self._head(question)
        head["seconds"] = min(head["seconds"], self._words_seconds)
        return Findings.from_head(await self._run(head, picture.frames)).words

    async def _find(self, question: Question) -> Findings:
        return Findings.from_head(await self._run(self._head(question), question.picture.frames))

    async def _run(self, head: dict[str, Any], frames: Sequence[Frame]) -> dict[str, Any]:
        if not self.available():
            raise EngineUnavailable
        try:
            reply = await self._pool.run(head, b"".join(frame.data for frame in frames))
        except WorkerFailure as failure:
            raise self._translated(failure) from failure
        if reply.head.get("undecodable"):
            raise PictureRejected
        return reply.head

    def _head(self, question: Question) -> dict[str, Any]:
        reading = question.task is TaskName.OCR
        return {
            "frame_sizes": [len(frame.data) for frame in question.picture.frames],
            "own_sizes": [_own_size(frame, question.picture) for frame in question.picture.frames],
            "layout": question.parameters.layout if reading else Layout.PLAIN,
            "text_language": question.parameters.text_language,
            "measure": not reading,
            "seconds": self._timeout_seconds * _READING_SHARE,
        }

    def _answer(self, question: Question, findings: Findings) -> Answer:
        parameters, facts = question.parameters, question.picture.facts
        if question.task is TaskName.OCR:
            finished = transcript(findings, parameters)
        elif question.task is TaskName.ALT:
            finished = alt_text(findings, facts, parameters)
        else:
            finished = description(findings, facts, parameters)
        return Answer(
            text=finished.text,
            engine=self.name,
            model=self._model,
            tables=finished.tables,
            decorative=finished.decorative,
            notes=_notes(findings),
        )

    def _translated(self, failure: WorkerFailure) -> EngineError:
        if failure.reason == "timeout":
            return EngineTimeout("first_word", self._timeout_seconds)
        if failure.reason == "memory":
            return EngineOutOfMemory()
        return EngineUnavailable() if failure.reason == "start" else EngineRejected()


def _notes(findings: Findings) -> tuple[Note, ...]:
    notes = []
    # Where nothing could be read the answer itself says so.
    if findings.incomplete and not findings.unreadable:
        notes.append(Note.SCRIPT_NOT_READABLE)
    if findings.cut:
        notes.append(Note.ANSWER_CUT)
    return tuple(notes)


def _installed_version() -> str:
    try:
        return version("rapidocr")
    except PackageNotFoundError:
        return ""


def _own_size(frame: Frame, picture: Picture) -> tuple[int, int]:
    """Return how much of a frame is the picture: what it was padded with is not to be measured."""
    facts = picture.facts
    scale = min(frame.width / facts.width, frame.height / facts.height, 1.0)
    return (
        min(frame.width, max(1, round(facts.width * scale))),
        min(frame.height, max(1, round(facts.height * scale))),
    )
