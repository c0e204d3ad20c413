"""What a bot adds to the engine's own time, one person at a time."""

import asyncio
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from PIL import Image

from bench.engine import MODEL, Speed
from bench.figures import Figure, percentile, spread
from bench.photos import PHOTO_12MP, PHOTO_48MP, SMALL, Camera, Kind
from bench.processes import Subject, running
from bench.subjects.watch import Settings
from bench.world import World, bot, world

KINDS = (SMALL, PHOTO_12MP, PHOTO_48MP)
_ANSWER_SECONDS = 30.0
_AT_ONCE = Speed(first_word_seconds=0.03)
_STREAMED = Speed(first_word_seconds=1.4, words=4, word_seconds=0.05)
"""The first word comes when progress has been drawn and the reply may be drawn again."""
_CALM_SECONDS = 0.5
_THUMBNAIL = 1180, 886


@dataclass(frozen=True, slots=True)
class Plan:
    """How often each thing is measured; large pictures less often."""

    kinds: tuple[Kind, ...] = KINDS
    requests: int = 200
    streamed: int = 20
    others: int = 60
    first_words: Speed = _STREAMED
    series_seconds: float = 60.0
    """A series ends after this time, however busy the machine is."""

    @classmethod
    def quick(cls) -> "Plan":
        """Plan for 45 seconds."""
        return cls(requests=40, streamed=2, others=6, series_seconds=3.0)

    def rounds(self, count: int, kind: Kind) -> Iterator[int]:
        """Count to what ``count`` is for this kind, for as long as there is time."""
        megapixels = kind.width * kind.height / 1e6
        began = time.perf_counter()
        for number in range(
            max(1, count // (1 if megapixels < 1 else 3 if megapixels < 20 else 8))
        ):
            if number and time.perf_counter() - began > self.series_seconds:
                return
            yield number


@dataclass(slots=True)
class Times:
    """Seconds over the engine's own, a value a request."""

    answer: list[float] = field(default_factory=list)
    first_word: list[float] = field(default_factory=list)
    wrong_pictures: int = 0


class _Album:
    """Cameras by kind, and numbers that are never used twice."""

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self._cameras = {kind: Camera(kind) for kind in kinds}
        self._number = 0

    def picture(self, kind: Kind) -> tuple[int, bytes]:
        self._number += 1
        return self._number, self._cameras[kind].picture(self._number)


async def measure(plan: Plan) -> dict[str, Figure]:
    """Measure Lookout, a bare bot, a bare client and the decoding alone."""
    album = await asyncio.to_thread(_Album, plan.kinds)
    async with world() as around:
        lookout = await _answers(around, "lookout", album, plan, plan.requests)
        await _first_words(around, album, plan, lookout)
        plain = await _answers(around, "plain", album, plan, plan.others)
        bare = await _bare_client(around, album, plan)
    decode = {kind: _decode_seconds(album, kind, plan) for kind in plan.kinds}
    figures: dict[str, Figure] = {}
    for kind in plan.kinds:
        name, ours = kind.name, percentile(lookout[kind].answer, 0.5)
        figures |= spread(name, lookout[kind].answer)
        figures |= spread(f"{name}_first_word", lookout[kind].first_word)
        figures[f"{name}_bare_p50_ms"] = percentile(bare[kind], 0.5) * 1000
        figures[f"{name}_decode_p50_ms"] = decode[kind] * 1000
        figures[f"{name}_plain_bot_p50_ms"] = percentile(plain[kind].answer, 0.5) * 1000
        figures[f"{name}_bare_ratio"] = ours / percentile(bare[kind], 0.5)
        figures[f"{name}_decode_ratio"] = ours / decode[kind]
    figures["wrong_pictures"] = sum(times.wrong_pictures for times in lookout.values())
    return figures


async def _answers(
    around: World, name: str, album: _Album, plan: Plan, requests: int
) -> dict[Kind, Times]:
    times = {kind: Times() for kind in plan.kinds}
    async with bot(around, name, _AT_ONCE):
        await _warm(around, album, plan.kinds[0])
        for kind in plan.kinds:
            for _ in plan.rounds(requests, kind):
                await _ask(around, album, kind, times[kind])
    return times


async def _first_words(around: World, album: _Album, plan: Plan, times: dict[Kind, Times]) -> None:
    async with bot(around, "lookout", plan.first_words, edit_interval_seconds=_CALM_SECONDS):
        around.engine.set_speed(_AT_ONCE)
        await _warm(around, album, plan.kinds[0])
        around.engine.set_speed(plan.first_words)
        for kind in plan.kinds:
            for _ in plan.rounds(plan.streamed, kind):
                await _ask(around, album, kind, times[kind], streamed=True)


async def _warm(around: World, album: _Album, kind: Kind) -> None:
    """Let both workers start and connections open, as in a bot that has run for a minute."""
    for _ in range(2):
        await _ask(around, album, kind, Times())


async def _ask(
    around: World, album: _Album, kind: Kind, times: Times, *, streamed: bool = False
) -> None:
    """Post one picture; what the engine did itself is left out of the time."""
    number, data = await asyncio.to_thread(album.picture, kind)
    request = await around.discord.post(0, number, kind, data)
    await around.discord.settled([request], _ANSWER_SECONDS)
    served = around.engine.of(number)
    before = served.arrived_at - request.dispatched_at
    times.wrong_pictures += request.shown_number != number
    if streamed:
        times.first_word.append(before + request.first_word_at - served.first_word_at)
    else:
        times.answer.append(before + request.answered_at - served.ended_at)


async def _bare_client(around: World, album: _Album, plan: Plan) -> dict[Kind, list[float]]:
    """Ask as often as a bare bot was asked; nothing is kept there, so one picture will do."""
    around.engine.set_speed(_AT_ONCE)
    times: dict[Kind, list[float]] = {}
    async with running("bare", Settings(address=around.address, model=MODEL)) as client:
        for kind in plan.kinds:
            number, data = album.picture(kind)
            url = around.address + around.discord.files.keep(kind, data)
            times[kind] = [
                await _ask_bare(around, number, url, client) for _ in plan.rounds(plan.others, kind)
            ]
    return times


async def _ask_bare(around: World, number: int, url: str, client: Subject) -> float:
    moments = await client.order(url=url)
    served = around.engine.of(number)
    before = served.arrived_at - moments["began_at"]
    return before + moments["ended_at"] - served.ended_at


def _decode_seconds(album: _Album, kind: Kind, plan: Plan) -> float:
    """Return the median time to decode a picture wholly and make it small."""
    taken: list[float] = []
    _number, data = album.picture(kind)
    for _ in plan.rounds(plan.others, kind):
        with _timed(taken), Image.open(io.BytesIO(data)) as image:
            image.load()
            image.thumbnail(_THUMBNAIL)
    return percentile(taken, 0.5)


@contextmanager
def _timed(taken: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    taken.append(time.perf_counter() - began)
