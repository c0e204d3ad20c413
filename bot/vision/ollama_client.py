"""The only module that speaks HTTP with Ollama.

It is the official client with three gaps closed. Its ``chat`` cannot say ``truncate: false``; its
streams are cut at every Unicode line separator, so a U+0085 in an answer tears the JSON around it
apart; and it lets five families of foreign exceptions out, most of them only while a stream is
read. Here every failure is a ``bot.domain.errors.EngineError``.
"""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar, cast

import httpx
import ollama
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.errors import (
    AnswerInterrupted,
    EngineError,
    EngineRejected,
    EngineTimeout,
    EngineUnavailable,
)
from bot.vision.ollama_errors import refused

_MAX_LINE_BYTES = 4 * 1024 * 1024
_MAX_ERROR_BYTES = 65_536
_SMALL_CALL_SECONDS = 30.0
"""For questions without a model's work in them; a busy disk may hold up even those."""

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for the connection, the first words and between words."""

    connect_seconds: float = 5.0
    first_word_seconds: float = 300.0
    next_word_seconds: float = 60.0


class _Reply(BaseModel):
    """A reply's wanted parts; what a model or person wrote stays out of validation errors."""

    model_config = ConfigDict(hide_input_in_errors=True, protected_namespaces=())


class Version(_Reply):
    """``/api/version``."""

    version: str


class Details(_Reply):
    """A model's family, quantisation and size in words."""

    family: str = ""
    parameter_size: str = ""
    context_length: int | None = None


class Shown(_Reply):
    """``/api/show``: what a model is and can do."""

    capabilities: list[str] = []
    details: Details = Details()
    model_info: dict[str, Any] = {}
    projector_info: dict[str, Any] | None = None


class Listed(_Reply):
    """One installed model; ``capabilities`` is None before Ollama 0.30."""

    name: str
    size: int = 0
    capabilities: list[str] | None = None
    details: Details = Details()


class Tags(_Reply):
    """``/api/tags``."""

    models: list[Listed] = []


class Loaded(_Reply):
    """One model in memory; less ``size_vram`` than ``size`` means partly on the processor."""

    name: str
    size: int = 0
    size_vram: int = 0
    context_length: int | None = None


class Processes(_Reply):
    """``/api/ps``."""

    models: list[Loaded] = []


class PullLine(_Reply):
    """One line of ``/api/pull``; the numbers are bytes of one layer."""

    status: str = ""
    completed: int = 0
    total: int = 0


class Message(_Reply):
    """A piece of the model's words; ``thinking`` is what it says to itself."""

    content: str = Field("", repr=False)
    thinking: str = Field("", repr=False)


class Frame(_Reply):
    """One line of a streamed chat; the counters are in the last one (durations in ns)."""

    message: Message = Message()
    done: bool = False
    done_reason: str = ""
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    load_duration: int | None = None
    total_duration: int | None = None


