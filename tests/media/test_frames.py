"""Which frames are chosen, and how far the way to them may be."""

import io
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media.frames import Walk, frame_count, least_alike, spread, walk
from bot.media.prepare import Still
from tests.media.crafting import animation, gif_of_dots, noise, saved, scene


@given(count=st.integers(1, 5000), wanted=st.integers(1, 20))
def test_a_spread_has_the_first_the_last_and_no_doubles(count: int, wanted: int) -> None:
    chosen = spread(count, wanted)
    assert len(chosen) == min(count, wanted) == len(set(chosen))
    assert chosen == sorted(chosen)
    assert chosen[0] == 0
    assert chosen[-1] == (count - 1 if wanted > 1 else 0)


def play(
    data: bytes, *, wanted: int, max_walk_pixels: int, wary: Random | None = None
) -> tuple[Walk, int]:
    """Walk over ``data``; also return how many frames were decoded."""
    image = Image.open(io.BytesIO(data))
    decoded: set[int] = set()

    def still(frame: Image.Image) -> Still:
        decoded.add(frame.tell())
        return Still(frame.convert("RGB"), transparent=False)

    frames = frame_count(image)
    found = walk(
        image, still, frames=frames, wanted=wanted, max_walk_pixels=max_walk_pixels, wary=wary
    )
    return found, max(decoded) + 1


def test_the_way_ends_where_canvas_times_frames_reaches_its_limit() -> None:
    found, reached = play(gif_of_dots(100, 300), wanted=4, max_walk_pixels=20 * 100 * 100)
    assert reached == 20
    assert found.frame_count == 300
    assert not found.complete
    assert found.left_out


def test_the_first_frame_is_shown_even_when_it_alone_is_over_the_limit() -> None:
    found, reached = play(gif_of_dots(100, 9), wanted=4, max_walk_pixels=1)
    assert (len(found.stills), reached) == (1, 1)
    assert found.left_out


def test_frames_without_a_duration_last_a_tenth_of_a_second() -> None:
    frames = [noise(20, 20, seed=seed) for seed in range(3)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    found, _ = play(data, wanted=4, max_walk_pixels=10**6)
    assert [round(seconds, 3) for seconds, _ in found.stills] == [0.0, 0.1, 0.2]


def test_a_file_with_fewer_frames_than_it_says_counts_what_it_has() -> None:
    data = animation("WEBP", ["red", "green", "blue", "black"])
    at = data.rindex(b"ANMF")
    found, _ = play(data[:at] + b"JUNK" + data[at + 4 :], wanted=4, max_walk_pixels=10**6)
    assert found.frame_count == len(found.stills) <= 4


def test_a_still_has_one_frame() -> None:
    for format_name in ("JPEG", "PNG", "GIF", "TIFF"):
        with Image.open(io.BytesIO(saved(scene(), format_name))) as image:
            assert frame_count(image) == 1


def shades(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (40, 30), (number, 255 - number, 90)) for number in range(count)]


def sees_red(data: bytes, wary: Random | None) -> bool:
    found, _ = play(data, wanted=4, max_walk_pixels=10**9, wary=wary)
    assert len(found.stills) == 4
    times = [seconds for seconds, _ in found.stills]
    assert times == sorted(times)
    return any(still.image.getpixel((20, 15)) == (255, 0, 0) for _, still in found.stills)


def test_what_is_least_like_the_others_is_kept() -> None:
    images = shades(9)
    images[5] = Image.new("RGB", (40, 30), "red")
    assert least_alike(images, 3) == [0, 5, 8]
    assert least_alike(images[:2], 4) == [0, 1]
    assert least_alike([images[0]] * 3, 2) == [0, 1]


def test_the_one_frame_that_is_shown_long_is_seen() -> None:
    frames = shades(60)
    frames[30] = Image.new("RGB", (40, 30), "red")
    durations = [20] * 60
    durations[30] = 30_000
    data = saved(
        frames[0],
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        lossless=True,
    )
    assert not sees_red(data, None)
    assert sees_red(data, Random(1))


def test_nobody_knows_which_frames_are_not_looked_at() -> None:
    frames = shades(100)
    for number in {*range(100)} - {*spread(100, 16)}:
        frames[number] = Image.new("RGB", (40, 30), "red")
    data = saved(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, lossless=True
    )
    assert not sees_red(data, None)
    assert all(sees_red(data, Random(seed)) for seed in range(5))
