"""Finding where the text of a picture is, with a real detector in its own process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.domain.errors import EngineUnavailable, Interrupted, PictureRejected
from bot.domain.picture import Frame, Picture, PictureFacts, PictureNeeds, Region
from bot.domain.ports import TextFinder
from bot.media.samples.landscape import paint_landscape
from bot.vision.builtin import BuiltinEngine
from bot.vision.builtin.whereabouts import doubtful, text_region
from tests.vision.builtin.conftest import Road
from tests.vision.builtin.pages import Page, draw, photo_like

on_the_road = pytest.mark.asyncio(loop_scope="session")
SIGN = draw(("Exit on the left", "Platform 4"), "latin", 22).image


def png(image: Image.Image) -> bytes:
    return Page(image, "").encoded()


async def found(road: Road, image: Image.Image) -> Region | None:
    finder: TextFinder = road.engine
    return await finder.find_text(await road.preparer.prepare(png(image), PictureNeeds()))


def inside(region: Region, image: Image.Image) -> tuple[float, ...]:
    """The region in pixels."""
    return (
        region.left * image.width,
        region.top * image.height,
        region.right * image.width,
        region.bottom * image.height,
    )


@on_the_road
@pytest.mark.parametrize("corner", [(0, 0), (800, 30), (60, 700), (820, 690)])
async def test_the_part_with_the_text_is_found_wherever_it_is(
    road: Road, corner: tuple[int, int]
) -> None:
    image = photo_like(1200, 900, 3)
    image.paste(SIGN, corner)
    region = await found(road, image)
    assert region is not None
    left, top, right, bottom = inside(region, image)
    # The letters begin 30 pixels inside the sign.
    assert corner[0] <= left <= corner[0] + 30
    assert corner[1] <= top <= corner[1] + 30
    assert 0 <= corner[0] + SIGN.width - right <= 45
    assert 0 <= corner[1] + SIGN.height - bottom <= 60


@on_the_road
async def test_the_part_holds_every_text_there_is(road: Road) -> None:
    image = Image.new("RGB", (1000, 800), "white")
    image.paste(SIGN, (20, 30))
    image.paste(SIGN, (700, 600))
    region = await found(road, image)
    assert region is not None
    left, top, right, bottom = inside(region, image)
    assert (left, top) < (60, 70)
    assert right > 700 + SIGN.width - 60
    assert bottom > 600 + SIGN.height - 70


@on_the_road
@pytest.mark.parametrize("seed", range(6))
async def test_a_photo_without_text_has_no_such_part(road: Road, seed: int) -> None:
    assert await found(road, photo_like(900, 700, seed)) is None


@on_the_road
async def test_a_hill_is_no_text(road: Road) -> None:
    assert await found(road, paint_landscape()) is None


@on_the_road
async def test_a_sign_that_fills_the_picture_is_text(road: Road) -> None:
    for degrees in (0, 90, 180):
        sign = draw(("OPEN",), "latin", 90).turned(degrees).image
        assert await found(road, sign) is not None


@on_the_road
async def test_padding_is_no_part_of_the_picture(road: Road) -> None:
    """A line of 24 pixels height is put on a ground of 32; the fractions are of the line."""
    line = draw(("A line of text that fills its picture",), "latin", 16).image
    line = line.crop((0, 22, line.width, 46))
    region = await found(road, line)
    assert region is not None
    assert region.top < 0.2
    assert region.bottom > 0.8


@on_the_road
async def test_only_the_first_frame_of_an_animation_is_searched(road: Road) -> None:
    blank = Image.new("RGB", SIGN.size, "white")
    frames = tuple(
        Frame(png(image), "image/png", *SIGN.size, at_seconds=second)
        for second, image in enumerate((blank, SIGN))
    )
    facts = PictureFacts("GIF", *SIGN.size, 100, frame_count=2)
    assert await road.engine.find_text(Picture(frames, facts)) is None
    assert await road.engine.find_text(Picture(frames[::-1], facts)) is not None


@on_the_road
async def test_bytes_that_are_no_picture_are_refused(road: Road) -> None:
    facts = PictureFacts("PNG", 10, 10, 9)
    with pytest.raises(PictureRejected):
        await road.engine.find_text(Picture((Frame(b"nonsense", "image/png", 10, 10),), facts))


async def test_without_the_extra_or_when_closed_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture((Frame(b"", "image/png", 1, 1),), PictureFacts("PNG", 1, 1, 0))
    with pytest.raises(Interrupted):
        await BuiltinEngine().find_text(picture)
    monkeypatch.setattr(BuiltinEngine, "available", staticmethod(lambda: False))
    with pytest.raises(EngineUnavailable):
        await BuiltinEngine().find_text(picture)


sides = st.floats(1, 4000)
boxes = st.lists(
    st.builds(
        lambda left, top, across, down: (left, top, left + across, top + down),
        st.floats(-20, 4000),
        st.floats(-20, 4000),
        sides,
        sides,
    ),
    max_size=8,
)


@given(boxes=boxes, width=sides, height=sides)
def test_a_region_lies_in_the_picture(
    boxes: list[tuple[float, float, float, float]], width: float, height: float
) -> None:
    region = text_region(boxes, width, height)
    if region is not None:
        assert 0 <= region.left <= region.right <= 1
        assert 0 <= region.top <= region.bottom <= 1


def test_only_large_boxes_that_are_no_lines_are_doubted() -> None:
    assert doubtful((0, 0, 400, 300), 400, 300)
    assert not doubtful((0, 0, 400, 30), 400, 30)
    assert not doubtful((10, 10, 40, 30), 400, 300)
    assert text_region([], 400, 300) is None
