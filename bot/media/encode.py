"""Prepared pixels to bytes that never exceed a promise. Runs in the worker."""

import io
import math
from dataclasses import dataclass

from PIL import Image

from bot.domain.errors import PictureTooLarge

_DRAWN_COLOURS = 4096
_DRAWN_SHARE = 0.1
"""A picture is drawn rather than photographed when it has few colours and one covers a tenth."""
_START_QUALITY = 85
_START_QUALITY_SHARP = 92
_LEAST_QUALITY = 45
_FULL_COLOUR_FROM = 70
_BYTES_PER_QUALITY = 0.045
"""How much the logarithm of a JPEG's size falls with each step of quality, about."""
_LEAST_STEP = 3
_STEP_DOWN = 0.8
_LEAST_SIDE = 16


@dataclass(frozen=True, slots=True)
class Encoded:
    """One encoded frame."""

    data: bytes
    media_type: str
    width: int
    height: int


def encode(image: Image.Image, max_bytes: int, *, sharp: bool) -> Encoded:
    """Encode RGB ``image`` in at most ``max_bytes``: PNG for drawings and text, else JPEG.

    JPEG goes down in quality first, then in size. Nothing but pixels is written: no EXIF, no
    profile, no comment. Raises PictureTooLarge when even a few pixels do not fit.
    """
    image.info = {}
    if _is_drawn(image):
        data = _png(image)
        if len(data) <= max_bytes:
            return Encoded(data, "image/png", *image.size)
    quality = _START_QUALITY_SHARP if sharp else _START_QUALITY
    while True:
        data = _jpeg(image, quality, full_colour=sharp and quality >= _FULL_COLOUR_FROM)
        if len(data) <= max_bytes:
            return Encoded(data, "image/jpeg", *image.size)
        if quality > _LEAST_QUALITY:
            excess = math.log(len(data) / max_bytes) / _BYTES_PER_QUALITY
            quality = max(_LEAST_QUALITY, quality - max(_LEAST_STEP, round(excess)))
        elif max(image.size) > _LEAST_SIDE:
            smaller = max(1, int(image.width * _STEP_DOWN)), max(1, int(image.height * _STEP_DOWN))
            image = image.resize(smaller, Image.Resampling.LANCZOS)
        else:
            raise PictureTooLarge(max_bytes=max_bytes, size_bytes=len(data))


def _is_drawn(image: Image.Image) -> bool:
    colours = image.getcolors(_DRAWN_COLOURS)
    if colours is None:
        return False
    return max(count for count, _ in colours) >= _DRAWN_SHARE * image.width * image.height


def _png(image: Image.Image) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "PNG", compress_level=6)
    return sink.getvalue()


def _jpeg(image: Image.Image, quality: int, *, full_colour: bool) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=quality, subsampling="4:4:4" if full_colour else "4:2:0")
    return sink.getvalue()
