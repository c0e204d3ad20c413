"""A video becomes a few stills, within the worker's limits."""

import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from bot.domain.errors import (
    FormatUnsupported,
    NotAPicture,
    PictureBroken,
    PictureError,
    PictureHostile,
    TooManyPixels,
)
from bot.domain.moderation.ports import Examined
from bot.domain.picture import PictureNeeds
from bot.media import video
from bot.media.sniff import video_container
from tests.media.conftest import Eyes
from tests.media.crafting import animation, quarters, saved, scene
from tests.media.lookalikes import photo
from tests.media.looking import BLUE, GREEN, RED, near, opened, pixel

pytest.importorskip("av")
from tests.media.filming import film, sound, turned

NEEDS = PictureNeeds()
MAX_PIXELS = 25_000_000
SHADES = [Image.new("RGB", (160, 120), (4 * n, 4 * n, 4 * n)) for n in range(60)]
FILMS = {kind: film(SHADES, kind) for kind in ("mp4", "webm", "mov")}


def shade(examined: Examined, place: int) -> int:
    return pixel(opened(examined.frames[place]), 0.5, 0.5)[0]


@pytest.mark.parametrize("kind", list(FILMS))
def test_a_video_becomes_four_frames_from_start_to_end(kind: str, eyes: Eyes) -> None:
    examined = eyes.examine(FILMS[kind])
    assert examined.animated
    times = [frame.at_seconds or 0.0 for frame in examined.frames]
    assert times[::3] == pytest.approx([0.0, 5.9], abs=0.11)
    assert times[1:3] == pytest.approx([2.0, 4.0], abs=1.11)
    shades = [shade(examined, place) for place in range(4)]
    assert shades == pytest.approx([40 * seconds for seconds in times], abs=12)
    assert examined.dark == ()
    assert sum(len(frame.data) for frame in examined.frames) <= 300_000


def test_a_video_is_recognised_by_its_frames(eyes: Eyes) -> None:
    pictures = [photo(number).resize((480, 360)) for number in (1, 2) for _ in range(20)]
    one, other = (eyes.examine(film(pictures, kind)) for kind in ("mp4", "webm"))
    views = eyes.views(*one.frames)
    assert len(one.fingerprint.hashes) >= 4
    for coarse in other.fingerprint.hashes[::2]:
        assert min((coarse ^ view).bit_count() for view in views.hashes[::2]) <= 4


def test_a_video_filmed_upright_is_upright(eyes: Eyes) -> None:
    (frame,) = eyes.examine(turned(film([quarters()] * 5))).frames
    assert (frame.width, frame.height) == (60, 80)
    image = opened(frame)
    assert near(pixel(image, 0.9, 0.1), RED, 70)  # was on the left, at the top
    assert near(pixel(image, 0.9, 0.9), GREEN, 70)
    assert near(pixel(image, 0.1, 0.1), BLUE, 70)


@pytest.mark.parametrize("kind", list(FILMS))
def test_a_video_in_which_nothing_moves_is_one_still(kind: str, eyes: Eyes) -> None:
    examined = eyes.examine(film([scene()] * 20, kind))
    assert len(examined.frames) == 1
    assert examined.animated


def test_a_line_of_text_that_appears_is_a_change(eyes: Eyes) -> None:
    quiet = scene(640, 480)
    loud = quiet.copy()
    ImageDraw.Draw(loud).text((200, 300), "hello", font=ImageFont.load_default(20), fill="yellow")
    examined = eyes.examine(film([quiet] * 15 + [loud] * 15))
    first, second = (frame.at_seconds or 0.0 for frame in examined.frames)
    assert first == 0.0
    assert second == pytest.approx(2.0, abs=0.61)


def test_nobody_knows_which_seconds_of_a_video_are_not_looked_at() -> None:
    quiet, loud = Image.new("RGB", (160, 120), "white"), Image.new("RGB", (160, 120), "red")
    hidden = {0, 20, 21, 40, 41, 57, 58, 59}
    data = film([quiet if number in hidden else loud for number in range(60)])

    def is_found(chance: Random) -> bool:
        walk = video.play(data, "mov", NEEDS, max_pixels=MAX_PIXELS, wary=chance)
        return len(walk.stills) > 1

    assert sum(is_found(Random(seed)) for seed in range(5)) >= 4


