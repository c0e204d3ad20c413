"""A real HTTP server on 127.0.0.1 that behaves like an Ollama, or as badly as one is told to."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]

MODEL = "seeing:1b"
TEXT_ONLY = "blind:1b"
LLAMA_VISION = "llama3.2-vision:11b"
THINKING = "thinking:1b"
TILELESS = "llava-like:7b"


def shown(
    family: str, *capabilities: str, projector: str | None = None, context: int = 32768
) -> dict[str, Any]:
    """Write a reply of ``/api/show``."""
    return {
        "capabilities": ["completion", *capabilities],
        "details": {"family": family, "parameter_size": "1B"},
        "model_info": {"general.architecture": family, f"{family}.context_length": context},
        "projector_info": {"clip.projector_type": projector} if projector else None,
    }


def frame(content: str = "", *, thinking: str = "", **last: Any) -> bytes:
    """Write one line of a streamed chat; keyword arguments make it the last one."""
    message = {"role": "assistant", "content": content}
    if thinking:
        message["thinking"] = thinking
    line = {"model": MODEL, "message": message, "done": bool(last), **last}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


LAST: dict[str, Any] = {
    "done_reason": "stop",
    "total_duration": 2_500_000_000,
    "load_duration": 500_000_000,
    "prompt_eval_count": 300,
    "eval_count": 12,
}


def last(reason: str = "stop") -> bytes:
    """Write the last frame, with its counters."""
    return frame(**{**LAST, "done_reason": reason})


def sends(*lines: bytes, content_type: str = "application/x-ndjson") -> Reply:
    """Send ``lines``, each when it is its turn, and end the reply properly."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        for line in lines:
            await response.write(line)
        await response.write_eof()
        return response

    return reply


def says(*pieces: str, reason: str = "stop", thoughts: Iterable[str] = ()) -> Reply:
    """Answer as a model does, a frame a piece."""
    frames = [frame(thinking=thought) for thought in thoughts] + [frame(piece) for piece in pieces]
    return sends(*frames, last(reason))


def cuts(*lines: bytes) -> Reply:
    """Send ``lines`` and break the connection."""

    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        if not lines:
            request.transport.close()
            return web.Response()
        response = await sends_open(request, lines)
        request.transport.close()
        return response

    return reply


async def sends_open(request: web.Request, lines: Iterable[bytes]) -> web.StreamResponse:
    """Begin a reply that stays open."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    for line in lines:
        await response.write(line)
    return response


def refuses(status: int, error: str) -> Reply:
    """Refuse as Ollama's own handlers do."""

    async def reply(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": error}, status=status)

    return reply


def refuses_nested(status: int, message: str, kind: str = "server_error", **more: int) -> Reply:
    """Refuse as the engine behind Ollama does: JSON inside the error's string."""
    inner = {"error": {"code": status, "message": message, "type": kind, **more}}
    return refuses(status, json.dumps(inner))


def responds(status: int, body: bytes = b"", **headers: str) -> Reply:
    """Respond with anything at all."""

    async def reply(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return reply


@dataclass
class Received:
    """One request as it arrived."""

    path: str
    body: Any
    headers: dict[str, str]


@dataclass
class ImitationOllama:
    """Answers ``/api/*``. Chats take the next reply of ``chats``, else a short friendly one."""

    version: str = "0.33.0"
    models: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            MODEL: shown("qwen3vl", "vision"),
            TEXT_ONLY: shown("llama"),
            LLAMA_VISION: shown("mllama", "vision"),
            THINKING: shown("qwen3vl", "vision", "thinking"),
            TILELESS: shown("llama", "vision", projector="mlp"),
        }
    )
    chats: deque[Reply] = field(default_factory=deque)
    overrides: dict[str, Reply] = field(default_factory=dict)
    """Replies for other paths, each time they are asked for."""
    received: list[Received] = field(default_factory=list)
    chat_arrived: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closed its connection before the reply was over."""
    host: str = ""

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=0
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.host = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    @property
    def chat_bodies(self) -> list[Any]:
        """What was asked of models, in order."""
        return [request.body for request in self.received if request.path == "/api/chat"]

    def hangs(self, *lines: bytes) -> Reply:
        """Send ``lines`` and then nothing more, until the client hangs up."""

        async def reply(request: web.Request) -> web.StreamResponse:
            try:
                response = await sends_open(request, lines) if lines else None
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.hung_up.set()
                raise
            assert response is not None
            return response

        return reply

    def talks_for_ever(self) -> Reply:
        """Send a new word whenever the last one was taken, until the client hangs up."""

        async def reply(request: web.Request) -> web.StreamResponse:
            response = await sends_open(request, ())
            try:
                number = 0
                while True:
                    number += 1
                    await response.write(frame(f"word {number} "))
                    await asyncio.sleep(0)
            except (asyncio.CancelledError, ConnectionError):
                self.hung_up.set()
                raise

        return reply

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else {}
        self.received.append(Received(request.path, body, dict(request.headers)))
        if request.path in self.overrides:
            return await self.overrides[request.path](request)
        match request.path:
            case "/api/version":
                return web.json_response({"version": self.version})
            case "/api/show":
                return self._show(body["model"])
            case "/api/chat" if not body["messages"]:
                return web.json_response(
                    {"message": {"content": ""}, "done": True, "done_reason": "unload"}
                )
            case "/api/chat":
                self.chat_arrived.set()
                reply = self.chats.popleft() if self.chats else says("A red ", "square.")
                return await reply(request)
            case _:
                return web.Response(status=404, text="404 page not found")

    def _show(self, model: str) -> web.Response:
        if model not in self.models:
            return web.json_response({"error": f"model '{model}' not found"}, status=404)
        return web.json_response(self.models[model])