class OllamaClient(ollama.AsyncClient):
    """Calls Ollama at ``host``; raises EngineError subclasses only.

    Proxies of the environment are not used and redirects not followed: pictures go to the host
    that was named and nowhere else. A server behind a password gets the environment's
    ``OLLAMA_API_KEY`` as bearer token (the official client's doing).
    """

    def __init__(self, host: str, patience: Patience = Patience()) -> None:
        self.patience = patience
        super().__init__(
            host,
            follow_redirects=False,
            trust_env=False,
            # The system's certificates, as a private Ollama's may not be in certifi's list.
            verify=ssl.create_default_context(),
            # The limits that matter are set around each step below; this is the backstop.
            timeout=httpx.Timeout(
                max(patience.first_word_seconds, patience.next_word_seconds) + 5,
                connect=patience.connect_seconds,
                pool=patience.connect_seconds,
            ),
        )

    async def __aenter__(self) -> Self:
        """Nothing to do: connections are made when needed."""
        return self

    async def ask(
        self, shape: type[Shape], method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Shape:
        """Make a small call and return its JSON as ``shape``."""
        limit = _SMALL_CALL_SECONDS
        model = str(body["model"]) if body else ""
        with self._translated("connect", limit, model):
            async with asyncio.timeout(limit):
                try:
                    return await self._request(shape, method, path, json=body)
                except (ValueError, TypeError, AttributeError) as error:
                    # No JSON (JSONDecodeError), other JSON (ValidationError), or an error body
                    # that the client itself stumbles over.
                    raise EngineRejected from error

    async def version(self) -> str:
        """Return the server's version, such as ``0.33.0``."""
        return (await self.ask(Version, "GET", "/api/version")).version

    async def shown(self, model: str) -> Shown:
        """Describe ``model``; raises ModelMissing."""
        return await self.ask(Shown, "POST", "/api/show", {"model": model})

    async def unload(self, model: str) -> None:
        """Take ``model`` out of memory, and its caches with it."""
        body = {"model": model, "messages": [], "keep_alive": 0, "stream": False}
        await self.ask(Frame, "POST", "/api/chat", body)

    async def chat_frames(self, request: Mapping[str, Any]) -> AsyncGenerator[Frame, None]:
        """Stream a chat; the last frame is ``done``, or AnswerInterrupted is raised."""
        async with contextlib.aclosing(self.lines("/api/chat", request)) as lines:
            async for line in lines:
                try:
                    frame = Frame.model_validate(line)
                except ValidationError as error:
                    raise EngineRejected(200) from error
                yield frame
                if frame.done:
                    return
        # The server's own guard against repetition ends a stream like this, and so does a crash.
        raise AnswerInterrupted

    async def lines(
        self, path: str, body: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Post ``body`` and stream the reply's JSON objects, one a line.

        Closing the iterator closes the connection, which makes the server stop its work.
        """
        model = str(body["model"])
        limit, phase = self.patience.first_word_seconds, "first_word"
        deadline = asyncio.get_running_loop().time() + limit
        async with contextlib.AsyncExitStack() as stack:
            with self._translated(phase, limit, model):
                async with asyncio.timeout_at(deadline):
                    content = await asyncio.to_thread(_as_json, body)
                    response = await stack.enter_async_context(
                        self._client.stream("POST", path, content=content)
                    )
                    if not response.is_success:
                        raise refused(response.status_code, await _error_body(response), model)
            pieces = cast("AsyncGenerator[bytes, None]", response.aiter_bytes())
            chunks = await stack.enter_async_context(contextlib.aclosing(pieces))
            buffer = b""
            while True:
                with self._translated(phase, limit, model):
                    async with asyncio.timeout_at(deadline):
                        chunk = await anext(chunks, None)
                *lines, buffer = (buffer + (chunk or b"\n")).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield _object(line, model)
                        limit, phase = self.patience.next_word_seconds, "next_word"
                if chunk is None:
                    return
                if len(buffer) > _MAX_LINE_BYTES:
                    raise EngineRejected(200)
                if phase == "next_word":
                    deadline = asyncio.get_running_loop().time() + limit

    @contextlib.contextmanager
    def _translated(self, phase: str, limit_seconds: float, model: str) -> Iterator[None]:
        """Turn every foreign exception into one of the domain's."""
        try:
            yield
        except EngineError:
            raise
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise EngineTimeout("connect", self.patience.connect_seconds) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise EngineTimeout(phase, limit_seconds) from error
        except ollama.ResponseError as error:
            raise refused(error.status_code, error.error, model) from error
        except (ConnectionError, httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise EngineUnavailable from error
        except (httpx.DecodingError, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise EngineRejected from error
        except httpx.HTTPError as error:  # cut: RemoteProtocolError, ReadError, WriteError …
            raise AnswerInterrupted from error


def _as_json(body: Mapping[str, Any]) -> bytes:
    """Write JSON piece by piece, so that other threads have their turn between two pictures."""
    pieces = json.JSONEncoder(ensure_ascii=False, allow_nan=False).iterencode(body)
    return b"".join(piece.encode() for piece in pieces)


def _object(line: bytes, model: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EngineRejected(200) from error
    if not isinstance(value, dict):
        raise EngineRejected(200)
    if value.get("error"):
        raise refused(None, value["error"], model)
    return value


async def _error_body(response: httpx.Response) -> str:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_ERROR_BYTES:
            break
    return body.decode(errors="replace")
