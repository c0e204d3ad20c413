"""The prepared picture shows what a person sees in the original, and nothing else."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, ImageStat

from bot.domain.errors import FormatUnsupported, PictureBroken, TooManyPixels
from bot.domain.picture import Frame, Note, Picture, PictureNeeds
from bot.media import load as loading
from bot.media.colour import DARK
from bot.media.prepare import fitting_size
from tests.media.conftest import Prepare
from tests.media.crafting import (
    animation,
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

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
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


def opened(frame: Frame) -> Image.Image:
    image = Image.open(io.BytesIO(frame.data))
    image.load()
    return image


def pixel(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    """The pixel at a part of width and height."""
    found = image.getpixel((int(image.width * x), int(image.height * y)))
    assert isinstance(found, tuple)
    return tuple(int(value) for value in found)


def near(found: tuple[int, ...], wanted: tuple[int, ...], tolerance: int = 40) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True))


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
