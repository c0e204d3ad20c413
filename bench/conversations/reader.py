"""A stand-in for Ollama that answers at once and keeps what it was sent."""

import json
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bench.conversations import prefix
from bench.engine import end, facts, frame

_ANSWER = (
    "On the left is a hillside with a few trees, and above it a wide and cloudy sky. The colours "
    "are soft, as on an early morning. Nothing in the picture moves, and nobody is to be seen."
)
ANSWER_UNITS = prefix.units([{"role": "assistant", "content": _ANSWER}])
"""What a server remembers of its answer."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request."""

    units: list[prefix.Unit]
    sent_bytes: int
    arrived_at: float
    """When its last byte was there, in seconds of ``time.perf_counter``."""

    @property
    def tokens(self) -> int:
        """What the model has to hold."""
        return prefix.tokens(self.units)

    @property
    def remembered(self) -> list[prefix.Unit]:
        """What a server remembers once it has answered."""
        return self.units + ANSWER_UNITS


class Reader:
    """The HTTP handlers; ``last`` is the newest request."""

    last: Prompt

    def routes(self) -> list[web.RouteDef]:
        """Return the part of Ollama's API that is needed."""
        return [*facts(), web.post("/api/chat", self._chat)]

    async def _chat(self, request: web.Request) -> web.Response:
        body = await request.read()
        arrived_at = time.perf_counter()
        messages: list[dict[str, Any]] = json.loads(body)["messages"]
        self.last = Prompt(prefix.units(messages), len(body), arrived_at)
        return web.Response(
            body=frame(_ANSWER) + end(self.last.tokens, prefix.tokens(ANSWER_UNITS)),
            headers={"Content-Type": "application/x-ndjson"},
        )
