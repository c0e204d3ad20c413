"""What was read, as plain values: characters with places and scores, joined to lines.

Coordinates are pixels of the page after it was turned upright. Nothing here needs the libraries of
the extra ``builtin``.
"""

import math
from dataclasses import dataclass, replace

from bot.tasks.ocr import UNREADABLE

_TOKEN_SCORE = 0.5
"""A word whose characters score less on average is not passed off as read."""
_WIDE_GAP_HEIGHTS = 2.2
"""Ink over this many line heights without a character is text that was not read; an emoji or a
bullet is narrower."""
_WIDE_RANGES = (("\u2e80", "\u9fff"), ("\uf900", "\ufaff"), ("\uff00", "\uff60"))


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character that is not a space (a word, when Tesseract read it): score 0..1, middle x."""

    text: str
    score: float
    x: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Ink from ``left`` to ``right`` that no character explains."""

    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of text on one line, with the box it was found in."""

    left: float
    top: float
    right: float
    bottom: float
    glyphs: tuple[Glyph, ...] = ()
    spaces: frozenset[int] = frozenset()
    """Before which glyphs a space was read."""
    gaps: tuple[Gap, ...] = ()
    coverage: float = 1.0
    """How much of the ink (0..1) the characters explain."""
    angle: float = 0.0
    """Degrees that the line falls to the right."""
    vertical: bool = False
    """Written from top to bottom (Chinese and Japanese); then ``x`` runs downward."""
    readable: bool = True

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def size(self) -> float:
        """Pixels across the line: what its characters are tall, with some margin."""
        return self.width if self.vertical else self.height

    @property
    def length(self) -> float:
        """Pixels along the line."""
        return self.height if self.vertical else self.width

    @property
    def middle(self) -> float:
        """The y of the middle."""
        return (self.top + self.bottom) / 2

    @property
    def score(self) -> float:
        """The mean score of its characters; 0 without any."""
        if not self.glyphs:
            return 0.0
        return sum(glyph.score for glyph in self.glyphs) / len(self.glyphs)

    @property
    def quality(self) -> float:
        """How well the characters explain the picture, 0..1."""
        return self.score * self.coverage

    @property
    def text(self) -> str:
        """The characters as read, unsure ones too."""
        return "".join(
            (" " if place in self.spaces else "") + glyph.text
            for place, glyph in enumerate(self.glyphs)
        )

    @property
    def marked_text(self) -> str:
        """The text with what could not be read marked instead of guessed."""
        if not self.readable:
            return UNREADABLE
        parts = [(token[0].x, space, _sure_text(token)) for space, token in _tokens(self)]
        parts += [
            (gap.left, True, UNREADABLE)
            for gap in self.gaps
            if gap.right - gap.left >= _WIDE_GAP_HEIGHTS * self.size
        ]
        text = ""
        for _, space, part in sorted(parts, key=lambda part: part[0]):
            if part == UNREADABLE and text.endswith(UNREADABLE):
                continue
            apart = space or part == UNREADABLE or text.endswith(UNREADABLE)
            text += (" " if text and apart else "") + part
        return text

    def turned_back(self, degrees: float) -> "Line":
        """Return the line as it lies once the page is turned by ``-degrees`` about its corner."""
        x, y = (self.left + self.right) / 2, self.middle
        radians = math.radians(-degrees)
        new_x = x * math.cos(radians) - y * math.sin(radians)
        new_y = x * math.sin(radians) + y * math.cos(radians)
        shift = new_x - x
        return replace(
            self,
            left=self.left + shift,
            right=self.right + shift,
            top=new_y - self.height / 2,
            bottom=new_y + self.height / 2,
            glyphs=tuple(replace(glyph, x=glyph.x + shift) for glyph in self.glyphs),
            gaps=tuple(Gap(gap.left + shift, gap.right + shift) for gap in self.gaps),
        )

    def cut(self, begin: int, end: int) -> "Line":
        """Return the part of a horizontal line that holds the glyphs ``begin`` to ``end``."""
        glyphs = self.glyphs[begin:end]
        half = self.height / 4
        return replace(
            self,
            left=self.left if begin == 0 else glyphs[0].x - half,
            right=self.right if end == len(self.glyphs) else glyphs[-1].x + half,
            glyphs=glyphs,
            spaces=frozenset(place - begin for place in self.spaces if begin < place < end),
            gaps=(),
        )


def is_wide(text: str) -> bool:
    """Whether ``text`` begins with a Chinese or Japanese character: as wide as high, no spaces."""
    return any(first <= text[0] <= last for first, last in _WIDE_RANGES)


def _tokens(line: Line) -> list[tuple[bool, list[Glyph]]]:
    """Split into words; wide characters stand alone. With each, whether a space precedes it."""
    tokens: list[tuple[bool, list[Glyph]]] = []
    for place, glyph in enumerate(line.glyphs):
        space = place in line.spaces
        alone = is_wide(glyph.text) or (place > 0 and is_wide(line.glyphs[place - 1].text))
        if not tokens or space or alone:
            tokens.append((space, [glyph]))
        else:
            tokens[-1][1].append(glyph)
    return tokens


def _sure_text(token: list[Glyph]) -> str:
    if sum(glyph.score for glyph in token) / len(token) < _TOKEN_SCORE:
        return UNREADABLE
    return "".join(glyph.text for glyph in token)
