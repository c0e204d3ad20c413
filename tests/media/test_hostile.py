"""Every odd file ends in a picture or a refusal, and costs the bot nothing."""

import asyncio
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.domain.errors import PictureError, PictureHostile
from bot.domain.picture import Picture, PictureNeeds
from bot.workers.pool import WorkerPool
from tests.media.conftest import Prepare
from tests.media.crafting import animation, exif, saved, scene
from tests.media.hostile import HostilePicture, hostile_pictures

MEGABYTE = 1024 * 1024
SEEDS = [
    saved(scene(64, 48), "JPEG", exif=exif(6)),
    saved(scene(64, 48), "JPEG", progressive=True),
    saved(scene(64, 48), "PNG"),
    saved(scene(64, 48).quantize(9), "PNG"),
    saved(scene(64, 48), "WEBP"),
    saved(scene(64, 48), "AVIF", speed=10),
    saved(scene(64, 48), "TIFF", compression="tiff_lzw"),
    saved(scene(64, 48), "BMP"),
    saved(scene(64, 48), "ICO"),
    animation("GIF", ["red", "green", "blue"]),
    animation("PNG", ["red", "green", "blue"]),
    animation("WEBP", ["red", "green", "blue"]),
]


def check(picture: Picture, needs: PictureNeeds) -> None:
    """What is true of every prepared picture."""
    assert 1 <= len(picture.frames) <= needs.max_frames
    assert picture.size_bytes <= needs.max_bytes
    for frame in picture.frames:
        with Image.open(io.BytesIO(frame.data)) as image:
            image.load()
            assert image.format == {"image/jpeg": "JPEG", "image/png": "PNG"}[frame.media_type]
            assert image.mode == "RGB"
            assert image.size == (frame.width, frame.height)
            assert not image.getexif()
            assert not {"icc_profile", "comment", "exif", "xmp", "transparency"} & set(image.info)
        assert min(image.size) >= needs.min_side
        assert max(image.size) <= max(needs.max_side, 100 * needs.min_side)
        assert max(image.size) <= 100 * min(image.size)


def outcome(prepare: Prepare, data: bytes) -> Picture | PictureError:
    try:
        return prepare(data)
    except PictureError as refusal:
        return refusal


@pytest.mark.parametrize("hostile", hostile_pictures(), ids=lambda hostile: hostile.name)
def test_it_ends_in_a_picture_or_a_refusal(hostile: HostilePicture, prepare: Prepare) -> None:
    result = outcome(prepare, hostile.data)
    assert not isinstance(result, PictureHostile)
    if isinstance(result, PictureError):
        assert hostile.expect == "refused", repr(result)
    else:
        assert hostile.expect == "picture"
        check(result, PictureNeeds())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_worker_stayed_within_its_memory(
    prepare: Prepare, worker: tuple[asyncio.Runner, WorkerPool]
) -> None:
    bombs = [hostile for hostile in hostile_pictures() if "bomb" in hostile.name]
    assert len(bombs) > 15
    for hostile in bombs:
        outcome(prepare, hostile.data)
    (process_id,) = worker[1].process_ids
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) * 1024 < 600 * MEGABYTE


def test_there_are_many_and_their_names_are_unique() -> None:
    names = [hostile.name for hostile in hostile_pictures()]
    assert len(names) == len(set(names)) >= 150


@settings(max_examples=150)
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.one_of(st.none(), st.integers(1, 5000)),
)
def test_a_damaged_file_ends_in_a_picture_or_a_refusal(
    prepare: Prepare, seed: bytes, edits: list[tuple[int, int]], cut: int | None
) -> None:
    damaged = bytearray(seed)
    for place, value in edits:
        damaged[place % len(damaged)] = value
    result = outcome(prepare, bytes(damaged[:cut]))
    assert not isinstance(result, PictureHostile)
    if isinstance(result, Picture):
        check(result, PictureNeeds())


@settings(max_examples=60)
@given(start=st.sampled_from([seed[:40] for seed in SEEDS] + [b""]), rest=st.binary(max_size=400))
def test_noise_behind_a_good_beginning_is_refused_or_shown(
    prepare: Prepare, start: bytes, rest: bytes
) -> None:
    result = outcome(prepare, start + rest)
    assert not isinstance(result, PictureHostile)
    if isinstance(result, Picture):
        check(result, PictureNeeds())
