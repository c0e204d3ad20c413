"""A relay before an Ollama that passes everything on and keeps what was asked and what it cost.

It reads the server's own counters out of each chat's last line, so it works the same before
``tests.engine.front`` and before a real Ollama. Whoever is to be watched gets ``Relay.host`` as the
address of its Ollama.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web


@dataclass(frozen=True)
class Chat:
    """One chat that came to its end: what was asked and the server's counters, in tokens."""

    messages: list[dict[str, Any]] = field(repr=False)
    prompt_tokens: int
    cached_tokens: int
    answer_tokens: int

    @property
    def evaluated_tokens(self) -> int:
        """How much of the prompt had to be worked through."""
        return self.prompt_tokens - self.cached_tokens


class Relay:
    """Serves on 127.0.0.1 and asks ``upstream``. An asynchronous context manager."""

    def __init__(self, upstream: str) -> None:
        self.chats: list[Chat] = []
        self.host = ""
        self._upstream = upstream

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        application = web.Application(client_max_size=256 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=0
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.host = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        url = self._upstream + request.path_qs
        async with self._session.request(request.method, url, data=body) as upstream:
            response = web.StreamResponse(
                status=upstream.status, headers={"Content-Type": upstream.headers["Content-Type"]}
            )
            await response.prepare(request)
            last = b""
            async for line in upstream.content:
                # Kept before it is passed on: who asked may look as soon as the last line is there.
                last = line.strip() or last
                if request.path == "/api/chat":
                    self._keep(body, last)
                await response.write(line)
        await response.write_eof()
        return response

    def _keep(self, body: bytes, line: bytes) -> None:
        said = json.loads(line)
        if said.get("done") and "prompt_eval_count" in said:
            self.chats.append(
                Chat(
                    json.loads(body)["messages"],
                    said["prompt_eval_count"],
                    said["prompt_eval_cached_count"],
                    said["eval_count"],
                )
            )


def as_table(chats: Sequence[Chat]) -> str:
    """Lay out what each prompt cost: all of it, what was remembered, what was worked through."""
    lines = ["| prompt | tokens | cached | evaluated |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {number} | {chat.prompt_tokens} | {chat.cached_tokens} | {chat.evaluated_tokens} |"
        for number, chat in enumerate(chats, start=1)
    ]
    return "\n".join(lines)
