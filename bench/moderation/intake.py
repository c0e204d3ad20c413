"""How fast uploads are safe in the queue, and what that costs everybody else in the bot."""

import asyncio
import random
import time
from dataclasses import dataclass

from bench.engine import Speed
from bench.figures import Figure, percentile, spread
from bench.moderation.fates import Fate
from bench.moderation.pictures import POSTED
from bench.moderation.place import FIRST_MEMBER, WATCHED
from bench.moderation.world import World, moderated
from bench.photos import Camera
from bot.domain.moderation.policy import Policy

_QUICK_ENGINE = Speed(parallel=2, first_word_seconds=0.02, words=1)
_LOOK_SECONDS = 0.002
_QUEUED_SECONDS = 60.0
_PROBE_EVERY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """A stream of uploads with ``/help`` among it, single uploads, and a burst."""

    stream_seconds: float = 10.0
    uploads_per_second: float = 10.0
    singles: int = 40
    burst: int = 500


async def measure(plan: Plan) -> dict[str, Figure]:
    """Measure with moderation switched on, and off."""
    camera = Camera(POSTED)
    async with moderated(_QUICK_ENGINE, _clean, Policy()) as off:
        waits_off = await _stream(off, camera, plan)
    async with moderated(_QUICK_ENGINE, _clean) as on:
        waits_on = await _stream(on, camera, plan)
        await on.at_rest()
        singles = [await _single(on, camera, number) for number in range(plan.singles)]
        await on.at_rest()
        burst_seconds = await _burst(on, camera, plan.burst)
    figures: dict[str, Figure] = {"queued_per_s": plan.burst / burst_seconds}
    figures |= spread("queued", singles)
    figures |= spread("event_on", waits_on) | spread("event_off", waits_off)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        with_it, without = percentile(waits_on, share), percentile(waits_off, share)
        figures[f"event_added_{name}_ms"] = (with_it - without) * 1000
        figures[f"event_{name}_ratio"] = with_it / without
    return figures


def _clean(_number: int) -> Fate:
    return Fate.CLEAN


async def _stream(around: World, camera: Camera, plan: Plan) -> list[float]:
    """Return how long ``/help`` took while pictures were posted all the time."""
    discord = around.discord
    await discord.help()
    ended = time.perf_counter() + plan.stream_seconds
    posting = asyncio.create_task(_post_until(ended, around, camera, plan.uploads_per_second))
    waits: list[float] = []
    chance = random.Random(3)
    while time.perf_counter() < ended:
        waits.append(await discord.help())
        await asyncio.sleep(_PROBE_EVERY_SECONDS * chance.uniform(0.5, 1.5))
    await posting
    return waits


async def _post_until(ended: float, around: World, camera: Camera, per_second: float) -> None:
    number = 10_000
    due = time.perf_counter()
    while due < ended:
        data = await asyncio.to_thread(camera.picture, number)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await around.discord.post(FIRST_MEMBER, WATCHED[0], [(number, data)])
        number += 1
        due += 1 / per_second


async def _single(around: World, camera: Camera, number: int) -> float:
    """Return how long it took until one upload was on the disk."""
    data = await asyncio.to_thread(camera.picture, 20_000 + number)
    before = await around.queued()
    (upload,) = await around.discord.post(FIRST_MEMBER, WATCHED[0], [(number, data)])
    await _recorded(around, before + 1)
    return time.perf_counter() - upload.posted_at


async def _burst(around: World, camera: Camera, uploads: int) -> float:
    """Return how long it took until so many uploads, posted at once, were on the disk."""
    numbers = range(30_000, 30_000 + uploads)
    pictures = await asyncio.to_thread(lambda: [(n, camera.picture(n)) for n in numbers])
    before = await around.queued()
    began = time.perf_counter()
    for picture in pictures:
        await around.discord.post(FIRST_MEMBER, WATCHED[0], [picture])
    await _recorded(around, before + uploads)
    return time.perf_counter() - began


async def _recorded(around: World, uploads: int) -> None:
    async with asyncio.timeout(_QUEUED_SECONDS):
        while await around.queued() < uploads:  # noqa: ASYNC110 - the bot's doing
            await asyncio.sleep(_LOOK_SECONDS)
