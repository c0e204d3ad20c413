"""Pictures that have nothing in common but the way their numbers are painted on them."""

import io
import random

from PIL import Image

from bench.photos import Kind, clouds, paint_number

POSTED = Kind("posted", 320, 240)
_LAYERS = ((4, 1.0), (9, 0.45), (23, 0.3), (60, 0.2))
"""How many cells across, and how much of it: coarse shapes, and finer ones upon them."""


def scene(seed: int, width: int = POSTED.width, height: int = POSTED.height) -> Image.Image:
    """Draw shapes that no other ``seed`` has."""
    chance = random.Random(seed)
    drawn = Image.new("RGB", (width, height))
    for cells, share in _LAYERS:
        drawn = Image.blend(drawn, clouds(chance, cells, width, height), share)
    return drawn


def picture(number: int, *, quality: int = 88) -> bytes:
    """Return the picture with ``number`` on it (below 65,536), as JPEG."""
    drawn = scene(number)
    paint_number(drawn, number)
    return encoded(drawn, quality)


def encoded(image: Image.Image, quality: int = 88) -> bytes:
    """Write a picture as JPEG."""
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=quality)
    return sink.getvalue()
