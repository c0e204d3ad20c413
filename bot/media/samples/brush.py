"""What the sample pictures are painted with: gradients, glows, grain. The same every time."""

import itertools
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; ``share`` is the second one's part."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def gradient(size: tuple[int, int], stops: Sequence[tuple[float, Colour]]) -> Image.Image:
    """Paint from top to bottom through ``stops``: (part of the height, colour), in order."""
    width, height = size
    column = Image.new("RGB", (1, height))
    for y in range(height):
        place = y / max(1, height - 1)
        above = max((stop for stop in stops if stop[0] <= place), key=lambda stop: stop[0])
        below = min((stop for stop in stops if stop[0] >= place), key=lambda stop: stop[0])
        span = below[0] - above[0]
        share = (place - above[0]) / span if span else 0.0
        column.putpixel((0, y), mix(above[1], below[1], share))
    return column.resize((width, height))


def glow(image: Image.Image, centre: Point, radius: float, colour: Colour, strength: float) -> None:
    """Add soft light around ``centre``."""
    side = round(radius * 2)
    fall = Image.radial_gradient("L").resize((side, side))
    mask = fall.point(lambda value: max(0.0, 1 - value / 180) ** 2 * 255 * strength)
    image.paste(colour, (round(centre[0] - radius), round(centre[1] - radius)), mask)


def soft_shape(
    image: Image.Image, shape: Image.Image, colour: Colour, *, blur: float, strength: float = 1.0
) -> None:
    """Paint ``colour`` through the blurred mask ``shape``."""
    mask = shape.filter(ImageFilter.GaussianBlur(blur))
    image.paste(colour, (0, 0), mask.point(lambda value: value * strength))


def ridge(
    chance: random.Random, width: int, *, base: float, height: float, steps: int = 7
) -> list[Point]:
    """Return a mountain line by midpoint displacement, from left edge to right edge."""
    heights = [chance.uniform(-0.3, 0.3), chance.uniform(-0.3, 0.3)]
    spread = 0.5
    for _ in range(steps):
        pairs = itertools.pairwise(heights)
        between = [(a + b) / 2 + chance.uniform(-spread, spread) for a, b in pairs]
        heights = [value for pair in zip(heights, [*between, 0.0], strict=True) for value in pair][
            :-1
        ]
        spread *= 0.52
    last = len(heights) - 1
    return [(width * n / last, base - value * height) for n, value in enumerate(heights)]


def texture(
    chance: random.Random, size: tuple[int, int], cell: tuple[int, int], depth: float
) -> Image.Image:
    """Return a grey pattern around 128 with grains of ``cell`` pixels and contrast ``depth``."""
    small = (size[0] // cell[0] + 1, size[1] // cell[1] + 1)
    grains = Image.frombytes("L", small, chance.randbytes(small[0] * small[1]))
    grown = grains.resize(size, Image.Resampling.BICUBIC)
    return grown.point(lambda value: 128 + (value - 128) * depth)


def overlay(image: Image.Image, pattern: Image.Image, mask: Image.Image | None = None) -> None:
    """Lay a grey ``pattern`` over ``image`` so that 128 changes nothing."""
    changed = ImageChops.overlay(image, pattern.convert("RGB"))
    image.paste(changed, (0, 0), mask)


def finish(image: Image.Image, chance: random.Random, size: tuple[int, int]) -> Image.Image:
    """Scale down to ``size``; darken the corners and add grain, as a lens and a sensor do."""
    small = image.resize(size, Image.Resampling.LANCZOS)
    corners = Image.radial_gradient("L").resize(size)
    small.paste((0, 0, 0), (0, 0), corners.point(lambda value: max(0, value - 120) * 0.5))
    overlay(small, texture(chance, size, (1, 1), 0.06))
    return small
