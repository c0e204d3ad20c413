"""Read a whole page: find its text, set it upright, read every line.

Imported in the worker process only.
"""

import time
from dataclasses import dataclass

import numpy as np

from bot.vision.builtin.lines import Line, is_wide
from bot.vision.builtin.recognise import Corners, Pixels, Recogniser, straightened

_SAMPLE_LINES = 4
_UPRIGHT_QUALITY = 0.75
"""Lines that read this well need no turning."""
_TURNED_QUALITY = 0.65
"""A turned page must read at least this well: some scripts look more like Latin upside down."""
_CLEARER = 0.15
"""And better than the page as it is by this."""
_LONG = 1.5
"""A piece this much longer than wide lies along one axis."""
_STRIP = 2.5
"""A page this much longer than wide is searched in parts: shrinking it would lose small text."""
_STRIP_PIXELS = 1600
_OVERLAP_PIXELS = 160


@dataclass(frozen=True, slots=True)
class Page:
    """An upright page and its lines, in no order. ``complete`` is False when time ran out."""

    pixels: Pixels
    lines: tuple[Line, ...]
    complete: bool = True

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.pixels.shape[0])


class PageReader:
    """Reads pages until ``deadline`` (of ``time.monotonic``), then stops with what it has."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def read(self, pixels: Pixels, deadline: float, *, turn: int | None = None) -> Page:
        """Find all text and read it.

        ``turn`` says by how many quarters against the clock the page is turned first; None finds
        out which makes it legible.
        """
        pieces = self.find(pixels)
        if turn is None:
            sample = sorted(pieces, key=_length, reverse=True)[:_SAMPLE_LINES]
            turn = self._turn(pixels, sample)
        if turn:
            pixels = np.ascontiguousarray(np.rot90(pixels, turn))
            pieces = self.find(pixels)
        lines: list[Line] = []
        for piece in sorted(pieces, key=lambda corners: float(corners[:, 1].min())):
            if time.monotonic() > deadline:
                return Page(pixels, tuple(lines), complete=False)
            lines.append(self._line(pixels, piece))
        return Page(pixels, tuple(lines))

    def find(self, pixels: Pixels) -> list[Corners]:
        """Return the corners of every piece of text, in no order; none of it is read."""
        height, width = pixels.shape[:2]
        longer, shorter = max(height, width), min(height, width)
        if longer <= _STRIP_PIXELS or longer < _STRIP * shorter:
            return self._recogniser.find(pixels)
        axis = 0 if width > height else 1
        found: list[Corners] = []
        for begin in range(0, longer, _STRIP_PIXELS):
            end = min(longer, begin + _STRIP_PIXELS)
            first, last = max(0, begin - _OVERLAP_PIXELS), min(longer, end + _OVERLAP_PIXELS)
            part = pixels[:, first:last] if axis == 0 else pixels[first:last]
            for corners in self._recogniser.find(np.ascontiguousarray(part)):
                corners[:, axis] += first
                # Each piece belongs to the part that holds its middle.
                if begin <= float(corners[:, axis].mean()) < end:
                    found.append(corners)
        return found

    def best(self, pixels: Pixels, corners: Corners) -> Line:
        """Read one piece the way round in which it is most legible."""
        lines = [self._recogniser.read(pixels, corners, turn=turn) for turn in range(4)]
        return max(lines, key=lambda line: line.quality)

    def _turn(self, pixels: Pixels, sample: list[Corners]) -> int:
        """Say by how many quarters against the clock the page must be turned to stand upright."""
        long = [corners for corners in sample if _shape(corners) >= _LONG]
        tall = [corners for corners in sample if _shape(corners) <= 1 / _LONG]
        if len(tall) > len(long):
            left = [self._recogniser.read(pixels, corners, turn=1) for corners in tall]
            right = [self._recogniser.read(pixels, corners, turn=3) for corners in tall]
            if max(_quality(left), _quality(right)) < _TURNED_QUALITY:
                return 0
            if _quality(right) > _quality(left):
                return 3
            return 0 if self._written_down(pixels, tall, left) else 1
        upright = _quality([self._recogniser.read(pixels, corners) for corners in sample])
        if not sample or upright >= _UPRIGHT_QUALITY:
            return 0
        turned = _quality([self._recogniser.read(pixels, corners, turn=2) for corners in sample])
        return 2 if turned >= max(_TURNED_QUALITY, upright + _CLEARER) else 0

    def _line(self, pixels: Pixels, corners: Corners) -> Line:
        """Read one piece of an upright page; a tall one may be a digit, a column or a side note.

        Not every line stands the way most of the page does: one may be on its head.
        """
        shape, read = _shape(corners), self._recogniser.read
        if shape > 1 / _LONG:
            line = read(pixels, corners)
            if line.quality >= _UPRIGHT_QUALITY:
                return line
            other = read(pixels, corners, turn=2)
            clear = other.quality >= max(_UPRIGHT_QUALITY, line.quality + _CLEARER)
            return other if clear else line
        lines = [read(pixels, corners, turn=turn) for turn in (1, 3)]
        if shape > 1 / (2 * _LONG):  # short enough for a character or two that stand upright
            lines.append(read(pixels, corners))
        return max(lines, key=lambda line: line.quality)

    def _written_down(self, pixels: Pixels, tall: list[Corners], lines: list[Line]) -> bool:
        """Whether tall pieces are columns of upright characters, not lines of a turned page."""
        asked = right = 0
        for corners, line in zip(tall, lines, strict=True):
            piece = straightened(pixels, corners)
            half = piece.shape[1] * 0.6
            certain = sorted(line.glyphs, key=lambda glyph: glyph.score, reverse=True)
            for glyph in [glyph for glyph in certain if is_wide(glyph.text)][:2]:
                middle = glyph.x - line.top
                cell = piece[max(0, int(middle - half)) : int(middle + half)]
                asked += 1
                right += self._recogniser.character(np.ascontiguousarray(cell)) == glyph.text
        return asked > 0 and right * 2 > asked


def _sides(corners: Corners) -> tuple[float, float]:
    top_left, top_right, _, bottom_left = corners
    return float(np.linalg.norm(top_right - top_left)), float(
        np.linalg.norm(bottom_left - top_left)
    )


def _shape(corners: Corners) -> float:
    """Return width over height."""
    width, height = _sides(corners)
    return width / max(height, 1.0)


def _length(corners: Corners) -> float:
    return float(
        max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0]))
    )


def _quality(lines: list[Line]) -> float:
    """Return the mean quality, long lines counting more."""
    total = sum(line.length for line in lines)
    return sum(line.quality * line.length for line in lines) / total if total else 0.0
