"""The bot's side: workers that die, hang, starve or lie cost one picture."""

import asyncio
import os
import signal

import pytest
from PIL import Image
from structlog.testing import capture_logs

from bot.domain.errors import (
    FormatUnsupported,
    Interrupted,
    NotAPicture,
    PictureBroken,
    PictureHostile,
    ServiceError,
)
from bot.domain.picture import PictureNeeds
from bot.media.preparer import HANDLER, HostileMemory, PicturePreparer
from bot.workers.pool import WorkerPool
from tests.media.crafting import noise, saved, scene

PHOTO = saved(scene(), "JPEG")
NEEDS = PictureNeeds()


def new_pool(
    handler: str = HANDLER,
    *,
    size: int = 1,
    memory_bytes: int = 10**9,
    timeout_seconds: float = 20.0,
) -> WorkerPool:
    return WorkerPool(
        handler, size=size, memory_bytes=memory_bytes, timeout_seconds=timeout_seconds
    )


async def stopped_worker(pool: WorkerPool) -> int:
    """A worker that will take a job and then make no step: a decoder that hangs."""
    await PicturePreparer(pool).prepare(saved(scene(8, 8), "PNG"), NEEDS)
    process_id = pool.process_ids[0]
    os.kill(process_id, signal.SIGSTOP)
    return process_id


async def handed_over() -> None:
    """Let the pool write a small job to its worker: a few turns of the loop, no input."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_worker_killed_in_the_middle_costs_one_picture() -> None:
    async with new_pool() as pool:
        process_id = await stopped_worker(pool)
        preparer = PicturePreparer(pool)
        victim = asyncio.create_task(preparer.prepare(PHOTO, NEEDS))
        others = [
            asyncio.create_task(preparer.prepare(saved(noise(40, 40, seed=n), "PNG"), NEEDS))
            for n in range(5)
        ]
        await handed_over()
        os.kill(process_id, signal.SIGKILL)
        with pytest.raises(PictureHostile) as caught:
            await victim
        assert caught.value.reason == "crash"
        assert len({(await other).sha256 for other in others}) == 5


async def test_a_decoder_that_hangs_is_stopped_while_others_go_on() -> None:
    async with new_pool(size=2, timeout_seconds=3.0) as pool:
        await stopped_worker(pool)
        preparer = PicturePreparer(pool)
        jobs = [
            asyncio.create_task(preparer.prepare(saved(noise(40, 40, seed=n), "PNG"), NEEDS))
            for n in range(8)
        ]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        hung = [result for result in results if isinstance(result, PictureHostile)]
        assert [failure.reason for failure in hung] == ["timeout"]
        assert sum(not isinstance(result, BaseException) for result in results) == 7


async def test_a_picture_that_needs_too_much_memory_is_refused_and_the_next_one_works() -> None:
    large = saved(Image.new("RGBA", (4900, 4900)), "PNG")
    async with new_pool(memory_bytes=60 * 1024 * 1024) as pool:
        preparer = PicturePreparer(pool)
        with pytest.raises(PictureHostile) as caught:
            await preparer.prepare(large, NEEDS)
        assert caught.value.reason == "memory"
        assert (await preparer.prepare(PHOTO, NEEDS)).facts.format == "JPEG"


async def test_a_hostile_picture_is_not_tried_again() -> None:
    async with new_pool("tests.media.handlers:no_such_name") as broken:
        with pytest.raises(ServiceError):  # no worker ever started: not the picture's fault
            await PicturePreparer(broken).prepare(PHOTO, NEEDS)
    async with new_pool(timeout_seconds=0.5) as pool:
        await stopped_worker(pool)
        preparer = PicturePreparer(pool)
        with pytest.raises(PictureHostile) as first:
            await preparer.prepare(PHOTO, NEEDS)
    with pytest.raises(PictureHostile) as second:  # the pool is closed: nothing ran
        await preparer.prepare(PHOTO, NEEDS)
    assert (first.value.reason, second.value.reason) == ("timeout", "timeout")
    same_length = PHOTO[:-1] + b"\x00"
    with pytest.raises(Interrupted):
        await preparer.prepare(same_length, NEEDS)


@pytest.mark.parametrize(
    "reply",
    [
        "empty",
        "no frames",
        "missing body",
        "strange note",
        "strange fact",
        "strange error",
        "strange fields",
        "unknown",
    ],
)
async def test_a_worker_that_was_taken_over_is_not_believed(reply: str) -> None:
    async with new_pool("tests.media.handlers:lie") as pool:
        with pytest.raises(PictureHostile) as caught:
            await PicturePreparer(pool).prepare(b"\xff\xd8\xff" + reply.encode(), NEEDS)
        assert caught.value.reason == "crash"


async def test_what_is_no_picture_never_reaches_a_worker() -> None:
    async with new_pool() as pool:
        preparer = PicturePreparer(pool)
        for data, refusal in (
            (b"", PictureBroken("empty")),
            (b"%PDF-1.7", NotAPicture("document")),
            (b"8BPS\x00\x01", FormatUnsupported("PSD")),
        ):
            with pytest.raises(type(refusal)) as caught:
                await preparer.prepare(data, NEEDS)
            assert vars(caught.value) == vars(refusal)
        assert pool.process_ids == ()


async def test_cancelling_frees_the_worker_for_the_next_picture() -> None:
    async with new_pool() as pool:
        await stopped_worker(pool)
        preparer = PicturePreparer(pool)
        waiting = asyncio.create_task(preparer.prepare(PHOTO, NEEDS))
        await handed_over()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await preparer.prepare(PHOTO, NEEDS)).facts.width == 320


async def test_failures_are_logged_without_the_picture() -> None:
    async with new_pool("tests.media.handlers:lie") as pool:
        with capture_logs() as logs, pytest.raises(PictureHostile):
            await PicturePreparer(pool).prepare(b"\xff\xd8\xffsecret", NEEDS)
    assert "secret" not in str(logs)
    assert logs


async def test_hostile_pictures_are_forgotten_after_an_hour() -> None:
    now = 0.0
    memory = HostileMemory(clock=lambda: now)
    await memory.add(b"bad", "timeout")
    now = 3599.0
    with pytest.raises(PictureHostile):
        await memory.refuse_if_known(b"bad")
    now = 3601.0
    await memory.refuse_if_known(b"bad")


async def test_the_memory_of_hostile_pictures_is_bounded() -> None:
    memory = HostileMemory()
    for number in range(1025):
        await memory.add(b"%06d" % number, "crash")
    await memory.refuse_if_known(b"%06d" % 0)
    with pytest.raises(PictureHostile):
        await memory.refuse_if_known(b"%06d" % 1)
