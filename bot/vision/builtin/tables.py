"""Tables: from ruled lines where there are some, else from what stands in columns."""

import bisect
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

from bot.domain.answer import Table
from bot.vision.builtin.layout import Block, Row, rows
from bot.vision.builtin.lines import Line

_CELL_GAP_HEIGHTS = 1.8
"""Characters further apart than this are in two cells."""
_FEWEST = 2
_SUREST_ROWS = 3
_ROW_DISTANCE = 1.5
"""Rows of a table are not further apart than this many times the usual distance."""

Cells = Sequence[Line]
"""The cells of one row that are not empty, from left to right."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Ruled lines that cross: where the vertical (``xs``) and level (``ys``) ones are."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]

    def holds(self, line: Line) -> bool:
        """Whether the middle of ``line`` is inside."""
        x = (line.left + line.right) / 2
        return self.xs[0] <= x <= self.xs[-1] and self.ys[0] <= line.middle <= self.ys[-1]


@dataclass(frozen=True, slots=True)
class Span:
    """What the cells of one column cover, and how many they are."""

    left: float
    right: float
    cells: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A table and the rows of the block it was made of."""

    table: Table = field(repr=False)
    begin: int
    end: int


def from_grid(grid: Grid, lines: Iterable[Line]) -> Table:
    """Sort ``lines`` into the cells; several lines of one cell are joined by spaces."""
    cells: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        row = _between(grid.ys, line.middle)
        for column, part in _by_column(grid, line):
            cells.setdefault((row, column), []).append(part)
    return Table(
        tuple(
            tuple(
                " ".join(part.text for part in rows(cells.get((row, column), ())))
                for column in range(len(grid.xs) - 1)
            )
            for row in range(len(grid.ys) - 1)
        )
    )


def from_alignment(block: Block) -> list[Placed]:
    """Find runs of rows whose cells stand under one another."""
    split = [_cells(row) for row in block]
    found: list[Placed] = []
    begin = 0
    while begin < len(split):
        end = _end_of_several(split, begin)
        edges = _edges(split[begin:end])
        if edges is not None:
            edges, end = _continued(block, split, edges, begin, end)
            found.append(Placed(_sorted(split[begin:end], edges), begin, end))
        begin = max(end, begin + 1)
    return found


def _end_of_several(split: Sequence[Cells], begin: int) -> int:
    """Return the place of the first row from ``begin`` on that has one cell only."""
    places = range(begin, len(split))
    return next((place for place in places if len(split[place]) < _FEWEST), len(split))


def _continued(
    block: Block, split: Sequence[Cells], edges: Sequence[float], begin: int, end: int
) -> tuple[Sequence[float], int]:
    """Follow a table through rows that have only one cell filled; return its edges and end."""
    distances = [0.0, *(after.middle - before.middle for before, after in pairwise(block))]
    farthest = _ROW_DISTANCE * statistics.median(distances[begin + 1 : end])
    near = [distance <= farthest for distance in distances]
    while True:
        place = end
        while place < len(split) and near[place] and _in_one_column(split[place], edges):
            place += 1
        after = _end_of_several(split, place) if place < len(split) and near[place] else place
        wider = _edges(split[begin:after]) if after > place > end else None
        if wider is None:
            # Two rows may be chance; what follows them then has nothing to do with them.
            return edges, place if end - begin >= _SUREST_ROWS else end
        edges, end = wider, after


def _in_one_column(cells: Cells, edges: Sequence[float]) -> bool:
    """Tell a row with one cell from a sentence below a table, which runs across its columns."""
    (first, *more) = cells
    return not more and bisect.bisect(edges, first.left) == bisect.bisect(edges, first.right)


def _edges(run: Sequence[Cells]) -> Sequence[float] | None:
    """Return where the columns of ``run`` part; None when its cells do not stand in columns."""
    several = [cells for cells in run if len(cells) >= _FEWEST]
    if len(several) < _FEWEST:
        return None
    # Every column can be seen as soon as one row is full, however many cells others leave empty.
    spans = _spans(several)
    if len(spans) != max(map(len, several)) or min(span.cells for span in spans) < _FEWEST:
        # Else some cell runs across columns, as headings do: look at the most usual rows only.
        usual = statistics.mode(map(len, several))
        spans = _spans([cells for cells in several if len(cells) == usual])
        if len(spans) != usual or min(span.cells for span in spans) < _FEWEST:
            return None
    return [(before.right + after.left) / 2 for before, after in pairwise(spans)]


def _spans(run: Sequence[Cells]) -> list[Span]:
    """Join cells that overlap from left to right."""
    spans: list[Span] = []
    for cell in sorted(chain.from_iterable(run), key=lambda cell: cell.left):
        if spans and cell.left < spans[-1].right:
            last = spans[-1]
            spans[-1] = Span(last.left, max(last.right, cell.right), last.cells + 1)
        else:
            spans.append(Span(cell.left, cell.right, 1))
    return spans


def _sorted(run: Sequence[Cells], edges: Sequence[float]) -> Table:
    table = []
    for cells in run:
        texts = [""] * (len(edges) + 1)
        for cell in cells:
            column = bisect.bisect(edges, (cell.left + cell.right) / 2)
            texts[column] = f"{texts[column]} {cell.marked_text}".strip()
        table.append(tuple(texts))
    return Table(tuple(table))


def _cells(row: Row) -> Cells:
    """Cut the pieces of a row where it leaves room."""
    cells: list[Line] = []
    for piece in row.pieces:
        if piece.vertical or not piece.readable:
            cells.append(piece)
            continue
        begin = 0
        for place in sorted(piece.spaces):
            distance = piece.glyphs[place].x - piece.glyphs[place - 1].x
            if distance > _CELL_GAP_HEIGHTS * piece.size:
                cells.append(piece.cut(begin, place))
                begin = place
        cells.append(piece.cut(begin, len(piece.glyphs)) if begin else piece)
    return cells


def _by_column(grid: Grid, line: Line) -> list[tuple[int, Line]]:
    """Cut a line at the rules that cross it."""
    if not line.glyphs or line.vertical or not line.readable:
        return [(_between(grid.xs, (line.left + line.right) / 2), line)]
    columns = [_between(grid.xs, glyph.x) for glyph in line.glyphs]
    parts: list[tuple[int, Line]] = []
    begin = 0
    for place in range(1, len(columns) + 1):
        if place == len(columns) or columns[place] != columns[begin]:
            part = line if place - begin == len(columns) else line.cut(begin, place)
            parts.append((columns[begin], part))
            begin = place
    return parts


def _between(edges: Sequence[float], value: float) -> int:
    return min(max(bisect.bisect(edges, value) - 1, 0), len(edges) - 2)
