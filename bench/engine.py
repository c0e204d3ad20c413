"""A stand-in for Ollama with a known speed, which says what it was shown and when."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from bench.photos import read_number

MODEL = "bench-vision"
FIRST_WORDS, LAST_WORDS = "Number", "That is all."
_SHOWN = {
    "capabilities": ["completion", "vision"],
    "details": {"family": "qwen3vl", "parameter_size": "8B"},
    "model_info": {"general.architecture": "qwen3vl", "qwen3vl.context_length": 262_144},
}


@dataclass(frozen=True, slots=True)
class Speed:
    """``parallel`` answers at once; each takes these seconds once it has a slot."""

    parallel: int = 1
    first_word_seconds: float = 0.03
    words: int = 4
    word_seconds: float = 0.0

    @property
    def service_seconds(self) -> float:
        """How long one answer takes."""
        return self.first_word_seconds + self.words * self.word_seconds

    @property
    def pictures_per_second(self) -> float:
        """The most it can do."""
        return self.parallel / self.service_seconds


@dataclass(slots=True)
class Served:
    """One request as the engine saw it; moments are seconds of ``time.perf_counter``."""

    number: int
    picture_bytes: int
    arrived_at: float
    """When the last byte of the question was there."""
    began_at: float
    """When a slot was free."""
    first_word_at: float = 0.0
    ended_at: float = 0.0


@dataclass(slots=True)
class Engine:
    """The HTTP handlers, and what they saw."""

    speed: Speed = field(default_factory=Speed)
    served: list[Served] = field(default_factory=list)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    def set_speed(self, speed: Speed) -> None:
        """Work at ``speed`` from now on, and forget what was served."""
        self.speed = speed
        self.served = []
        self._slots = asyncio.Semaphore(speed.parallel)

    def of(self, number: int) -> Served:
        """Return what was served for picture ``number`` last."""
        return next(served for served in reversed(self.served) if served.number == number)

    def routes(self) -> list[web.RouteDef]:
        """Return the part of Ollama's API that is needed."""
        return [*facts(), web.post("/api/chat", self._chat)]

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        arrived_at = time.perf_counter()
        speed = self.speed
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        async with self._slots:
            began_at = time.perf_counter()
            served = Served(*await asyncio.to_thread(_look, body), arrived_at, began_at)
            self.served.append(served)
            await response.prepare(request)
            await until(began_at + speed.first_word_seconds)
            await response.write(frame(f"{FIRST_WORDS} {served.number} is painted on it. "))
            served.first_word_at = time.perf_counter()
            for word in range(1, speed.words + 1):
                await until(began_at + speed.first_word_seconds + word * speed.word_seconds)
                last = word == speed.words
                text = LAST_WORDS if last else f"Of {speed.words} words this is the {word}th. "
                await response.write(frame(text) + (end() if last else b""))
            served.ended_at = time.perf_counter()
        await response.write_eof()
        return response


def _look(body: bytes) -> tuple[int, int]:
    """Return the number painted on the newest picture, and that picture's length in bytes."""
    messages = json.loads(body)["messages"]
    images = [image for message in messages for image in message.get("images", ())]
    picture = base64.b64decode(images[-1])
    return read_number(picture), len(picture)


async def until(moment: float) -> None:
    """Sleep until a moment of ``time.perf_counter``."""
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))


def frame(content: str) -> bytes:
    """Write a piece of an answer."""
    message = {"role": "assistant", "content": content}
    return json.dumps({"model": MODEL, "message": message, "done": False}).encode() + b"\n"


def end(prompt_tokens: int = 1100, answer_tokens: int = 40) -> bytes:
    """Write what comes after an answer's last piece."""
    last = {
        "model": MODEL,
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": prompt_tokens,
        "eval_count": answer_tokens,
    }
    return json.dumps(last).encode() + b"\n"


def facts() -> list[web.RouteDef]:
    """Return what is said of the server and its one model."""
    return [
        web.get("/api/version", _constant({"version": "0.33.0"})),
        web.get("/api/tags", _constant({"models": [{"name": MODEL, "size": 6_000_000_000}]})),
        web.get("/api/ps", _constant({"models": []})),
        web.post("/api/show", _constant(_SHOWN)),
    ]


def _constant(value: object) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response(value)

    return handle
