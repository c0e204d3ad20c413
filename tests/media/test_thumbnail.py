"""A thumbnail tells cases apart by their colours, and shows nothing."""

import io

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageStat

from bot.domain.picture import Frame
from bot.media.thumbnail import blurred
from tests.media.conftest import Eyes
from tests.media.crafting import noise, saved
from tests.media.looking import near, pixel


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def page(words: str) -> Image.Image:
    image = Image.new("RGB", (800, 600), "white")
    font = ImageFont.load_default(36)
    draw = ImageDraw.Draw(image)
    for y in range(40, 540, 60):
        draw.text((40, y), words, font=font, fill="black")
    return image


def detail(image: Image.Image) -> float:
    """How much neighbouring pixels differ: the variance of what blurring takes away."""
    grey = image.convert("L")
    soft = grey.filter(ImageFilter.GaussianBlur(4))
    return float(ImageStat.Stat(ImageChops.difference(grey, soft)).var[0])


def test_what_is_written_cannot_be_told_from_what_is_not() -> None:
    one, other = (
        opened(blurred(page(words))) for words in ("I will hurt you now", "I like your hut soon")
    )
    difference = ImageChops.difference(one.convert("L"), other.convert("L"))
    assert ImageStat.Stat(difference).mean[0] < 8
    assert detail(one) < 3
    assert detail(page("I will hurt you now").resize((160, 120))) > 100


def test_no_fine_detail_is_left_of_a_picture_full_of_it() -> None:
    assert detail(opened(blurred(noise(800, 600)))) < 3


def test_colours_and_large_shapes_remain() -> None:
    image = Image.new("RGB", (900, 600), (220, 30, 30))
    ImageDraw.Draw(image).rectangle((450, 0, 900, 600), fill=(30, 30, 220))
    small = opened(blurred(image))
    assert small.size == (160, 107)
    assert near(pixel(small, 0.1, 0.5), (220, 30, 30))
    assert near(pixel(small, 0.9, 0.5), (30, 30, 220))


@pytest.mark.parametrize("size", [(1, 1), (32, 3200), (3200, 32), (160, 160), (5, 4)])
def test_any_shape_becomes_a_small_file_without_metadata(size: tuple[int, int]) -> None:
    data = blurred(Image.new("RGB", size, "teal"))
    image = opened(data)
    assert image.format == "JPEG"
    assert max(image.size) == 160
    assert len(data) < 8_000
    assert not image.getexif()


def test_it_is_made_in_the_worker(eyes: Eyes) -> None:
    frame = Frame(saved(page("hello"), "PNG"), "image/png", 800, 600)
    assert opened(eyes.thumbnail(frame)).size == (160, 120)
