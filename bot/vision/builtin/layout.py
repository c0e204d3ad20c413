"""From lines with places to text in reading order."""

import statistics
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.vision.builtin.lines import Line, is_wide

_LEAST_SKEW_DEGREES = 0.4
_SAME_ROW = 0.5
"""Pieces are on one row when their middles are nearer than this part of the smaller height."""
_TIGHT = 0.8
_PARAGRAPH = 1.45
"""A distance this much over the usual one between rows is a blank line."""
_LONE_PARAGRAPH = 2.2
_COLUMN_ROWS = 3
_PROSE_HEIGHTS = 7.0
"""A row of prose is longer than this many heights; a cell of a table rarely is."""
_PROSE_FILL = 0.55
_ALIGNED = 0.25
_MOST_HEADINGS = 3
_MONOSPACED_ROWS, _MONOSPACED_SHARE = 3, 0.6
_MONOSPACED_CHARACTERS = 12
_MONOSPACED_DRIFT = 0.7
_LEAST_INDENT = 2


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces of text side by side, from left to right."""

    pieces: tuple[Line, ...]

    @property
    def left(self) -> float:
        """Where the first piece begins."""
        return self.pieces[0].left

    @property
    def right(self) -> float:
        """Where the last piece ends."""
        return max(piece.right for piece in self.pieces)

    @property
    def middle(self) -> float:
        """The y of the middle."""
        return statistics.fmean(piece.middle for piece in self.pieces)

    @property
    def size(self) -> float:
        """The height of its text."""
        return statistics.median(piece.size for piece in self.pieces)

    @property
    def text(self) -> str:
        """The pieces as one line of text."""
        pieces = self.pieces
        if _right_to_left(pieces[0].marked_text):
            pieces = pieces[::-1]
        text = pieces[0].marked_text
        for before, piece in pairwise(pieces):
            more = piece.marked_text
            tight = abs(piece.left - before.right) < _TIGHT * piece.size
            joined = tight and text and more and is_wide(text[-1]) and is_wide(more)
            text += more if joined else " " + more
        return text


Block = Sequence[Row]
"""Rows that belong under one another."""


def level(lines: Sequence[Line]) -> list[Line]:
    """Straighten a page that hangs a little."""
    angles = [line.angle for line in lines if line.length > 4 * line.size and not line.vertical]
    skew = statistics.median(angles) if angles else 0.0
    return (
        [line.turned_back(skew) for line in lines]
        if abs(skew) > _LEAST_SKEW_DEGREES
        else list(lines)
    )


def blocks(lines: Iterable[Line]) -> list[Block]:
    """Put lines in reading order; each column of a page is a block of its own."""
    remaining = list(lines)
    columns = [line for line in remaining if line.vertical]
    if 2 * len(columns) > len(remaining):
        # Chinese and Japanese columns run from right to left.
        remaining.sort(key=lambda line: -line.right)
        return [[Row((line,)) for line in remaining]]
    return _split(rows(remaining))


def rows(lines: Iterable[Line]) -> list[Row]:
    """Group lines that stand side by side."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if groups:
            last = groups[-1]
            middle = statistics.fmean(other.middle for other in last)
            size = min(other.height for other in (line, *last))
            if abs(line.middle - middle) < _SAME_ROW * size:
                last.append(line)
                continue
        groups.append([line])
    return [Row(tuple(sorted(group, key=lambda line: line.left))) for group in groups]


def plain(page: Iterable[Block]) -> str:
    """Write text with its line breaks, and blank lines between paragraphs."""
    return "\n\n".join(filter(None, (_block_text(block) for block in page)))


def body_size(page: Iterable[Block]) -> float:
    """Return the height of most text, long rows counting more."""
    sizes = sorted((row.size, row.right - row.left) for block in page for row in block)
    half = sum(length for _, length in sizes) / 2
    for size, length in sizes:
        half -= length
        if half <= 0:
            return size
    return 0.0


def paragraphs(block: Block) -> list[list[Row]]:
    """Cut a block where the distance between rows is larger than usual."""
    if not block:
        return []
    distances = [after.middle - before.middle for before, after in pairwise(block)]
    usual = statistics.median_low(distances) if len(distances) > 1 else None
    parts = [[block[0]]]
    for distance, row in zip(distances, block[1:], strict=True):
        size = max(row.size, parts[-1][-1].size)
        limit = _LONE_PARAGRAPH * size if usual is None else max(_PARAGRAPH * usual, 1.2 * size)
        if distance > limit and not row.pieces[0].vertical:
            parts.append([])
        parts[-1].append(row)
    return parts


