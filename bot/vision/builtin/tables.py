"""Tables: from ruled lines where there are some, else from what stands in columns."""

import bisect
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.domain.answer import Table
from bot.vision.builtin.layout import Block, Row, rows
from bot.vision.builtin.lines import Line

_CELL_GAP_HEIGHTS = 1.8
"""Characters further apart than this are in two cells."""
_FEWEST = 2


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
        end = begin
        while end < len(split) and len(split[end]) >= _FEWEST:
            end += 1
        table = _aligned(split[begin:end]) if end - begin >= _FEWEST else None
        if table is not None:
            found.append(Placed(table, begin, end))
        begin = max(end, begin + 1)
    return found


def _aligned(run: Sequence[Sequence[Line]]) -> Table | None:
    count = statistics.mode(len(cells) for cells in run)
    usual = [cells for cells in run if len(cells) == count]
    if len(usual) < _FEWEST:
        return None
    lefts = [min(cells[place].left for cells in usual) for place in range(count)]
    rights = [max(cells[place].right for cells in usual) for place in range(count)]
    if any(right > left for right, left in zip(rights, lefts[1:], strict=False)):
        return None
    edges = [(right + left) / 2 for right, left in zip(rights, lefts[1:], strict=False)]
    table = []
    for cells in run:
        texts = [""] * count
        for cell in cells:
            column = bisect.bisect(edges, (cell.left + cell.right) / 2)
            texts[column] = f"{texts[column]} {cell.marked_text}".strip()
        table.append(tuple(texts))
    return Table(tuple(table))


def _cells(row: Row) -> list[Line]:
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
