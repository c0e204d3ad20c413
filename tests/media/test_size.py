"""Prepared pictures have the size that was asked for, in pixels and in bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bot.domain.errors import TooManyPixels
from bot.domain.picture import PictureNeeds
from bot.media.prepare import fitting_size
from tests.media.conftest import Prepare
from tests.media.crafting import animation, noise, saved, scene
from tests.media.looking import RED, near, opened, pixel


@pytest.mark.parametrize("sharp", [False, True])
def test_a_48_megapixel_photo_of_noise_fits_in_400_kilobytes(prepare: Prepare, sharp: bool) -> None:
    tile = noise(1000, 750)
    photo = Image.new("RGB", (8000, 6000))
    for x in range(0, 8000, 1000):
        for y in range(0, 6000, 750):
            photo.paste(tile, (x, y))
    data = saved(photo, "JPEG", quality=60)
    assert len(data) > 10_000_000
    picture = prepare(
        data,
        keep_text_sharp=sharp,
        max_pixels=3_000_000 if sharp else 1_048_576,
        max_side=3072 if sharp else 2048,
    )
    assert picture.size_bytes <= 400_000
    assert picture.facts.width * picture.facts.height == 48_000_000


@pytest.mark.parametrize("max_bytes", [3_000, 20_000, 400_000])
def test_all_frames_together_keep_the_promise(prepare: Prepare, max_bytes: int) -> None:
    frames = [noise(400, 300, seed=seed) for seed in range(4)]
    data = saved(frames[0], "WEBP", quality=60, save_all=True, append_images=frames[1:])
    picture = prepare(data, max_bytes=max_bytes)
    assert len(picture.frames) == 4
    assert picture.size_bytes <= max_bytes


def test_text_is_kept_as_png_and_photos_as_jpeg(prepare: Prepare) -> None:
    page = Image.new("RGB", (800, 600), "white")
    ImageDraw.Draw(page).text((50, 50), "Plain words\non a page", fill="navy", font_size=48)
    for sharp in (False, True):
        drawn = prepare(saved(page, "PNG"), keep_text_sharp=sharp)
        assert drawn.frames[0].media_type == "image/png"
        photo = prepare(saved(noise(300, 300), "PNG"), keep_text_sharp=sharp)
        assert photo.frames[0].media_type == "image/jpeg"
    assert opened(prepare(saved(page, "PNG")).frames[0]).tobytes() == page.tobytes()


def test_the_same_bytes_give_the_same_picture(prepare: Prepare) -> None:
    files = [
        saved(scene(3000, 2000), "JPEG"),
        saved(noise(90, 90, "RGBA"), "PNG"),
        animation("GIF", ["red", "green", "blue", "white", "black"]),
        saved(scene(), "AVIF", speed=10),
    ]
    for data in files:
        first, second = prepare(data), prepare(data)
        assert first == second
        assert first.sha256 == second.sha256


@pytest.mark.parametrize(
    ("size", "prepared"),
    [((1, 1), (32, 32)), ((5, 300), (32, 300)), ((10_000, 2), (2048, 32)), ((40, 33), (40, 33))],
)
def test_slivers_are_padded_and_nothing_is_enlarged(
    prepare: Prepare, size: tuple[int, int], prepared: tuple[int, int]
) -> None:
    frame = prepare(saved(Image.new("RGB", size, "red"), "PNG")).frames[0]
    assert (frame.width, frame.height) == prepared
    assert near(pixel(opened(frame), 0.49, 0.49), RED)


@settings(max_examples=200)
@given(
    width=st.integers(1, 65_500),
    height=st.integers(1, 65_500),
    max_pixels=st.integers(1_000, 4_000_000),
    max_side=st.integers(64, 4096),
)
def test_a_size_fits_and_keeps_its_shape(
    width: int, height: int, max_pixels: int, max_side: int
) -> None:
    needs = PictureNeeds(max_pixels=max_pixels, max_side=max_side)
    small_width, small_height = fitting_size(width, height, needs)
    assert 1 <= small_width <= min(width, max_side)
    assert 1 <= small_height <= min(height, max_side)
    assert small_width * small_height <= max_pixels
    if min(small_width, small_height) > 50:
        assert small_width / small_height == pytest.approx(width / height, rel=0.05)


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (saved(Image.new("L", (5001, 5000)), "PNG"), 25_000_000),
        (saved(Image.new("L", (5001, 5000)), "JPEG", progressive=True), 25_000_000),
        (saved(Image.new("L", (8000, 6300)), "JPEG"), 50_000_000),
    ],
    ids=["png", "progressive", "baseline"],
)
def test_too_many_pixels_are_refused_with_the_limit(
    prepare: Prepare, data: bytes, limit: int
) -> None:
    with pytest.raises(TooManyPixels) as caught:
        prepare(data)
    assert caught.value.max_pixels == limit < caught.value.width * caught.value.height
