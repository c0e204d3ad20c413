"""Twenty people post photos of 12 megapixels at the same moment, again and again."""

import asyncio
from dataclasses import dataclass

from bench.discord import Request
from bench.engine import Served, Speed
from bench.figures import Figure, spread
from bench.photos import PHOTO_12MP, SMALL, Camera, Kind
from bench.world import World, bot, world

_ANSWER_SECONDS = 120.0
_SPEED = Speed(parallel=4, first_word_seconds=0.4, words=24, word_seconds=0.025)


@dataclass(frozen=True, slots=True)
class Plan:
    """``people`` post at once, ``bursts`` times, the next time when half are answered."""

    kind: Kind = PHOTO_12MP
    people: int = 20
    bursts: int = 8
    speed: Speed = _SPEED

    @classmethod
    def quick(cls) -> "Plan":
        """Plan for 45 seconds."""
        return cls(bursts=3)


@dataclass(frozen=True, slots=True)
class Run:
    """What one bot did with it."""

    requests: list[Request]
    served: list[Served]
    watched: dict[str, float]
    memory_mb: float


async def measure(plan: Plan) -> dict[str, Figure]:
    """Measure Lookout, and a bare bot with one burst for comparison."""
    camera = await asyncio.to_thread(Camera, plan.kind)
    async with world() as around:
        ours = await _run(around, "lookout", camera, plan, plan.bursts)
        plain = await _run(around, "plain", camera, plan, 1)
    figures: dict[str, Figure] = {"throughput_ratio": _throughput(ours, plan.speed.parallel)}
    figures |= spread("ack", [r.acknowledged_at - r.dispatched_at for r in ours.requests])
    figures |= {
        "stall_max_ms": ours.watched["stall_max_ms"],
        "stall_cpu_max_ms": ours.watched["stall_cpu_max_ms"],
        "wrong_pictures": sum(r.shown_number != r.number for r in ours.requests),
        "picture_bytes_max": max(served.picture_bytes for served in ours.served),
        "answers": len(ours.requests),
        "cpu_share": ours.watched["cpu_share"],
        "bot_peak_mb": ours.memory_mb,
    }
    figures |= spread("handover", _handover_seconds(ours, plan.speed.parallel))
    figures |= spread(
        "plain_bot_ack", [r.acknowledged_at - r.dispatched_at for r in plain.requests]
    )
    figures |= {
        "plain_bot_stall_max_ms": plain.watched["stall_max_ms"],
        "plain_bot_peak_mb": plain.memory_mb,
    }
    return figures


async def _run(around: World, name: str, camera: Camera, plan: Plan, bursts: int) -> Run:
    numbers = range(plan.people * bursts)
    photos = await asyncio.to_thread(lambda: [camera.picture(number) for number in numbers])
    discord = around.discord
    async with bot(around, name, plan.speed) as subject:
        await _warm(around)
        around.engine.set_speed(plan.speed)
        discord.requests.clear()
        await subject.order(do="begin")
        for number in numbers:
            person = number % plan.people
            if person == 0:
                await _half_answered(discord.requests, plan.people)
            await discord.post(person, number, plan.kind, photos[number])
        requests = list(discord.requests)
        await discord.settled(requests, _ANSWER_SECONDS)
        watched = await subject.order(do="report")
        return Run(requests, list(around.engine.served), watched, subject.peak_memory_mb())


async def _warm(around: World) -> None:
    """Let workers start and connections open, as in a bot that has run for a minute."""
    camera = Camera(SMALL)
    numbers = (60_000, 60_001)
    requests = [await around.discord.post(0, n, SMALL, camera.picture(n)) for n in numbers]
    await around.discord.settled(requests, _ANSWER_SECONDS)


async def _half_answered(requests: list[Request], people: int) -> None:
    """Wait until no more than half of a burst is unanswered, so that the queue never runs dry."""
    while sum(not request.answered_at for request in requests) > people // 2:  # noqa: ASYNC110 - any answer
        await asyncio.sleep(0.01)


def _throughput(run: Run, parallel: int) -> float:
    """Return the share of the engine's time that the bot used while it had pictures left.

    That is from the moment when all slots had their first picture until the last one was handed
    over; the same as pictures a second against the most the engine can do.
    """
    began = sorted(served.began_at for served in run.served)
    opens, closes = began[parallel - 1], began[-1]
    used = sum(
        max(0.0, min(served.ended_at, closes) - max(served.began_at, opens))
        for served in run.served
    )
    return used / (parallel * (closes - opens))


def _handover_seconds(run: Run, parallel: int) -> list[float]:
    """Return for how long a slot of the engine was empty, each time it was given the next one."""
    began = sorted(served.began_at for served in run.served)
    ended = sorted(served.ended_at for served in run.served)
    return [next_one - end for next_one, end in zip(began[parallel:], ended, strict=False)]
