"""A stand-in for Ollama that answers questions by their numbers and says what it was shown."""

import asyncio
import json
import time

from aiohttp import web

from bench.conversations.marks import ANSWER_END, answer_begin, questions_in
from bench.conversations.moments import Moment
from bench.engine import Speed, end, facts, frame, until
from bench.traps import Moments

_BYTES_A_TOKEN, _PICTURE_TOKENS = 4, 300


class Engine:
    """The HTTP handlers. ``prompts`` holds, for each request, the numbers of its questions."""

    def __init__(self, speed: Speed, moments: Moments) -> None:
        self.prompts: list[list[int]] = []
        self._speed = speed
        self._moments = moments
        self._slots = asyncio.Semaphore(speed.parallel)

    def routes(self) -> list[web.RouteDef]:
        """Return the part of Ollama's API that is needed."""
        return [*facts(), web.post("/api/chat", self._chat)]

    def begin(self) -> None:
        """Expect another bot: what the last one asked takes up no slot."""
        self._slots = asyncio.Semaphore(self._speed.parallel)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        try:
            messages = json.loads(await request.read())["messages"]
            self.prompts.append([n for said in messages for n in questions_in(said["content"])])
            async with self._slots:
                await self._answer(request, response, messages)
        except ConnectionError:  # nobody listens any more
            return response
        self._moments.reached(Moment.WRITTEN)
        return response

    async def _answer(
        self,
        request: web.Request,
        response: web.StreamResponse,
        messages: list[dict[str, str]],
    ) -> None:
        began_at, speed = time.perf_counter(), self._speed
        number = questions_in(messages[-1]["content"])[-1]
        await response.prepare(request)
        self._moments.reached(Moment.THINKING)
        await until(began_at + speed.first_word_seconds)
        await response.write(frame(answer_begin(number)))
        for word in range(1, speed.words + 1):
            self._moments.reached(Moment.STREAMING)
            await until(began_at + speed.first_word_seconds + word * speed.word_seconds)
            await response.write(frame(f"This is sentence {word} of {speed.words}. "))
        size = sum(len(said["content"]) for said in messages)
        pictures = sum(len(said.get("images", ())) for said in messages)
        tokens = size // _BYTES_A_TOKEN + pictures * _PICTURE_TOKENS
        await response.write(frame(ANSWER_END) + end(tokens, 8 * speed.words))
        await response.write_eof()
