"""What moderation sees of an original: frames on both backgrounds, hashes, and hostile bytes."""

import hashlib
import os
import signal
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont, ImageStat

from bot.domain.errors import (
    NotAPicture,
    PictureBroken,
    PictureError,
    PictureHostile,
    ServiceError,
    TooManyPixels,
)
from bot.domain.moderation.fingerprint import Hash64
from bot.domain.picture import Frame
from bot.media.examiner import HANDLER, PictureExaminer
from bot.media.fingerprint import bank_hashes, query_hashes
from bot.workers.pool import WorkerPool
from tests.media.conftest import Eyes
from tests.media.crafting import animation, exif, noise, saved, scene
from tests.media.hostile import HostilePicture, hostile_pictures
from tests.media.lookalikes import photo, screenshot
from tests.media.looking import RED, WHITE, near, opened, pixel

DARK = (0x31, 0x33, 0x38)
CLEAR = (0, 0, 0, 0)
SEEDS = [
    saved(scene(64, 48), "JPEG", exif=exif(6)),
    saved(scene(64, 48).convert("RGBA"), "PNG"),
    saved(scene(64, 48), "WEBP"),
    animation("GIF", ["red", "green", "blue"]),
]


def lettered(fill: tuple[int, ...] | str, size: tuple[int, int] = (400, 200)) -> Image.Image:
    """Words and a red square on nothing."""
    image = Image.new("RGBA", size, CLEAR)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 60, 60), fill="red")
    draw.text((80, 80), "go away", font=ImageFont.load_default(40), fill=fill)
    return image


def apart(one: Sequence[Hash64], other: Sequence[Hash64]) -> int:
    """In how many bits two hashes differ, in the half that differs more."""
    return max((a ^ b).bit_count() for a, b in zip(one, other, strict=True))


def new_pool(handler: str = HANDLER, *, memory_bytes: int = 10**9) -> WorkerPool:
    return WorkerPool(handler, size=1, memory_bytes=memory_bytes, timeout_seconds=10)


def test_a_photo_is_prepared_fingerprinted_and_free_of_metadata(eyes: Eyes) -> None:
    data = saved(photo(1), "JPEG", exif=exif(6), quality=90)
    examined = eyes.examine(data)
    (frame,) = examined.frames
    assert (frame.width, frame.height) == photo(1).size[::-1]
    assert not opened(frame).getexif()
    assert examined.fingerprint.sha256 == hashlib.sha256(data).hexdigest()
    assert apart(examined.fingerprint.hashes, query_hashes([opened(frame)])) <= 4
    assert (examined.dark, examined.codes, examined.animated) == ((), (), False)


def test_frames_fit_a_vision_model_and_the_spool(eyes: Eyes) -> None:
    frames = [noise(1600, 1200, seed=seed) for seed in range(5)]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], quality=30, method=0)
    examined = eyes.examine(data)
    assert len(examined.frames) == 4
    assert examined.animated
    assert sum(len(frame.data) for frame in examined.frames) <= 300_000
    for frame in examined.frames:
        assert frame.width * frame.height <= 1_048_576


def test_white_letters_on_nothing_are_seen_on_dark(eyes: Eyes) -> None:
    examined = eyes.examine(saved(lettered("white"), "PNG"))
    (light,), (dark,) = examined.frames, examined.dark
    assert near(pixel(opened(light), 0.05, 0.1), RED)
    assert near(pixel(opened(light), 0.9, 0.9), WHITE)
    assert near(pixel(opened(dark), 0.05, 0.1), RED)
    assert near(pixel(opened(dark), 0.9, 0.9), DARK)
    words = (80, 80, 400, 140)
    assert ImageStat.Stat(opened(dark).convert("L").crop(words)).extrema[0][1] > 240
    assert ImageStat.Stat(opened(light).convert("L").crop(words)).extrema[0][0] > 240


