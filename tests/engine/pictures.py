"""Pictures of one colour, as people post them."""

import base64
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageStat

_ORIENTATION = 0x0112
_TURNED_RIGHT = 6


def still(colour: str, size: tuple[int, int] = (320, 180)) -> bytes:
    """Paint one colour, as PNG."""
    return _saved(Image.new("RGB", size, colour), "PNG")


def turned(colour: str) -> bytes:
    """Paint one colour, as a JPEG that lies on its side and says so in its EXIF."""
    exif = Image.Exif()
    exif[_ORIENTATION] = _TURNED_RIGHT
    buffer = io.BytesIO()
    Image.new("RGB", (320, 200), colour).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def hidden(colour: str) -> bytes:
    """Paint a colour that full transparency hides from people."""
    picture = Image.new("RGB", (320, 200), colour)
    picture.putalpha(0)
    return _saved(picture, "PNG")


def animation(colours: Sequence[str]) -> bytes:
    """Paint one frame a colour, half a second each, as GIF."""
    first, *others = [Image.new("RGB", (160, 100), colour) for colour in colours]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=500, loop=0)
    return buffer.getvalue()


def _saved(picture: Image.Image, file_format: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format)
    return buffer.getvalue()


def halves(left_top: str, right_bottom: str, size: tuple[int, int]) -> bytes:
    """Paint two colours, parted along the diagonal, as PNG."""
    picture = Image.new("RGB", size, left_top)
    width, height = size
    drawing = ImageDraw.Draw(picture)
    drawing.polygon([(width, 0), (width, height), (0, height)], fill=right_bottom)
    return _saved(picture, "PNG")


def main_colour(encoded: str) -> str:
    """Name the colour that fills most of a picture (base64): red, green or blue."""
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        shades = ImageStat.Stat(picture.convert("RGB")).mean
    return ("red", "green", "blue")[shades.index(max(shades))]