def test_a_video_of_one_frame_is_seen(eyes: Eyes) -> None:
    assert len(eyes.examine(film([scene(160, 120)])).frames) == 1


def test_a_video_that_does_not_say_how_long_it_is_is_played_from_its_start() -> None:
    data = FILMS["webm"].replace(b"\x44\x89\x88", b"\xec\x89\x88")  # its duration: now void
    walk = video.play(data, "matroska", NEEDS, max_pixels=MAX_PIXELS, wary=Random(1))
    times = [at_seconds for at_seconds, _ in walk.stills]
    assert len(times) == 4
    assert times == sorted(times)
    assert times[-1] >= 4.5


def test_decoding_stops_where_its_budget_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_MAX_DECODED_PIXELS", 12 * 160 * 120)
    walk = video.play(FILMS["mp4"], "mov", NEEDS, max_pixels=MAX_PIXELS, wary=Random(1))
    assert walk.stills
    assert max(at_seconds for at_seconds, _ in walk.stills) < 2.0


def test_a_video_with_too_many_pixels_is_refused() -> None:
    with pytest.raises(TooManyPixels) as caught:
        video.play(FILMS["mp4"], "mov", NEEDS, max_pixels=10_000, wary=Random(1))
    assert vars(caught.value) == {"width": 160, "height": 120, "max_pixels": 10_000}


def test_other_codecs_are_not_opened(eyes: Eyes) -> None:
    with pytest.raises(FormatUnsupported) as caught:
        eyes.examine(film(SHADES[:5], "matroska", encoder="ffv1"))
    assert vars(caught.value) == {"format": "video", "extra": None}


def test_sound_alone_is_no_picture(eyes: Eyes) -> None:
    with pytest.raises(NotAPicture) as caught:
        eyes.examine(sound())
    assert caught.value.kind == "audio"


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(FormatUnsupported) as caught:
        video.play(FILMS["mp4"], "mov", NEEDS, max_pixels=MAX_PIXELS, wary=Random(1))
    assert vars(caught.value) == {"format": "video", "extra": "video"}


@pytest.mark.parametrize(
    "data",
    [
        b"FLV\x01" + bytes(90),
        b"RIFF\x00\x00\x00\x00AVI " + bytes(90),
        (b"G" + bytes(187)) * 4,
        b"\x00\x00\x00\x18ftypM4A " + bytes(90),
        saved(scene(40, 30), "AVIF", speed=10),
        animation("AVIF", ["red", "blue"]),
        saved(scene(40, 30), "PNG"),
        b"",
    ],
    ids=["flv", "avi", "transport stream", "sound", "avif", "avif sequence", "png", "nothing"],
)
def test_what_discord_does_not_play_is_no_video(data: bytes) -> None:
    assert video_container(data) is None


@pytest.mark.parametrize(
    "data",
    [
        FILMS["mp4"][:200],
        FILMS["webm"][:300],
        b"\x00\x00\x00\x18ftypisom" + bytes(4000),
        b"\x1aE\xdf\xa3" + bytes(4000),
        b"\x1aE\xdf\xa3" * 500,
    ],
    ids=["short mp4", "short webm", "empty mp4", "empty webm", "repeated start"],
)
def test_what_only_begins_like_a_video_is_broken(data: bytes, eyes: Eyes) -> None:
    with pytest.raises(PictureBroken):
        eyes.examine(data)


@settings(max_examples=60)
@given(
    seed=st.sampled_from(list(FILMS.values())),
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.one_of(st.none(), st.integers(1, 5000)),
)
def test_a_damaged_video_ends_in_stills_or_a_refusal(
    eyes: Eyes, seed: bytes, edits: list[tuple[int, int]], cut: int | None
) -> None:
    damaged = bytearray(seed)
    for place, value in edits:
        damaged[place % len(damaged)] = value
    examined = eyes.outcome(bytes(damaged[:cut]))
    assert not isinstance(examined, PictureHostile)
    assert isinstance(examined, PictureError) or 1 <= len(examined.frames) <= 4
