"""An animation becomes a few stills in order of time."""

import pytest
from PIL import Image

from bot.domain.picture import Note
from tests.media.conftest import Prepare
from tests.media.crafting import animation, noise, quarters, saved, scene
from tests.media.looking import RED, WHITE, opened, pixel


@pytest.mark.parametrize("format_name", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_becomes_four_frames_in_order(prepare: Prepare, format_name: str) -> None:
    colours = [f"#{value:02x}{value:02x}{value:02x}" for value in range(10, 250, 12)]
    picture = prepare(animation(format_name, colours, milliseconds=100))
    shades = [pixel(opened(frame), 0.5, 0.5)[0] for frame in picture.frames]
    assert len(shades) == 4
    assert shades == sorted(shades)
    assert shades[0] == pytest.approx(10, abs=4)
    assert shades[-1] == pytest.approx(238, abs=6)
    times = [frame.at_seconds for frame in picture.frames]
    assert times[0] == 0.0
    assert times == sorted(times, key=lambda time: time or 0.0)
    assert times[-1] == pytest.approx(1.9, abs=0.01)
    assert picture.facts.frame_count == 20
    assert picture.facts.duration_seconds == pytest.approx(2.0, abs=0.01)
    assert picture.notes == (Note.FRAMES_SAMPLED,)


def test_few_frames_are_all_shown_without_a_note(prepare: Prepare) -> None:
    picture = prepare(animation("GIF", ["red", "green", "blue"]))
    assert len(picture.frames) == 3
    assert picture.notes == ()


def test_frames_that_do_not_differ_are_one_picture(prepare: Prepare) -> None:
    still = quarters()
    frames = [still.copy() for _ in range(5)]
    frames[1].info["comment"] = b"another"
    data = saved(still, "WEBP", lossless=True, save_all=True, append_images=frames, minimize_size=0)
    picture = prepare(data)
    assert len(picture.frames) == 1
    assert not picture.animated


def test_a_change_in_the_middle_of_stillness_is_found(prepare: Prepare) -> None:
    colours = ["white"] * 16
    colours[7] = "red"
    frames = [Image.new("RGB", (40, 40), colour) for colour in colours]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50)
    picture = prepare(data)
    assert [pixel(opened(frame), 0.5, 0.5) for frame in picture.frames] == [WHITE, RED]


def test_one_frame_is_given_to_a_model_that_takes_one(prepare: Prepare) -> None:
    picture = prepare(animation("GIF", ["red", "green"]), max_frames=1)
    assert len(picture.frames) == 1
    assert picture.notes == (Note.FRAMES_SAMPLED,)


def test_pages_of_a_document_are_no_animation(prepare: Prepare) -> None:
    picture = prepare(saved(scene(), "TIFF", save_all=True, append_images=[noise(50, 50)]))
    assert len(picture.frames) == 1
    assert picture.facts.frame_count == 1
