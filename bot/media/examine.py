"""The worker's side of moderation: what an original shows, and what it is recognised by.

Nothing here runs in the bot's own process. Every refusal is a PictureError, named in the reply.
"""

import dataclasses
import functools
import hashlib
import io
import random
from collections.abc import Sequence
from typing import Any

from PIL import Image

from bot.domain.errors import PictureBroken, PictureError
from bot.domain.picture import PictureNeeds
from bot.media.codes import read_codes
from bot.media.colour import DARK, WHITE
from bot.media.dark import shows_more
from bot.media.encode import encode
from bot.media.fingerprint import bank_hashes, query_hashes
from bot.media.frames import Walk, frame_count, walk
from bot.media.load import Limits, load, set_up_codecs
from bot.media.pdq import pdq_hash
from bot.media.prepare import Still, prepare_still
from bot.media.sniff import require_picture, video_container
from bot.media.thumbnail import blurred
from bot.media.trouble import broken_if_raised, refused, strictly
from bot.media.video import play

_PREPARED_FORMATS = ("JPEG", "PNG")
_MAX_PREPARED_PIXELS = 16_000_000

Answer = tuple[dict[str, Any], Sequence[bytes]]


def warm() -> None:
    """Set codecs up; the pool calls this before the first picture."""
    set_up_codecs()


def handle(head: dict[str, Any], body: bytes) -> Answer:
    """Do what ``head["do"]`` says: the pool's handler. ``examiner`` writes and reads the heads."""
    try:
        with strictly():
            if head["do"] == "examine":
                needs, limits = PictureNeeds(**head["needs"]), Limits(**head["limits"])
                return _examine(body, needs, limits, _drawing(head["salt"], body))
            frames = _prepared(body, head["sizes"])
            if head["do"] == "views":
                return _views(frames)
            return {}, [blurred(frames[0])]
    except PictureError as refusal:
        return refused(refusal)


def _examine(data: bytes, needs: PictureNeeds, limits: Limits, wary: random.Random) -> Answer:
    found = _look(data, needs, limits, wary)
    dark = [(at, still.dark) for at, still in found.stills if still.dark is not None]
    shown = [(at, still.image) for at, still in found.stills]
    pictures = [image for _, image in (*shown, *dark)]
    with broken_if_raised():
        hashes = query_hashes(pictures)
        codes = read_codes(pictures)
    budget = needs.max_bytes // len(pictures)
    described: list[dict[str, Any]] = []
    bodies: list[bytes] = []
    for at_seconds, image in (*shown, *dark):
        encoded = encode(image, budget, sharp=needs.keep_text_sharp)
        bodies.append(encoded.data)
        described.append(
            {
                "media_type": encoded.media_type,
                "width": encoded.width,
                "height": encoded.height,
                "at_seconds": at_seconds if found.frame_count > 1 else None,
            }
        )
    answer = {
        "frames": described[: len(shown)],
        "dark": described[len(shown) :],
        "hashes": hashes,
        "codes": codes,
        "animated": found.frame_count > 1,
    }
    return answer, bodies


def _drawing(salt: str, data: bytes) -> random.Random:
    """Return what draws the same of the same bytes, and nobody outside can foretell."""
    return random.Random(salt.encode() + hashlib.sha256(data).digest())  # noqa: S311 - by design


def _look(data: bytes, needs: PictureNeeds, limits: Limits, wary: random.Random) -> Walk:
    """Decode once: a picture or an animation, else a video by some of its frames."""
    container = video_container(data)
    if container is not None:
        return play(data, container, needs, max_pixels=limits.max_pixels, wary=wary)
    loaded = load(data, require_picture(data), needs, limits)
    still = functools.partial(_still, needs=needs)
    with broken_if_raised():
        frames = frame_count(loaded.image)
        if frames == 1:
            return Walk(frame_count=1, stills=[(0.0, still(loaded.image))])
        return walk(
            loaded.image,
            still,
            frames=frames,
            wanted=needs.max_frames,
            max_walk_pixels=limits.max_canvas_walk_pixels,
            wary=wary,
        )


def _still(image: Image.Image, needs: PictureNeeds) -> Still:
    """Prepare a frame on white, and on dark where that shows more."""
    still = prepare_still(image, needs, WHITE)
    if not still.transparent:
        return still
    on_dark = prepare_still(image, needs, DARK).image
    return dataclasses.replace(still, dark=on_dark if shows_more(still.image, on_dark) else None)


def _prepared(body: bytes, sizes: Sequence[int]) -> list[Image.Image]:
    """Open frames that were prepared before. Raises PictureBroken."""
    frames: list[Image.Image] = []
    start = 0
    with broken_if_raised():
        for size in sizes:
            image = Image.open(io.BytesIO(body[start : start + size]), formats=_PREPARED_FORMATS)
            if image.width * image.height > _MAX_PREPARED_PIXELS:
                raise ValueError("nothing that was prepared is as large")
            frames.append(image.convert("RGB"))
            start += size
    if not frames:
        raise PictureBroken("empty")
    return frames


def _views(frames: Sequence[Image.Image]) -> Answer:
    whole, hashes = bank_hashes(frames)
    return {"whole": whole, "hashes": hashes, "pdq": pdq_hash(frames[0])}, ()
