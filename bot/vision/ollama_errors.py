"""What Ollama's refusals mean.

Since 0.30 Ollama passes on what its engine (llama.cpp's server) said, as JSON inside the string of
its own ``error`` field; older versions and other causes give plain text. Texts are matched by the
words that have been stable in the sources of both (``server/routes.go``, ``llm/llama_server.go``,
``tools/server/server-context.cpp``).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from bot.domain.errors import (
    ContextExceeded,
    EngineBusy,
    EngineError,
    EngineOutOfMemory,
    EngineRejected,
    EngineUnavailable,
    ModelCannotSee,
    ModelMissing,
    ModelUnsupported,
    PictureRejected,
)
from bot.vision.recommended import DEFAULT_MODEL

_MAX_CHARACTERS = 65_536
_MAX_DEPTH = 8
_CLIENT_CLOSED_REQUEST = 499
"""Ollama's status for "somebody hung up while the model was loading"."""


@dataclass(eq=False)
class PicturesMixedUp(EngineRejected):
    """Two neighbouring pictures lost their places in the engine's cache; unloading mends it."""


@dataclass(eq=False)
class LoadCancelled(EngineBusy):
    """The load this request waited for was another client's, and that one hung up."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as the engine gave it; ``message`` may quote people and stays out of logs."""

    message: str = field(default="", repr=False)
    kind: str = ""
    prompt_tokens: int | None = None
    context_tokens: int | None = None


def read_refusal(body: object) -> Refusal:
    """Unwrap an error body, however deep its JSON is nested; anything is accepted."""
    return _unwrap(body, _MAX_DEPTH)


def _unwrap(body: object, depth: int) -> Refusal:
    if isinstance(body, str):
        return _unwrap_text(body.strip()[:_MAX_CHARACTERS], depth)
    if not isinstance(body, dict):
        return Refusal()
    if body.get("error") is not None and depth:
        return _unwrap(body["error"], depth - 1)
    message, kind = body.get("message"), body.get("type")
    return Refusal(
        message[:_MAX_CHARACTERS] if isinstance(message, str) else "",
        kind if isinstance(kind, str) else "",
        _count(body.get("n_prompt_tokens")),
        _count(body.get("n_ctx")),
    )


def _unwrap_text(text: str, depth: int) -> Refusal:
    if not text.startswith("{") or not depth:
        return Refusal(text)
    try:
        inner, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return Refusal(text)
    refusal = _unwrap(inner, depth - 1)
    # The last words of the engine's own log may follow the JSON: "…}\ncudaMalloc failed".
    rest = text[end:].strip()
    return replace(refusal, message=f"{refusal.message} {rest}") if rest else refusal


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def refused(status: int | None, body: object, model: str) -> EngineError:
    """Name what happened; ``status`` is None for an error inside a stream that had begun."""
    refusal = read_refusal(body)
    message = refusal.message.lower()
    if status == HTTPStatus.NOT_FOUND and "model" in message:
        return ModelMissing(model)
    if refusal.kind == "exceed_context_size_error" or _any(message, _CONTEXT):
        return ContextExceeded(refusal.prompt_tokens, refusal.context_tokens)
    for words, build in _MEANINGS:
        if _any(message, words):
            return build(status, model)
    build_for_status = _BY_STATUS.get(status)
    return build_for_status() if build_for_status else EngineRejected(status)


def _any(message: str, words: tuple[str, ...]) -> bool:
    return any(word in message for word in words)


_CONTEXT = (
    "exceeds the available context size",
    "exceeds the context length",
    "exceed context",
)
_MEANINGS: tuple[tuple[tuple[str, ...], Callable[[int | None, str], EngineError]], ...] = (
    (("unknown model architecture",), lambda _, model: ModelUnsupported(model, "", DEFAULT_MODEL)),
    (
        (
            "image input is not supported",
            "does not support multimodal",
            "missing data required for image input",
        ),
        lambda _, model: ModelCannotSee(model),
    ),
    (
        (
            "failed to load image",
            "illegal base64",
            "decode webp image",
            "image: unknown format",
            "invalid image",
        ),
        lambda _, __: PictureRejected(),
    ),
    (("pull model manifest: file does not exist",), lambda _, model: ModelMissing(model)),
    (("chunk not found",), lambda status, _: PicturesMixedUp(status)),
    (
        (
            "unexpectedly stopped",
            "has terminated",
            "no longer running",
            "out of memory",
            "cudamalloc failed",
            "requires more system memory",
            "failed to allocate",
        ),
        lambda _, __: EngineOutOfMemory(),
    ),
    (("server busy",), lambda _, __: EngineBusy()),
)
_BY_STATUS: Mapping[int | None, Callable[[], EngineError]] = {
    HTTPStatus.TOO_MANY_REQUESTS: EngineBusy,
    HTTPStatus.SERVICE_UNAVAILABLE: EngineBusy,
    _CLIENT_CLOSED_REQUEST: LoadCancelled,
    HTTPStatus.BAD_GATEWAY: EngineUnavailable,  # said by a proxy before it
    HTTPStatus.GATEWAY_TIMEOUT: EngineUnavailable,
}