def _block_text(block: Block) -> str:
    indents = _indents(block)
    return "\n\n".join(
        "\n".join(" " * indents.get(id(row), 0) + row.text for row in part)
        for part in paragraphs(block)
    )


def _split(page: list[Row]) -> list[Block]:
    """Find two columns side by side, perhaps under headings and over a footer that span both."""
    count = len(page)
    for skipped in range(min(_MOST_HEADINGS + 1, count)):
        for end in range(count, max(skipped, count - 3), -1):
            gutter = _gutter(page[skipped:end])
            if gutter is None:
                continue
            pieces = [piece for row in page[skipped:end] for piece in row.pieces]
            left = rows(piece for piece in pieces if piece.right <= gutter)
            right = rows(piece for piece in pieces if piece.right > gutter)
            around = ([page[:skipped]] if skipped else []), ([page[end:]] if end < count else [])
            return [*around[0], *_split(left), *_split(right), *around[1]]
    return [page] if page else []


def _gutter(page: Sequence[Row]) -> float | None:
    """Return an x that parts two columns of text, not two columns of a table."""
    pieces = sorted((piece for row in page for piece in row.pieces), key=lambda piece: piece.left)
    if len(pieces) < 2 * _COLUMN_ROWS:
        return None
    size = statistics.median(piece.size for piece in pieces)
    reach = pieces[0].right
    for place, piece in enumerate(pieces):
        if piece.left - reach >= size:
            gutter = (piece.left + reach) / 2
            left, right = rows(pieces[:place]), rows(pieces[place:])
            if min(len(left), len(right)) >= _COLUMN_ROWS and (
                (_is_prose(left) and _is_prose(right)) or _independent(left, right)
            ):
                return gutter
        reach = max(reach, piece.right)
    return None


def _is_prose(column: Sequence[Row]) -> bool:
    widths = [row.right - row.left for row in column]
    extent = max(row.right for row in column) - min(row.left for row in column)
    usual = statistics.median(widths)
    size = statistics.median(row.size for row in column)
    return usual >= _PROSE_HEIGHTS * size and usual >= _PROSE_FILL * extent


def _independent(left: Sequence[Row], right: Sequence[Row]) -> bool:
    """Whether most rows of the shorter column stand beside no row of the other."""
    short, other = sorted((left, right), key=len)
    alone = sum(
        all(abs(row.middle - beside.middle) > _ALIGNED * row.size for beside in other)
        for row in short
    )
    return 2 * alone > len(short)


def _indents(block: Block) -> dict[int, int]:
    """Count the spaces before each row of monospaced text (by ``id`` of the row)."""
    long = [row for row in block if len(row.pieces[0].glyphs) >= _MONOSPACED_CHARACTERS]
    advances = [advance for row in long if (advance := _advance(row.pieces[0])) is not None]
    if len(advances) < max(_MONOSPACED_ROWS, _MONOSPACED_SHARE * len(long)):
        return {}
    usual = statistics.median(advances)
    firsts = [row.pieces[0].glyphs[0].x if row.pieces[0].glyphs else row.left for row in block]
    spaces = [round((x - min(firsts)) / usual) for x in firsts]
    # Narrow letters begin a little later than wide ones: a single space is no indent.
    return {
        id(row): count for row, count in zip(block, spaces, strict=True) if count >= _LEAST_INDENT
    }


def _advance(line: Line) -> float | None:
    """Return the distance from character to character; None when they are not equally wide."""
    if any(is_wide(glyph.text) for glyph in line.glyphs):
        return None
    spaces_before = 0
    places = []
    for place in range(len(line.glyphs)):
        spaces_before += place in line.spaces
        places.append(place + spaces_before)
    begin = line.glyphs[0].x
    advance = (line.glyphs[-1].x - begin) / places[-1]
    # In other text, runs of narrow and of wide letters drift away from equal steps.
    drift = max(
        abs(glyph.x - begin - place * advance)
        for glyph, place in zip(line.glyphs, places, strict=True)
    )
    return advance if drift < _MONOSPACED_DRIFT * advance else None


def _right_to_left(text: str) -> bool:
    strong = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in strong if kind in {"L", "R", "AL"}), "L") != "L"
