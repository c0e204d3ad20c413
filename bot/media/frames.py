"""Which frames of an animation a model is shown. Runs in the worker."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageStat

from bot.media.prepare import Still
from bot.media.trouble import DECODER_ERRORS

_ANIMATED = {"GIF", "PNG", "WEBP", "AVIF"}
"""Other formats hold pages, icon sizes or a second lens: their first picture is the picture."""
_CANDIDATES_PER_FRAME = 4
_WARY_PER_FRAME = 2
"""How many more are looked at by chance, and again for being shown long."""
_LONG_SECONDS = 1.0
_CELLS = (16, 16)
_DEFAULT_FRAME_SECONDS = 0.1
_SHORTEST_FRAME_SECONDS = 0.011
"""Browsers show a frame of 10 ms or less for a tenth of a second."""


@dataclass(slots=True)
class Walk:
    """What was met between the first frame and the last one reached."""

    frame_count: int
    """As the file says, or those that could be read when there are fewer."""
    stills: list[tuple[float, Still]] = field(default_factory=list)
    """Start in seconds and pixels, in order of time, no two alike; never empty."""
    seconds: float = 0.0
    complete: bool = True
    """Whether the last frame was reached."""
    left_out: bool = False
    """Whether there is more to see than these stills."""


def frame_count(image: Image.Image) -> int:
    """Return how many frames play one after another; 1 when that cannot be found out."""
    if image.format not in _ANIMATED:
        return 1
    try:
        return max(1, int(getattr(image, "n_frames", 1)))
    except DECODER_ERRORS:
        return 1


def spread(count: int, wanted: int) -> list[int]:
    """Return at most ``wanted`` of ``range(count)``: the first, the last, the rest between."""
    if count <= wanted:
        return list(range(count))
    if wanted == 1:
        return [0]
    return [round(n * (count - 1) / (wanted - 1)) for n in range(wanted)]


def least_alike(images: Sequence[Image.Image], wanted: int) -> list[int]:
    """Return the places of at most ``wanted`` of some pictures, in order.

    That is the first, and each time the one that is least like all that were taken before.
    """
    cells = [image.resize(_CELLS, Image.Resampling.BOX) for image in images]
    taken = [0]
    nearest = [_apart(cells[0], other) for other in cells]
    while len(taken) < min(wanted, len(images)):
        left = [place for place in range(len(images)) if place not in taken]
        furthest = max(left, key=nearest.__getitem__)
        taken.append(furthest)
        nearest = [
            min(before, _apart(cells[furthest], other))
            for before, other in zip(nearest, cells, strict=True)
        ]
    return sorted(taken)


def _apart(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).sum)


def walk(
    image: Image.Image,
    prepare: Callable[[Image.Image], Still],
    *,
    frames: int,
    wanted: int,
    max_walk_pixels: int,
    wary: random.Random | None = None,
) -> Walk:
    """Play ``image`` from its loaded first frame and keep up to ``wanted`` different stills.

    Frames can only be reached one after another, each at the cost of the whole canvas: the way is
    cut off at ``max_walk_pixels`` (canvas x frames). More frames than wanted are looked at, so that
    a change between two of them is not missed. A frame that cannot be read ends the way.

    ``wary`` is for what somebody may have hidden: frames that it draws and frames that are shown
    long are looked at as well, and those that are least alike are kept.
    """
    canvas = image.width * image.height
    reach = min(frames, max(1, max_walk_pixels // canvas))
    found = Walk(frame_count=frames, complete=reach == frames)
    candidates = set(spread(reach, wanted * _CANDIDATES_PER_FRAME if wanted > 1 else 1))
    long_left = 0
    if wary is not None:
        long_left = wanted * _WARY_PER_FRAME
        candidates.update(wary.sample(range(reach), min(reach, long_left)))
    seen: set[bytes] = set()
    stills: list[tuple[float, Still]] = []
    for index in range(max(candidates) + 1):
        try:
            image.seek(index)
            image.load()
            seconds = _seconds(image.info.get("duration"))
            is_long = seconds >= _LONG_SECONDS and long_left > 0 and index not in candidates
            long_left -= is_long
            still = prepare(image) if is_long or index in candidates else None
        except DECODER_ERRORS:
            if index == 0:
                raise
            found.complete = False
            found.frame_count = index  # the file's own count was wrong, or its rest is missing
            break
        if still is not None:
            digest = _digest(still)
            if digest not in seen:
                seen.add(digest)
                stills.append((found.seconds, still))
        found.seconds += seconds
    chosen = (
        spread(len(stills), wanted)
        if wary is None
        else least_alike([still.image for _, still in stills], wanted)
    )
    found.stills = [stills[index] for index in chosen]
    found.left_out = (
        not found.complete
        or len(found.stills) < len(stills)
        or (len(candidates) < frames and (len(stills) > 1 or wanted == 1))
    )
    return found


def _digest(still: Still) -> bytes:
    """Tell stills apart by all that is to be seen of them."""
    digest = hashlib.sha256(still.image.tobytes())
    if still.dark is not None:
        digest.update(still.dark.tobytes())
    return digest.digest()


def _seconds(duration: object) -> float:
    """Return a frame's time on screen; Pillow gives milliseconds, or nothing."""
    if not isinstance(duration, int | float):
        return _DEFAULT_FRAME_SECONDS
    seconds = duration / 1000
    return seconds if seconds >= _SHORTEST_FRAME_SECONDS else _DEFAULT_FRAME_SECONDS
