"""Pages of text, drawn: what they say is known to the letter."""

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from tests.vision.builtin.fonts import font

Colour = tuple[int, int, int]
BLACK_ON_WHITE: tuple[Colour, Colour] = ((20, 20, 20), (255, 255, 255))
DARK_MODE: tuple[Colour, Colour] = ((219, 222, 225), (49, 51, 56))
LINE_SPACING = 1.6


@dataclass(frozen=True, slots=True)
class Page:
    """A drawn page and what it says."""

    image: Image.Image
    text: str

    def encoded(self, kind: str = "PNG", **options: object) -> bytes:
        """The bytes a person would upload."""
        sink = io.BytesIO()
        self.image.save(sink, kind, **options)
        return sink.getvalue()

    def turned(self, degrees: int) -> "Page":
        """The same page lying on its side or upside down, without metadata that says so."""
        return Page(self.image.rotate(degrees, expand=True), self.text)

    def with_colours(self, count: int) -> "Page":
        """The same page with a palette."""
        return Page(self.image.quantize(count), self.text)


def draw(
    lines: Sequence[str],
    face: str,
    size: int,
    colours: tuple[Colour, Colour] = BLACK_ON_WHITE,
    *,
    direction: str | None = None,
) -> Page:
    """Draw ``lines`` under one another."""
    chosen, (ink, paper) = font(face, size), colours
    margin, pitch = size + 8, int(size * LINE_SPACING)
    width = int(max(chosen.getlength(line, direction=direction) for line in lines)) + 2 * margin
    image = Image.new("RGB", (width, pitch * len(lines) + 2 * margin), paper)
    pen = ImageDraw.Draw(image)
    for place, line in enumerate(lines):
        pen.text((margin, margin + place * pitch), line, font=chosen, fill=ink, direction=direction)
    return Page(image, "\n".join(lines))


def draw_on_photo(lines: Sequence[str], face: str, size: int, seed: int) -> Page:
    """Draw ``lines`` the way captions are, with an outline, over something like a photo."""
    chosen, pitch = font(face, size), int(size * 1.5)
    width = int(max(chosen.getlength(line) for line in lines)) + 4 * size
    height = pitch * len(lines) + 6 * size
    image = photo_like(width, height, seed)
    pen = ImageDraw.Draw(image)
    for place, line in enumerate(lines):
        where = ((width - chosen.getlength(line)) / 2, 3 * size + place * pitch)
        stroke = max(2, size // 12)
        pen.text(where, line, font=chosen, fill="white", stroke_width=stroke, stroke_fill="black")
    return Page(image, "\n".join(lines))


def photo_like(width: int, height: int, seed: int) -> Image.Image:
    """Blurred patches of colour, a few hard edges and sensor noise."""
    chance = random.Random(seed)  # the same picture every time
    patches = Image.new("RGB", (12, 8))
    patches.putdata([tuple(chance.randrange(30, 230) for _ in range(3)) for _ in range(96)])
    image = patches.resize((width, height), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = chance.randrange(width), chance.randrange(height)
        shade = tuple(chance.randrange(30, 230) for _ in range(3))
        pen.ellipse((x, y, x + width // 5, y + height // 4), fill=shade)
    image = image.filter(ImageFilter.GaussianBlur(2))
    grain = Image.new("L", (width, height))
    grain.putdata([chance.randrange(256) for _ in range(width * height)])
    return Image.blend(image, grain.convert("RGB"), 0.06)


def error_rate(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the characters to change over the characters there are, white space aside."""
    pairs = [("".join(read.split()), "".join(truth.split())) for read, truth in pairs]
    return sum(distance(*pair) for pair in pairs) / sum(len(truth) for _, truth in pairs)


def distance(read: str, truth: str) -> int:
    """Count insertions, deletions and replacements (Levenshtein)."""
    row = list(range(len(truth) + 1))
    for count, character in enumerate(read, start=1):
        before, row[0] = row[0], count
        for place, wanted in enumerate(truth, start=1):
            changed = min(row[place] + 1, row[place - 1] + 1, before + (character != wanted))
            before, row[place] = row[place], changed
    return row[-1]