def test_white_letters_alone_are_seen_once_on_dark(eyes: Eyes) -> None:
    image = Image.new("RGBA", (400, 200), CLEAR)
    ImageDraw.Draw(image).text((80, 80), "go", font=ImageFont.load_default(40), fill="white")
    examined = eyes.examine(saved(image, "PNG"))
    assert examined.dark == ()
    assert near(pixel(opened(examined.frames[0]), 0.9, 0.9), DARK)


@pytest.mark.parametrize(
    "image",
    [lettered("black"), lettered("blue"), lettered((0, 0, 0, 200)), scene().convert("RGBA")],
    ids=["black", "blue", "dark and glassy", "opaque"],
)
def test_what_is_plain_to_see_on_white_is_not_shown_twice(image: Image.Image, eyes: Eyes) -> None:
    assert eyes.examine(saved(image, "PNG")).dark == ()


def test_faint_white_letters_are_seen_on_dark(eyes: Eyes) -> None:
    assert len(eyes.examine(saved(lettered((255, 255, 255, 110)), "PNG")).dark) == 1


def test_a_picture_that_is_another_one_on_dark_is_seen_as_both(eyes: Eyes) -> None:
    """Each pixel's shade and opacity are chosen for two pictures at once."""
    on_white = scene(200, 150).convert("L").point(lambda level: 160 + level * 95 // 255)
    on_dark = photo(2).resize((200, 150)).convert("L").point(lambda level: 50 + level * 90 // 255)
    pixels = []
    for light, dark in zip(on_white.tobytes(), on_dark.tobytes(), strict=True):
        opacity = 1 - (light - dark) / (255 - 50)
        shade = 0 if opacity <= 0 else min(255, max(0, (dark - 50 * (1 - opacity)) / opacity))
        pixels.append((round(shade), round(255 * min(1, max(0, opacity)))))
    both = Image.new("LA", (200, 150))
    both.putdata(pixels)
    assert len(eyes.examine(saved(both, "PNG")).dark) == 1


def test_letters_that_blink_on_nothing_are_another_frame(eyes: Eyes) -> None:
    frames = [lettered("white"), lettered(CLEAR), lettered("white")]
    data = saved(
        frames[0], "PNG", save_all=True, append_images=frames[1:], duration=200, disposal=1
    )
    examined = eyes.examine(data)
    assert len(examined.frames) == 2
    assert len(examined.dark) == 1


def test_views_and_fingerprint_agree(eyes: Eyes) -> None:
    for image in (photo(3), screenshot(3)):
        examined = eyes.examine(saved(image, "PNG"))
        views = eyes.views(*examined.frames)
        assert apart(views.whole, examined.fingerprint.hashes) <= 4
        assert views.hashes == bank_hashes([opened(frame) for frame in examined.frames])[1]


@pytest.mark.parametrize("hostile", hostile_pictures(), ids=lambda hostile: hostile.name)
def test_it_ends_in_frames_or_a_refusal(hostile: HostilePicture, eyes: Eyes) -> None:
    examined = eyes.outcome(hostile.data)
    assert not isinstance(examined, PictureHostile)
    if isinstance(examined, PictureError):
        assert hostile.expect == "refused", repr(examined)
        return
    assert hostile.expect == "picture"
    frames = examined.frames + examined.dark
    assert 1 <= len(examined.frames) <= 4
    assert sum(len(frame.data) for frame in frames) <= 300_000
    for frame in frames:
        assert opened(frame).size == (frame.width, frame.height)
    assert len(examined.fingerprint.hashes) <= 2 * len(frames)


@settings(max_examples=80)
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.one_of(st.none(), st.integers(1, 5000)),
)
def test_a_damaged_file_ends_in_frames_or_a_refusal(
    eyes: Eyes, seed: bytes, edits: list[tuple[int, int]], cut: int | None
) -> None:
    damaged = bytearray(seed)
    for place, value in edits:
        damaged[place % len(damaged)] = value
    examined = eyes.outcome(bytes(damaged[:cut]))
    assert not isinstance(examined, PictureHostile)
    assert isinstance(examined, PictureError) or examined.frames


async def test_what_is_no_picture_never_reaches_a_worker() -> None:
    async with new_pool() as pool:
        for data, refusal in ((b"", PictureBroken), (b"%PDF-1.7", NotAPicture)):
            with pytest.raises(refusal):
                await PictureExaminer(pool).examine(data)
        assert pool.process_ids == ()


async def test_limits_are_the_callers() -> None:
    async with new_pool() as pool:
        with pytest.raises(TooManyPixels):
            await PictureExaminer(pool, max_pixels=100).examine(saved(scene(20, 20), "PNG"))


async def test_a_picture_that_costs_a_worker_is_not_tried_again() -> None:
    large = saved(Image.new("RGBA", (4900, 4900)), "PNG")
    async with new_pool(memory_bytes=60 * 1024 * 1024) as pool:
        examiner = PictureExaminer(pool)
        with pytest.raises(PictureHostile) as first:
            await examiner.examine(large)
        assert (await examiner.examine(SEEDS[0])).frames
    with pytest.raises(PictureHostile) as second:  # the pool is closed: nothing ran
        await examiner.examine(large)
    assert (first.value.reason, second.value.reason) == ("memory", "memory")


async def test_a_worker_that_cannot_start_is_no_fault_of_the_picture() -> None:
    async with new_pool("tests.media.handlers:no_such_name") as pool:
        examiner = PictureExaminer(pool)
        with pytest.raises(ServiceError):
            await examiner.examine(SEEDS[0])
        with pytest.raises(ServiceError):
            await examiner.views([Frame(SEEDS[0], "image/jpeg", 64, 48)])


async def test_a_worker_killed_in_the_middle_costs_one_picture() -> None:
    async with new_pool() as pool:
        examiner = PictureExaminer(pool)
        await examiner.examine(SEEDS[0])
        os.kill(pool.process_ids[0], signal.SIGSTOP)
        os.kill(pool.process_ids[0], signal.SIGKILL)
        with pytest.raises(PictureHostile):
            await examiner.thumbnail(Frame(SEEDS[1], "image/png", 64, 48))
        assert await examiner.thumbnail(Frame(SEEDS[1], "image/png", 64, 48))


@pytest.mark.parametrize(
    "reply", ["empty", "no frames", "missing body", "half a hash", "large hash", "many hashes"]
)
async def test_a_worker_that_was_taken_over_is_not_believed(reply: str) -> None:
    async with new_pool("tests.media.handlers:examine_falsely") as pool:
        with pytest.raises(PictureHostile) as caught:
            await PictureExaminer(pool).examine(b"\xff\xd8\xff" + reply.encode())
        assert caught.value.reason == "crash"


@pytest.mark.parametrize("reply", ["empty", "half a hash", "strange pdq", "strange error"])
async def test_false_views_are_not_believed(reply: str) -> None:
    frame = Frame(b"\xff\xd8\xff" + reply.encode(), "image/jpeg", 1, 1)
    async with new_pool("tests.media.handlers:examine_falsely") as pool:
        with pytest.raises(PictureHostile):
            await PictureExaminer(pool).views([frame])


def test_frames_that_are_none_have_no_views(eyes: Eyes) -> None:
    with pytest.raises(PictureBroken):
        eyes.views(Frame(b"no picture at all", "image/png", 1, 1))
    with pytest.raises(PictureBroken):
        eyes.views()


def test_a_plain_picture_is_banked_by_its_bytes_alone(eyes: Eyes) -> None:
    views = eyes.views(Frame(saved(Image.new("RGB", (64, 64)), "PNG"), "image/png", 64, 64))
    assert (views.hashes, views.whole) == ((), ())
