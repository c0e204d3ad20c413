"""A part of a picture: the right pixels of the upright original, as sharp as they were taken."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from bot.domain.picture import Note, Picture, Region
from bot.media.region import stored_box
from tests.media.conftest import Prepare
from tests.media.crafting import animation, exif, grey_16, noise, quarters, saved
from tests.media.looking import BLUE, GREEN, RED, WHITE, near, opened, pixel

THIRDS = [
    Region(column / 3, row / 3, (column + 1) / 3, (row + 1) / 3)
    for row in range(3)
    for column in range(3)
]
MIDDLE = Region(1 / 3, 1 / 3, 2 / 3, 2 / 3)
UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture comes to lie in the file that each EXIF orientation describes."""

LOSSLESS: dict[str, dict[str, Any]] = {"WEBP": {"lossless": True}}


def lying(upright: Image.Image, turn: int) -> Image.Image:
    return upright.transpose(UNDO[turn]) if turn in UNDO else upright


def mosaic(side: int = 30) -> Image.Image:
    """Nine fields, each of a colour of its own, each marked at its top left."""
    picture = Image.new("RGB", (3 * side, 3 * side))
    draw = ImageDraw.Draw(picture)
    for number in range(9):
        left, top = number % 3 * side, number // 3 * side
        colour = (40 * (number % 3) + 60, 40 * (number // 3) + 60, 25 * number)
        draw.rectangle((left, top, left + side - 1, top + side - 1), fill=colour)
        draw.rectangle((left, top, left + side // 3, top + side // 3), fill="white")
    return picture


def part(picture: Picture) -> Image.Image:
    return opened(picture.frames[0])


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "WEBP"])
def test_each_ninth_of_the_upright_picture_is_cut_out_whatever_way_it_is_stored(
    prepare: Prepare, format_name: str, turn: int
) -> None:
    upright = mosaic(40)
    options = {"tiffinfo": {0x0112: turn}} if format_name == "TIFF" else {"exif": exif(turn)}
    data = saved(lying(upright, turn), format_name, **options, **LOSSLESS.get(format_name, {}))
    for number, region in enumerate(THIRDS):
        left, top = number % 3 * 40, number // 3 * 40
        wanted = upright.crop((left, top, left + 40, top + 40))
        assert part(prepare(data, region=region)).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_lying_on_its_side_gives_its_part_at_full_resolution(
    prepare: Prepare, turn: int
) -> None:
    """Fine lines in the part are as they were taken, although the whole is shown much smaller."""
    upright = Image.new("RGB", (3600, 2400), (200, 120, 40))
    draw = ImageDraw.Draw(upright)
    for x in range(0, 1200, 8):
        draw.line((x, 0, x, 799), fill="black", width=4)
    data = saved(lying(upright, turn), "JPEG", exif=exif(turn), quality=95)
    picture = prepare(data, region=THIRDS[0], max_side=1200)
    found = part(picture)
    assert found.size == (1200, 800) == (picture.facts.width, picture.facts.height)
    whole = upright.crop((0, 0, 1200, 800))
    difference = ImageChops.difference(found, whole).convert("L")
    assert difference.point(lambda value: 255 * (value > 60)).getbbox() is None
    assert max(part(prepare(data, max_side=400)).size) == 400


@pytest.mark.parametrize("sharp", [False, True])
def test_a_large_part_is_scaled_as_a_picture_of_its_own_would_be(
    prepare: Prepare, sharp: bool
) -> None:
    photo = noise(600, 400).resize((6000, 4000), Image.Resampling.BICUBIC)
    data = saved(photo, "JPEG", quality=92)
    region = Region(0.25, 0.25, 0.75, 0.75)
    found = part(prepare(data, region=region, max_side=500, keep_text_sharp=sharp))
    alone = saved(photo.crop((1500, 1000, 4500, 3000)), "JPEG", quality=92)
    wanted = part(prepare(alone, max_side=500, keep_text_sharp=sharp))
    assert found.size == wanted.size == (500, 333)
    difference = ImageChops.difference(found, wanted).convert("L").resize((1, 1))
    assert pixel(difference.convert("RGB"), 0, 0)[0] < 12


@pytest.mark.parametrize(
    ("region", "wanted"),
    [
        (Region(-1.0, -0.5, 0.5, 0.5), RED),
        (Region(0.5, -2.0, 7.0, 0.5), GREEN),
        (Region(0.5, 0.5, 1.5, 1.0), WHITE),
    ],
)
def test_what_lies_outside_of_the_picture_is_left_out(
    prepare: Prepare, region: Region, wanted: tuple[int, int, int]
) -> None:
    picture = prepare(saved(quarters(), "PNG"), region=region)
    assert near(pixel(part(picture), 0.5, 0.5), wanted)
    assert (picture.facts.width, picture.facts.height) == (40, 30)


@pytest.mark.parametrize(
    "region", [Region(2, 2, 3, 3), Region(-3, -3, -2, -2), Region(0.9, 0.9, 0.1, 0.1)]
)
def test_a_region_that_holds_nothing_still_gives_a_pixel(prepare: Prepare, region: Region) -> None:
    picture = prepare(saved(quarters(), "PNG"), region=region)
    assert (picture.facts.width, picture.facts.height) == (1, 1)
    assert part(picture).size == (32, 32)


def test_a_tiny_part_is_padded_and_not_enlarged(prepare: Prepare) -> None:
    picture = prepare(saved(Image.new("RGB", (90, 90), "blue"), "PNG"), region=Region(0, 0, 0.1, 1))
    found = part(picture)
    assert found.size == (32, 90)
    assert [near(pixel(found, x, 0.5), BLUE) for x in (0.1, 0.5, 0.9)] == [False, True, False]


def test_the_whole_as_a_region_is_the_whole(prepare: Prepare) -> None:
    data = saved(quarters(3200, 2400), "JPEG", exif=exif(6))
    assert prepare(data, region=Region(0, 0, 1, 1)) == prepare(data)


@pytest.mark.parametrize(
    "data",
    [
        saved(quarters(160, 120).quantize(4), "PNG"),
        saved(quarters(160, 120).quantize(4), "GIF"),
        saved(quarters(160, 120).convert("CMYK"), "TIFF"),
        saved(quarters(160, 120).convert("RGBA"), "PNG"),
    ],
    ids=["palette", "gif", "cmyk", "alpha"],
)
def test_a_part_keeps_its_colours_in_every_mode(prepare: Prepare, data: bytes) -> None:
    for region, wanted in (
        (Region(0, 0, 0.5, 0.5), RED),
        (Region(0.5, 0, 1, 0.5), GREEN),
        (Region(0, 0.5, 0.5, 1), BLUE),
        (Region(0.5, 0.5, 1, 1), WHITE),
    ):
        found = part(prepare(data, region=region))
        assert found.getcolors(1) is not None  # one colour, to its very edge
        assert near(pixel(found, 0.5, 0.5), wanted)


def test_what_is_hidden_under_transparency_stays_hidden_in_a_part(prepare: Prepare) -> None:
    palette = Image.new("P", (60, 60), 1)
    palette.putpalette([255, 255, 255, 255, 0, 0, 0, 0, 255])
    palette.paste(2, (0, 0, 20, 60))
    picture = prepare(saved(palette, "PNG", transparency=1), region=Region(0, 0, 2 / 3, 1))
    assert sorted(part(picture).getcolors() or []) == [(20 * 60, BLUE), (20 * 60, WHITE)]
    assert picture.facts.transparent
    opaque = prepare(saved(palette, "PNG", transparency=1), region=Region(0, 0, 1 / 3, 1))
    assert not opaque.facts.transparent


def test_a_part_of_16_bit_grey_is_as_bright_as_in_the_whole(prepare: Prepare) -> None:
    data = grey_16(300, 120)
    whole, found = part(prepare(data)), part(prepare(data, region=MIDDLE))
    assert found.size == (100, 40)
    for x in (0.05, 0.5, 0.95):
        assert near(pixel(found, x, 0.5), pixel(whole, (1 + x) / 3, 0.5), 2)


def test_how_bright_a_part_is_depends_on_the_whole_picture(prepare: Prepare) -> None:
    """Samples without a range of their own are stretched between the whole's extremes."""
    samples = Image.new("F", (90, 90), 500_000.0)
    samples.paste(1_000_000.0, (0, 0, 30, 90))
    samples.paste(0.0, (60, 0, 90, 90))
    middle = part(prepare(saved(samples, "TIFF"), region=MIDDLE))
    assert near(pixel(middle, 0.5, 0.5), (127, 127, 127), 2)


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_part_is_one_of_its_first_frame(
    prepare: Prepare, format_name: str
) -> None:
    data = animation(format_name, ["red", "green", "blue"])
    picture = prepare(data, region=MIDDLE)
    assert len(picture.frames) == 1
    assert near(pixel(part(picture), 0.5, 0.5), RED)
    assert picture.facts.frame_count == 3
    assert picture.facts.duration_seconds is None
    assert picture.notes == (Note.FRAMES_SAMPLED,)


fractions = st.floats(-2, 3)


regions = st.builds(Region, left=fractions, top=fractions, right=fractions, bottom=fractions)
sides = st.integers(1, 65_500)


@given(region=regions, width=sides, height=sides, turn=st.integers(1, 8))
def test_a_box_always_lies_inside_and_holds_a_pixel(
    region: Region, width: int, height: int, turn: int
) -> None:
    box = stored_box(region, width, height, turn)
    assert 0 <= box[0] < box[2] <= width
    assert 0 <= box[1] < box[3] <= height


@given(width=st.integers(3, 5000), height=st.integers(3, 5000), turn=st.integers(1, 8))
def test_the_nine_parts_together_are_the_picture(width: int, height: int, turn: int) -> None:
    boxes = [stored_box(region, width, height, turn) for region in THIRDS]
    assert sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes) == width * height
