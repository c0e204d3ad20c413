"""The prepared picture shows what a person sees in the original, and nothing else."""

import io
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageDraw, ImageStat

from bot.domain.errors import FormatUnsupported, PictureBroken
from bot.domain.picture import Note, Picture, PictureNeeds
from bot.media import load as loading
from bot.media.colour import DARK
from tests.media.conftest import Prepare
from tests.media.crafting import (
    chunk,
    exif,
    grey_16,
    noise,
    quarters,
    saved,
    scene,
    swapped_profile,
    with_segment,
)
from tests.media.looking import BLUE, GREEN, RED, WHITE, near, opened, pixel

TURNED = {
    1: (RED, GREEN, BLUE, WHITE),
    2: (GREEN, RED, WHITE, BLUE),
    3: (WHITE, BLUE, GREEN, RED),
    4: (BLUE, WHITE, RED, GREEN),
    5: (RED, BLUE, GREEN, WHITE),
    6: (BLUE, RED, WHITE, GREEN),
    7: (WHITE, GREEN, BLUE, RED),
    8: (GREEN, WHITE, RED, BLUE),
}
"""Top left, top right, bottom left, bottom right of the quarters once they are set upright."""


def corners(picture: Picture) -> list[tuple[int, ...]]:
    image = opened(picture.frames[0])
    return [pixel(image, x, y) for y in (0.25, 0.75) for x in (0.25, 0.75)]


@pytest.mark.parametrize("turn", TURNED)
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_orientation_is_applied(prepare: Prepare, format_name: str, turn: int) -> None:
    options = {"tiffinfo": {0x0112: turn}} if format_name == "TIFF" else {"exif": exif(turn)}
    picture = prepare(saved(quarters(), format_name, **options))
    assert all(
        near(found, wanted, 60)
        for found, wanted in zip(corners(picture), TURNED[turn], strict=True)
    )
    upright = (60, 80) if turn >= 5 else (80, 60)
    assert (picture.facts.width, picture.facts.height) == upright
    assert (picture.frames[0].width, picture.frames[0].height) == upright


def test_orientation_is_applied_to_a_picture_that_was_shrunk(prepare: Prepare) -> None:
    picture = prepare(saved(quarters(3200, 2400), "JPEG", exif=exif(6)), max_side=300)
    assert (picture.frames[0].width, picture.frames[0].height) == (225, 300)
    assert (picture.facts.width, picture.facts.height) == (2400, 3200)
    assert all(
        near(found, wanted) for found, wanted in zip(corners(picture), TURNED[6], strict=True)
    )


@pytest.mark.parametrize("form", ['tiff:Orientation="6"', "<tiff:Orientation>6</tiff:Orientation>"])
def test_orientation_is_read_from_xmp_when_exif_is_broken(prepare: Prepare, form: str) -> None:
    packet = b"http://ns.adobe.com/xap/1.0/\x00<x " + form.encode() + b"/>"
    data = with_segment(saved(quarters(), "JPEG"), 0xE1, packet)
    data = with_segment(data, 0xE1, b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert all(
        near(found, wanted, 60)
        for found, wanted in zip(corners(prepare(data)), TURNED[6], strict=True)
    )


def test_what_lies_hidden_under_transparency_is_white(prepare: Prepare) -> None:
    hidden = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    for format_name, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True})):
        picture = prepare(saved(hidden, format_name, **options))
        assert opened(picture.frames[0]).getcolors() == [(64 * 64, WHITE)]
        assert picture.facts.transparent


