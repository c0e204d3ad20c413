"""The worker's side of preparing: bytes no one vouches for in, small clean pictures out.

Nothing here runs in the bot's own process. Every refusal is a PictureError, named in the reply.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

from bot.domain.errors import PictureError
from bot.domain.picture import Note, PictureFacts, PictureNeeds, Region
from bot.media.encode import encode
from bot.media.frames import Walk, frame_count, walk
from bot.media.load import JPEG_FORMATS, Limits, Loaded, load, set_up_codecs
from bot.media.prepare import SIDEWAYS, orientation, prepare_still
from bot.media.region import stored_box
from bot.media.sniff import require_picture
from bot.media.trouble import broken_if_raised, refused, strictly


def warm() -> None:
    """Set codecs up; the pool calls this before the first picture."""
    set_up_codecs()


def handle(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Prepare one picture: the pool's handler. ``preparer`` writes and reads the heads."""
    needs = _needs(head["needs"])
    limits = Limits(**head["limits"])
    red, green, blue = head["background"]
    try:
        with strictly():
            return _prepare(body, needs, limits, (red, green, blue))
    except PictureError as refusal:
        return refused(refusal)


def _needs(described: dict[str, Any]) -> PictureNeeds:
    region = described["region"]
    return PictureNeeds(**{**described, "region": Region(**region) if region else None})


def _prepare(
    data: bytes, needs: PictureNeeds, limits: Limits, background: tuple[int, int, int]
) -> tuple[dict[str, Any], Sequence[bytes]]:
    loaded = load(data, require_picture(data), needs, limits)
    with broken_if_raised():
        found = _play(loaded, needs, limits, background)
        facts = _facts(loaded, found, needs, size_bytes=len(data))
    notes = [Note.LOWER_PART_MISSING] if loaded.lower_part_missing else []
    if found.left_out:
        notes.append(Note.FRAMES_SAMPLED)
    budget = needs.max_bytes // len(found.stills)
    frames: list[dict[str, Any]] = []
    bodies: list[bytes] = []
    for seconds, still in found.stills:
        encoded = encode(still.image, budget, sharp=needs.keep_text_sharp)
        bodies.append(encoded.data)
        frames.append(
            {
                "media_type": encoded.media_type,
                "width": encoded.width,
                "height": encoded.height,
                "at_seconds": seconds if found.frame_count > 1 else None,
            }
        )
    return {"facts": dataclasses.asdict(facts), "notes": notes, "frames": frames}, bodies


def _play(
    loaded: Loaded, needs: PictureNeeds, limits: Limits, background: tuple[int, int, int]
) -> Walk:
    still = functools.partial(prepare_still, needs=needs, background=background)
    frames = frame_count(loaded.image)
    if frames == 1:
        return Walk(frame_count=1, stills=[(0.0, still(loaded.image))])
    if needs.region is not None:  # a part is looked at where it was pointed out: as it begins
        first = [(0.0, still(loaded.image))]
        return Walk(frame_count=frames, stills=first, complete=False, left_out=True)
    return walk(
        loaded.image,
        still,
        frames=frames,
        wanted=max(1, needs.max_frames),
        max_walk_pixels=limits.max_canvas_walk_pixels,
    )


def _facts(loaded: Loaded, found: Walk, needs: PictureNeeds, *, size_bytes: int) -> PictureFacts:
    """Say what the original was, as people see it: upright."""
    image = loaded.image
    width, height = loaded.width, loaded.height
    if orientation(image) in SIDEWAYS:
        width, height = height, width
    if needs.region is not None:
        left, top, right, bottom = stored_box(needs.region, width, height)
        width, height = right - left, bottom - top
    return PictureFacts(
        format="JPEG" if image.format in JPEG_FORMATS else str(image.format),
        width=width,
        height=height,
        size_bytes=size_bytes,
        frame_count=found.frame_count,
        duration_seconds=found.seconds if found.frame_count > 1 and found.complete else None,
        transparent=any(still.transparent for _, still in found.stills),
    )
