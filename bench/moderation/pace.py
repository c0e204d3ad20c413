"""How long uploads wait for their verdict, while the engine keeps up and while it does not."""

import asyncio
import time
from dataclasses import dataclass, field

from bench.engine import Speed
from bench.figures import Figure, percentile
from bench.moderation.fates import Fate
from bench.moderation.pictures import POSTED
from bench.moderation.place import FIRST_MEMBER, WATCHED
from bench.moderation.world import World, moderated
from bench.photos import Camera


@dataclass(frozen=True, slots=True)
class Plan:
    """So many uploads a second, one rate after the other, each for ``seconds``."""

    per_second: tuple[int, ...] = (1, 5, 20)
    seconds: float = 12.0
    speed: Speed = field(default_factory=lambda: Speed(parallel=2, first_word_seconds=0.2, words=1))


async def measure(plan: Plan) -> dict[str, Figure]:
    """Measure times from the post to the verdict."""
    camera = Camera(POSTED)
    figures: dict[str, Figure] = {"engine_per_s": plan.speed.pictures_per_second}
    async with moderated(plan.speed, lambda _: Fate.CLEAN) as around:
        await _post(around, camera, 2, 2.0, 0)
        await around.at_rest()
        for rate in plan.per_second:
            figures |= await _at(around, camera, rate, plan)
    return figures


async def _at(around: World, camera: Camera, rate: int, plan: Plan) -> dict[str, Figure]:
    keys = await _post(around, camera, round(rate * plan.seconds), rate, 1000 * rate)
    posted_all = time.perf_counter()
    await around.at_rest()
    drained = time.perf_counter() - posted_all
    waits = await around.verdict_seconds(keys)
    figures: dict[str, Figure] = {
        f"verdict_{rate}_per_s_p50_s": percentile(waits, 0.5),
        f"verdict_{rate}_per_s_p99_s": percentile(waits, 0.99),
    }
    if rate > plan.speed.pictures_per_second:
        # Who was posted last had the whole backlog in front of them, and most of it behind them.
        last = waits[-max(1, len(waits) // 10) :]
        figures[f"verdict_{rate}_per_s_last_tenth_p50_s"] = percentile(last, 0.5)
        figures[f"verdict_{rate}_per_s_drained_s"] = drained
        figures[f"verdict_{rate}_per_s_backlog"] = sum(
            wait > posted_all - around.discord.uploads[key].posted_at
            for key, wait in zip(keys, waits, strict=True)
        )
    return figures


async def _post(
    around: World, camera: Camera, uploads: int, per_second: float, first: int
) -> list[str]:
    keys: list[str] = []
    due = time.perf_counter()
    for number in range(first, first + uploads):
        data = await asyncio.to_thread(camera.picture, number)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        (upload,) = await around.discord.post(FIRST_MEMBER, WATCHED[0], [(number, data)])
        keys.append(upload.key)
        due += 1 / per_second
    return keys
