"""Two hundred photos of 48 megapixels: how much memory the bot and its workers ever hold."""

import asyncio
from dataclasses import dataclass

from bench.discord import Request
from bench.engine import Speed
from bench.figures import Figure
from bench.photos import PHOTO_48MP, Camera, Kind
from bench.processes import Subject
from bench.world import World, bot, world

_ANSWER_SECONDS = 300.0
_SPEED = Speed(parallel=4, first_word_seconds=0.1)


@dataclass(frozen=True, slots=True)
class Plan:
    """``people`` have a picture under way at any moment, until ``pictures`` were posted."""

    kind: Kind = PHOTO_48MP
    people: int = 20
    pictures: int = 200
    speed: Speed = _SPEED

    @classmethod
    def quick(cls) -> "Plan":
        """Plan for 45 seconds."""
        return cls(pictures=40)


async def measure(plan: Plan) -> dict[str, Figure]:
    """Measure Lookout alone; the pictures, people and engine are in this process."""
    camera = await asyncio.to_thread(Camera, plan.kind)
    workers: dict[int, float] = {}
    async with world() as around, bot(around, "lookout", plan.speed) as subject:
        before = subject.memory_mb()
        looking = asyncio.create_task(subject.look_at_workers(workers))
        half, requests = await _post_all(around, subject, camera, plan)
        looking.cancel()
        after, peak = subject.memory_mb(), subject.peak_memory_mb()
    return {
        "bot_peak_mb": peak,
        "worker_peak_mb": max(workers.values()),
        "bot_before_mb": before,
        "bot_half_peak_mb": half,
        "bot_after_mb": after,
        "workers_seen": len(workers),
        "pictures": len(requests),
        "wrong_pictures": sum(request.shown_number != request.number for request in requests),
        "picture_bytes_max": max(served.picture_bytes for served in around.engine.served),
    }


async def _post_all(
    around: World, subject: Subject, camera: Camera, plan: Plan
) -> tuple[float, list[Request]]:
    """Return the bot's peak after half of the pictures (MB), and everything asked."""
    requests: list[Request] = []
    half = 0.0
    numbers = iter(range(plan.pictures))
    taking = asyncio.Lock()  # one camera

    async def person(which: int) -> None:
        nonlocal half
        for number in numbers:
            async with taking:
                data = await asyncio.to_thread(camera.picture, number)
            request = await around.discord.post(which, number, plan.kind, data)
            del data
            requests.append(request)
            await around.discord.settled([request], _ANSWER_SECONDS)
            if number == plan.pictures // 2:
                half = subject.peak_memory_mb()

    async with asyncio.TaskGroup() as group:
        for which in range(plan.people):
            group.create_task(person(which))
    return half, requests
