"""How long people wait for an answer while thousands of uploads wait for theirs."""

import asyncio
from dataclasses import dataclass, field

from bench.engine import Speed
from bench.figures import Figure, percentile
from bench.moderation.fates import Fate
from bench.moderation.pictures import POSTED
from bench.moderation.place import FIRST_MEMBER, WATCHED
from bench.moderation.world import World, moderated
from bench.photos import Camera

_IN_A_MESSAGE = 10
_QUEUED_SECONDS = 120.0
_LOOK_SECONDS = 0.05
_FIRST_DESCRIBED = 60_000


@dataclass(frozen=True, slots=True)
class Plan:
    """So many uploads wait while ``describes`` pictures are asked about, one after the other."""

    backlog: int = 5000
    describes: int = 20
    speed: Speed = field(default_factory=lambda: Speed(parallel=1, first_word_seconds=0.5, words=1))


async def measure(plan: Plan) -> dict[str, Figure]:
    """Measure without a backlog, and with one."""
    camera = Camera(POSTED)
    async with moderated(plan.speed, lambda _: Fate.CLEAN) as around:
        await _describes(around, camera, 2, _FIRST_DESCRIBED)
        alone = await _describes(around, camera, plan.describes, _FIRST_DESCRIBED + 100)
        await _fill(around, camera, plan.backlog)
        among = await _describes(around, camera, plan.describes, _FIRST_DESCRIBED + 200)
        left = plan.backlog - sum(bool(asked.answered_at) for asked in around.engine.asked)
        return {
            "backlog": left,
            "describe_alone_p50_ms": percentile(alone, 0.5) * 1000,
            "describe_p50_ms": percentile(among, 0.5) * 1000,
            "describe_max_ms": max(among) * 1000,
            "describe_ratio": percentile(among, 0.5) / percentile(alone, 0.5),
        }


async def _describes(around: World, camera: Camera, times: int, first: int) -> list[float]:
    return [
        await around.discord.describe(await asyncio.to_thread(camera.picture, number))
        for number in range(first, first + times)
    ]


async def _fill(around: World, camera: Camera, uploads: int) -> None:
    for first in range(0, uploads, _IN_A_MESSAGE):
        numbers = range(first, min(uploads, first + _IN_A_MESSAGE))
        pictures = await asyncio.to_thread(_taken, camera, numbers)
        await around.discord.post(FIRST_MEMBER, WATCHED[0], pictures)
    async with asyncio.timeout(_QUEUED_SECONDS):
        while await around.queued() < uploads:  # noqa: ASYNC110 - the bot's doing
            await asyncio.sleep(_LOOK_SECONDS)


def _taken(camera: Camera, numbers: range) -> list[tuple[int, bytes]]:
    return [(number, camera.picture(number)) for number in numbers]
