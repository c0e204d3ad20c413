"""Pictures that have nothing in common but the way their numbers are painted on them."""

import io
import random

from PIL import Image, ImageDraw, ImageOps

from bench.photos import Kind, clouds, paint_number

POSTED = Kind("posted", 320, 240)
_LAYERS = ((3, 1.0), (7, 0.5), (13, 0.45), (29, 0.25))
"""How many cells across, and how much of it: coarse shapes, and finer ones upon them."""
_THINGS = 6


def scene(seed: int, width: int = POSTED.width, height: int = POSTED.height) -> Image.Image:
    """Draw shapes that no other ``seed`` has."""
    chance = random.Random(seed)
    drawn = Image.new("RGB", (width, height))
    for cells, share in _LAYERS:
        drawn = Image.blend(drawn, clouds(chance, cells, width, height), share)
    drawn = ImageOps.autocontrast(drawn)  # else the number would be most of what is to be seen
    draw = ImageDraw.Draw(drawn)
    for _ in range(_THINGS):
        left, top = chance.randrange(width), chance.randrange(height)
        across, down = chance.randint(20, width // 3), chance.randint(20, height // 3)
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        draw.ellipse((left, top, left + across, top + down), fill=colour)
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
