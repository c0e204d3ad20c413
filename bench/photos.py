"""Pictures as people post them, each with its number painted across its top.

Whoever looks at the picture afterwards, at any size, can say whose it was.
"""

import io
import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFile

_BITS = 16
_STRIP = 24
"""The number takes the top 1/24 of the picture: dark and light blocks, highest bit first."""
_DARK, _LIGHT = 20, 235
_MIDDLE = 128
_TILE = 1024
_ENOUGH_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class Kind:
    """What people post: ``JPEG`` as a phone makes it, or ``PNG``."""

    name: str
    width: int
    height: int
    format: str = "JPEG"

    @property
    def suffix(self) -> str:
        """The file name's ending."""
        return "jpg" if self.format == "JPEG" else "png"

    @property
    def media_type(self) -> str:
        """What Discord would declare."""
        return f"image/{self.format.lower()}"


SMALL = Kind("small", 320, 240, "PNG")
PHOTO_12MP = Kind("12mp", 4000, 3000)
PHOTO_48MP = Kind("48mp", 8000, 6000)


class Camera:
    """Takes any number of pictures of one kind, all different. Used by one thread at a time."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._scene = _scene(kind.width, kind.height, noisy=kind.format == "JPEG")

    def picture(self, number: int) -> bytes:
        """Return the encoded picture with ``number`` on it (below 65,536)."""
        paint_number(self._scene, number)
        sink = io.BytesIO()
        self._scene.save(sink, self.kind.format, quality=90)
        return sink.getvalue()


def paint_number(image: Image.Image, number: int) -> None:
    """Paint ``number`` (below 65,536) across the top of a picture."""
    strip = image.height // _STRIP
    draw = ImageDraw.Draw(image)
    for place in range(_BITS):
        left, right = (image.width * p // _BITS for p in (place, place + 1))
        shade = _LIGHT if number >> (_BITS - 1 - place) & 1 else _DARK
        draw.rectangle((left, 0, right, strip), fill=(shade, shade, shade))


def read_number(data: bytes) -> int:
    """Read the number painted on an encoded picture of any size."""
    # The top of a large file is enough: an engine that takes long to look would be no engine.
    head = data if len(data) <= _ENOUGH_BYTES else data[: len(data) // 4]
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    with Image.open(io.BytesIO(head)) as image:
        image.draft("L", (image.width // 4, image.height // 4))
        grey = image.convert("L")
    y = grey.height // _STRIP // 2
    number = 0
    for place in range(_BITS):
        x = grey.width * (2 * place + 1) // (2 * _BITS)
        shade = grey.getpixel((x, y))
        assert isinstance(shade, int | float)
        number = number << 1 | (shade > _MIDDLE)
    return number


def _scene(width: int, height: int, *, noisy: bool) -> Image.Image:
    """Soft shapes at three scales; ``noisy`` adds a sensor's grain (as many bytes as a photo)."""
    chance = random.Random(7)
    layers = [clouds(chance, cells, width, height) for cells in (5, 23, 120)]
    scene = Image.blend(Image.blend(layers[0], layers[1], 0.4), layers[2], 0.25)
    if not noisy:
        return scene
    grain = np.random.default_rng(7).normal(0, 6, (_TILE, _TILE, 1)).astype(np.int16)
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            box = (left, top, min(left + _TILE, width), min(top + _TILE, height))
            tile = np.asarray(scene.crop(box)).astype(np.int16)
            tile += grain[: tile.shape[0], : tile.shape[1]]
            scene.paste(Image.fromarray(tile.clip(0, 255).astype(np.uint8)), box)
    return scene


def clouds(chance: random.Random, cells: int, width: int, height: int) -> Image.Image:
    """Draw soft shapes, ``cells`` of them across."""
    rows = max(2, cells * height // width)
    seeds = Image.frombytes("RGB", (cells, rows), chance.randbytes(cells * rows * 3))
    return seeds.resize((width, height), Image.Resampling.BICUBIC)
