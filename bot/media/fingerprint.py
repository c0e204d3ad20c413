"""What copies of a picture have in common: 64 bits of its coarse shapes. Runs in the worker.

A perceptual hash (pHash: low frequencies of a 32 x 32 grey copy, each above or below their median)
stays the same when a picture is scaled, recompressed or recoloured, and changes when it is cropped
or mirrored. So a remembered picture is known by several of its views, and both sides are hashed
without their borders.

The very lowest frequencies are left out: they only tell how a screen is laid out, and all chats
are laid out alike.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from operator import mul
from statistics import median

from PIL import Image, ImageChops, ImageFilter, ImageStat

from bot.domain.moderation.fingerprint import Hash64

_Hash = tuple[Hash64, Hash64]
_Frequency = tuple[int, int, int, int]
_WORKING_SIDE = 512
"""Hashing starts from a grey copy no larger than this: it is all that 32 x 32 can tell."""
_SIDE = 32
_LOWEST, _HIGHEST = 5, 12
"""A frequency belongs to the hash when the greater of its two parts is within these."""
_LEAST_DEVIATION = 1.0
_LEAST_TELLING = 40
"""A hash says something when this many of its 64 bits do not hang on rounding and compression."""
_LEAST_SIDE = 24
"""What is smaller without its borders (pixels) has no shapes to speak of."""
_PLAIN = 16
"""How far the shades of a picture may lie apart with nothing to be made out in it."""
_BORDER_TOLERANCE = 12
"""How far a border's grey may stray from its corner: compression leaves traces."""
_SOFTENED = 2
_SOFTER = ImageFilter.BoxBlur(_SOFTENED)
"""What keeps grain from looking like the edge of a picture."""
_MAX_BORDERS = 4
"""A frame around a picture that has a frame of its own, and so on."""
_CROPS = (0.975, 0.95, 0.9, 0.85, 0.8)
"""What is left of width and height in the views of a remembered picture."""

_BASIS = tuple(
    tuple(
        math.sqrt((2 if frequency else 1) / _SIDE)
        * math.cos(math.pi * (2 * place + 1) * frequency / (2 * _SIDE))
        for place in range(_SIDE)
    )
    for frequency in range(_HIGHEST + 1)
)
"""The first rows of an orthonormal discrete cosine transform (DCT-II)."""
_CHOSEN = sorted(
    (max(across, down), across + down, across, down)
    for across in range(_HIGHEST + 1)
    for down in range(_HIGHEST + 1)
    if max(across, down) >= _LOWEST
)
_COARSE, _FINE = _CHOSEN[:64], _CHOSEN[64:128]
"""Which frequencies (the last two figures of each) make the two halves of a hash."""


def query_hashes(images: Iterable[Image.Image]) -> tuple[Hash64, ...]:
    """Return what RGB frames are looked up by; a frame with too little to see has no hash.

    Where other frames have one, a frame that shows something too small to be hashed gets one that
    is like no other's: an animation is not a copy for having nothing else that can be recognised.
    """
    hashes: dict[_Hash, None] = {}
    strange: dict[_Hash, None] = {}
    for image in images:
        found = _hash(_trimmed(_grey(image)))
        if found is not None:
            hashes[found] = None
        elif not _is_plain(image):
            strange[_like_no_other(image)] = None
    return _halves([*hashes, *strange]) if hashes else ()


def bank_hashes(images: Iterable[Image.Image]) -> tuple[tuple[Hash64, ...], tuple[Hash64, ...]]:
    """Return what RGB frames are remembered by: the wholes, and those with all further views.

    A view that shares a half with a whole is as good as that whole, and left out.
    """
    wholes: dict[_Hash, None] = {}
    views: dict[_Hash, None] = {}
    for image in images:
        grey = _grey(image)
        within = _trimmed(grey)
        whole = _hash(within)
        if whole is not None:
            wholes[whole] = None
            crops = [_trimmed(_centre(grey, part)) for part in _CROPS]
            mirror = within.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            views.update(dict.fromkeys(_known(map(_hash, [*crops, mirror]))))
    whole_halves = _halves(wholes)
    further = [view for view in views if not {*view} & {*whole_halves}]
    return whole_halves, whole_halves + _halves(further)


def _is_plain(image: Image.Image) -> bool:
    return all(high - low <= _PLAIN for low, high in ImageStat.Stat(image).extrema)


def _like_no_other(image: Image.Image) -> _Hash:
    digest = hashlib.sha256(image.tobytes()).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")


def _known(hashes: Iterable[_Hash | None]) -> Iterator[_Hash]:
    return (found for found in hashes if found is not None)


def _halves(hashes: Iterable[_Hash]) -> tuple[Hash64, ...]:
    return tuple(half for both in hashes for half in both)


def _grey(image: Image.Image) -> Image.Image:
    grey = image.convert("L")
    grey.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BOX, reducing_gap=None)
    return grey


def _centre(grey: Image.Image, part: float) -> Image.Image:
    left, top = (round(side * (1 - part) / 2) for side in grey.size)
    return grey.crop((left, top, grey.width - left, grey.height - top))


def _trimmed(grey: Image.Image) -> Image.Image:
    """Cut away edges of one shade, one frame after another; a plain picture is left alone."""
    for _ in range(_MAX_BORDERS):
        before = grey.size
        for corner in ((0, 0), (grey.width - 1, grey.height - 1)):
            grey = _without(grey, corner)
        if grey.size == before:
            break
    return grey


def _without(grey: Image.Image, corner: tuple[int, int]) -> Image.Image:
    """Cut away all edges of the shade of one corner."""
    soft = grey.filter(_SOFTER)
    x, y = min(corner[0], grey.width - 1), min(corner[1], grey.height - 1)
    ground = Image.new("L", grey.size, soft.getpixel((x, y)))
    stray = ImageChops.difference(soft, ground)
    box = stray.point(lambda level: 255 if level > _BORDER_TOLERANCE else 0).getbbox()
    if box is None:
        return grey
    # Softened, an edge begins earlier than it is: what is cut is cut without remains.
    left, top, right, bottom = box
    left += _SOFTENED * (left > 0)
    top += _SOFTENED * (top > 0)
    right -= _SOFTENED * (right < grey.width)
    bottom -= _SOFTENED * (bottom < grey.height)
    return grey.crop((left, top, right, bottom) if left < right and top < bottom else box)


def _hash(grey: Image.Image) -> _Hash | None:
    """Return both halves of a grey picture's hash; None when its bits would be chance."""
    if min(grey.size) < _LEAST_SIDE:
        return None
    small = grey.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS).tobytes()
    rows = [small[start : start + _SIDE] for start in range(0, len(small), _SIDE)]
    across = [[sum(map(mul, wave, row)) for row in rows] for wave in _BASIS]

    def half(frequencies: Sequence[_Frequency]) -> Hash64 | None:
        levels = [sum(map(mul, _BASIS[down], across[right])) for _, _, right, down in frequencies]
        middle = median(levels)
        if sum(abs(level - middle) > _LEAST_DEVIATION for level in levels) < _LEAST_TELLING:
            return None
        return int("".join("1" if level > middle else "0" for level in levels), 2)

    coarse, fine = half(_COARSE), half(_FINE)
    return None if coarse is None or fine is None else (coarse, fine)