def test_hidden_colour_does_not_bleed_in_when_the_picture_is_shrunk(prepare: Prepare) -> None:
    picture = Image.new("RGBA", (2000, 2000), (255, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((400, 400, 1600, 1600), fill=(0, 0, 255, 255))
    small = opened(prepare(saved(picture, "PNG"), max_side=200).frames[0])
    red, green, _ = small.split()
    assert (red.getextrema(), green.getextrema()) == ((0, 255), (0, 255))
    assert list(red.tobytes()) == list(green.tobytes())  # only blue mixed with white


@pytest.mark.parametrize(
    "data",
    [
        saved(quarters(), "PNG", transparency=RED),
        saved(quarters().quantize(4), "PNG", transparency=b"\xff\xff\xff\xff"),
        saved(quarters().convert("L"), "PNG", transparency=76),
        saved(quarters().convert("LA"), "PNG"),
    ],
    ids=["colour", "palette", "grey", "opaque"],
)
def test_a_keyed_colour_is_see_through(prepare: Prepare, data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as source:
        alpha = source.convert("RGBA").getchannel("A")
        keyed = alpha.getextrema() != (255, 255)
        expected = Image.new("RGB", source.size, WHITE)
        expected.paste(source.convert("RGBA"), mask=alpha)
    picture = prepare(data)
    assert picture.facts.transparent is keyed
    assert opened(picture.frames[0]).tobytes() == expected.tobytes()


def test_half_transparent_pixels_mix_with_the_background(prepare: Prepare) -> None:
    data = saved(Image.new("RGBA", (40, 40), (0, 0, 0, 128)), "PNG")
    assert near(pixel(opened(prepare(data).frames[0]), 0.5, 0.5), (127, 127, 127), 2)
    green = prepare(data, background=(0, 255, 0))
    assert near(pixel(opened(green.frames[0]), 0.5, 0.5), (0, 127, 0), 2)


def test_white_lettering_without_background_stays_readable(prepare: Prepare) -> None:
    sticker = Image.new("RGBA", (200, 60), (255, 255, 255, 0))
    ImageDraw.Draw(sticker).text((20, 10), "WHITE", fill="white", font_size=36)
    image = opened(prepare(saved(sticker, "PNG")).frames[0])
    assert pixel(image, 0, 0) == DARK
    assert image.convert("L").getextrema()[1] == 255


def test_sixteen_bits_keep_their_brightness(prepare: Prepare) -> None:
    def mean(data: bytes) -> float:
        return float(ImageStat.Stat(opened(prepare(data).frames[0]).convert("L")).mean[0])

    ramp = Image.linear_gradient("L").convert("I").point(lambda value: value * 257)
    assert mean(grey_16(256, 64)) == pytest.approx(127.5, abs=2)
    for mode in ("I;16", "I;16B", "I"):
        assert mean(saved(ramp.convert(mode), "TIFF")) == pytest.approx(127.5, abs=2)
    for low, high in ((0.0, 1.0), (-5.0, 5.0), (0.0, 255.0)):
        floats = Image.linear_gradient("L").convert("F")
        scaled = floats.point(lambda value, a=low, b=high: value * ((b - a) / 255) + a)
        assert mean(saved(scaled, "TIFF")) == pytest.approx(127.5, abs=2)


def test_sixteen_bit_grey_with_a_keyed_value_is_see_through_there(prepare: Prepare) -> None:
    picture = prepare(grey_16(256, 64, chunk(b"tRNS", b"\x00\x00")))
    image = opened(picture.frames[0])
    assert picture.facts.transparent
    assert pixel(image, 0, 0.5)[0] > 200
    assert pixel(image, 0.02, 0.5)[0] < 60


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "YCbCr", "P", "L", "1", "RGBA"])
def test_every_mode_shows_the_same_scene(prepare: Prepare, mode: str) -> None:
    source = scene(128, 96).convert(mode)
    format_name = {"YCbCr": "JPEG", "CMYK": "TIFF", "LAB": "TIFF"}.get(mode, "PNG")
    image = opened(prepare(saved(source, format_name)).frames[0])
    assert near(pixel(image, 0.5, 0.97), (0, 0, 0))
    assert near(pixel(image, 0.42, 0.42), WHITE)
    if mode not in {"L", "1"}:
        assert near(pixel(image, 0.1, 0.5), (220, 30, 30))
        assert near(pixel(image, 0.9, 0.5), (30, 30, 220))


def test_a_colour_profile_is_applied(prepare: Prepare) -> None:
    profile = swapped_profile()
    for data in (
        saved(quarters(), "PNG", icc_profile=profile),
        saved(quarters(), "JPEG", icc_profile=profile, quality=95, subsampling=0),
    ):
        top_left, _, bottom_left, bottom_right = corners(prepare(data))
        assert near(top_left, BLUE)
        assert near(bottom_left, RED)
        assert near(bottom_right, WHITE)


def test_an_srgb_profile_changes_nothing(prepare: Prepare) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, marked = saved(quarters(), "PNG"), saved(quarters(), "PNG", icc_profile=profile)
    assert prepare(plain).sha256 == prepare(marked).sha256


def test_place_author_comment_and_profile_are_gone(prepare: Prepare) -> None:
    secret = "Baker Street"
    for data in (
        saved(quarters(), "JPEG", exif=exif(1, description=secret), comment=secret.encode()),
        saved(scene(), "JPEG", exif=exif(1, description=secret), comment=secret.encode()),
        saved(quarters(), "PNG", exif=exif(1, description=secret), icc_profile=swapped_profile()),
        saved(quarters(), "WEBP", exif=exif(1, description=secret), xmp=secret.encode()),
    ):
        assert secret.encode() in data
        prepared = prepare(data).frames[0].data
        for trace in (secret.encode(), b"Exif", b"eXIf", b"GPS", b"iCCP", b"tEXt", b"ICC_PROFILE"):
            assert trace not in prepared


def test_bad_metadata_is_no_reason_to_speak_of_damage(prepare: Prepare) -> None:
    data = with_segment(
        saved(scene(), "JPEG"), 0xE1, b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff"
    )
    assert prepare(data).notes == ()


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF"])
def test_half_a_file_shows_its_upper_half_and_says_so(prepare: Prepare, format_name: str) -> None:
    options = {"interlace": False} if format_name == "GIF" else {}
    data = saved(noise(200, 200), format_name, **options)
    picture = prepare(data[: len(data) // 2])
    assert picture.notes == (Note.LOWER_PART_MISSING,)
    image = opened(picture.frames[0])
    upper = image.crop((0, 0, 200, 60))
    lower = image.crop((0, 150, 200, 200))
    assert ImageStat.Stat(upper).stddev[0] > 30 > ImageStat.Stat(lower).stddev[0]


def test_a_file_cut_before_its_first_pixel_is_refused(prepare: Prepare) -> None:
    data = saved(noise(200, 200), "PNG")
    with pytest.raises(PictureBroken) as caught:
        prepare(data[:60])
    assert caught.value.reason == "truncated"


def test_heic_is_read_where_its_extra_is_installed(prepare: Prepare) -> None:
    heif: Any = pytest.importorskip("pillow_heif")
    sink = io.BytesIO()
    heif.from_pillow(quarters(160, 120)).save(sink, quality=95)
    picture = prepare(sink.getvalue())
    assert picture.facts.format == "HEIF"
    assert all(
        near(found, wanted) for found, wanted in zip(corners(picture), TURNED[1], strict=True)
    )


def test_heic_without_its_extra_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(FormatUnsupported) as caught:
        loading.load(b"", "HEIF", PictureNeeds(), loading.Limits(1, 1, 1))
    assert (caught.value.format, caught.value.extra) == ("HEIC", "heif")
