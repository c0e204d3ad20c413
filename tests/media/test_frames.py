"""Which frames are chosen, and how far the way to them may be."""

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media.frames import Walk, frame_count, spread, walk
from bot.media.prepare import Still
from tests.media.crafting import animation, gif_of_dots, noise, saved, scene


@given(count=st.integers(1, 5000), wanted=st.integers(1, 20))
def test_a_spread_has_the_first_the_last_and_no_doubles(count: int, wanted: int) -> None:
    chosen = spread(count, wanted)
    assert len(chosen) == min(count, wanted) == len(set(chosen))
    assert chosen == sorted(chosen)
    assert chosen[0] == 0
    assert chosen[-1] == (count - 1 if wanted > 1 else 0)


def play(data: bytes, *, wanted: int, max_walk_pixels: int) -> tuple[Walk, int]:
    """Walk over ``data``; also return how many frames were decoded."""
    image = Image.open(io.BytesIO(data))
    decoded: set[int] = set()

    def still(frame: Image.Image) -> Still:
        decoded.add(frame.tell())
        return Still(frame.convert("RGB"), transparent=False)

    frames = frame_count(image)
    found = walk(image, still, frames=frames, wanted=wanted, max_walk_pixels=max_walk_pixels)
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
