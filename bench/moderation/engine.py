"""A stand-in for Ollama that judges pictures by their numbers, and can be out of order."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from bench.engine import FIRST_WORDS, LAST_WORDS, Speed, end, facts, frame, until
from bench.moderation.fates import Fate, fate_of, judgement
from bench.moderation.moments import Moment
from bench.photos import read_number
from bench.traps import Moments

_JUDGES = '"findings"'
"""What only a question about rules says."""
_STRAIGHT_AWAY = 0.05


@dataclass(slots=True)
class Asked:
    """One question about rules; moments are seconds of ``time.perf_counter``."""

    number: int
    arrived_at: float
    answered_at: float = 0.0


@dataclass(slots=True)
class Engine:
    """The HTTP handlers. ``fate`` says what a picture is, by its number."""

    speed: Speed
    moments: Moments = field(default_factory=Moments)
    fate: Callable[[int], Fate] = fate_of
    asked: list[Asked] = field(default_factory=list)
    """Questions about rules, whether they were answered or not."""
    outages: int = 0
    _slots: asyncio.Semaphore = field(init=False)
    _runner: web.AppRunner | None = None
    _site: web.TCPSite | None = None
    _port: int = 0

    def __post_init__(self) -> None:
        self.set_speed(self.speed)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Be there, at the address that is given."""
        await self.go_up()
        try:
            yield f"http://127.0.0.1:{self._port}"
        finally:
            await self._close()

    def set_speed(self, speed: Speed) -> None:
        """Work at ``speed`` from the next question on."""
        self.speed = speed
        self._slots = asyncio.Semaphore(speed.parallel)

    @property
    def is_up(self) -> bool:
        """Whether it answers."""
        return self._runner is not None

    async def go_down(self) -> None:
        """Break off what is being answered, and take no connection."""
        if self.is_up:
            self.outages += 1
            await self._close()

    async def go_up(self) -> None:
        """Answer again."""
        if self.is_up:
            return
        self.set_speed(self.speed)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes([*facts(), web.post("/api/chat", self._chat)])
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=_STRAIGHT_AWAY,
            handler_cancellation=True,  # whoever hangs up makes room, as with Ollama
        )
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        arrived_at = time.perf_counter()
        number, judges = await asyncio.to_thread(_look, body)
        asked = Asked(number, arrived_at)
        if judges:
            self.asked.append(asked)
            self.moments.reached(Moment.JUDGING)
        said = f"{FIRST_WORDS} {number} is painted on it. {LAST_WORDS}"
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        try:
            async with self._slots:
                began_at = time.perf_counter()
                await response.prepare(request)
                await until(began_at + self.speed.service_seconds)
                answer = judgement(self.fate(number)) if judges else said
                await response.write(frame(answer) + end())
            await response.write_eof()
        except ConnectionError:  # nobody listens any more
            return response
        asked.answered_at = time.perf_counter()
        if judges:
            self.moments.reached(Moment.JUDGED)
        return response


def _look(body: bytes) -> tuple[int, bool]:
    """Return the number painted on the picture, and whether it is asked about rules."""
    messages = json.loads(body)["messages"]
    images = [image for message in messages for image in message.get("images", ())]
    judges = any(_JUDGES in message["content"] for message in messages)
    return read_number(base64.b64decode(images[-1])), judges
