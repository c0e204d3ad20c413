"""Write the lines of a page in the layout that was asked for."""

import re
from collections.abc import Sequence

from bot.domain.answer import Table
from bot.domain.task import Layout
from bot.tasks.ocr import as_markdown
from bot.vision.builtin.layout import Block, Row, blocks, body_size, level, paragraphs, plain
from bot.vision.builtin.lines import Line
from bot.vision.builtin.tables import Grid, Placed, from_alignment, from_grid

_HEADING, _TITLE = 1.3, 1.7
"""Rows this much taller than the body are headings; more than that, titles."""
_HEADING_CHARACTERS = 80
_SUREST_ROWS = 3
"""Two rows in columns may be chance; in Markdown only more of them, or rules, make a table."""
_BULLET = re.compile(r"^[•·●▪‣◦○■]\s*")


def written(
    lines: Sequence[Line], wanted: Layout, grids: Sequence[Grid] = ()
) -> tuple[str, tuple[Table, ...]]:
    """Return the text and the tables in it. Without a table the table layout is plain text."""
    straight = level(lines)
    if straight != list(lines):
        grids = ()  # they lie on the page as it hangs
    if wanted is Layout.PLAIN:
        return plain(blocks(straight)), ()
    parts = _parts(straight, grids, 2 if wanted is Layout.TABLE else _SUREST_ROWS)
    found = tuple(part for part in parts if isinstance(part, Table))
    if wanted is Layout.MARKDOWN:
        body = body_size(part for part in parts if not isinstance(part, Table))
        texts = (
            as_markdown(part) if isinstance(part, Table) else _markdown(part, body)
            for part in parts
        )
        return "\n\n".join(filter(None, texts)), found
    if not found:
        return plain(blocks(straight)), ()
    return "\n\n".join(map(as_markdown, found)), found


def _parts(lines: Sequence[Line], grids: Sequence[Grid], fewest: int) -> list[Table | Block]:
    """Part a page into tables and blocks of text, in reading order."""
    grid = next((grid for grid in grids if any(map(grid.holds, lines))), None)
    if grid is None:
        return [part for block in blocks(lines) for part in _tables_of(block, fewest)]
    outside = [line for line in lines if not grid.holds(line)]
    above = [line for line in outside if line.middle < grid.ys[0]]
    below = [line for line in outside if line.middle >= grid.ys[0]]
    others = [other for other in grids if other is not grid]
    table = from_grid(grid, filter(grid.holds, lines))
    return [*_parts(above, (), fewest), table, *_parts(below, others, fewest)]


def _tables_of(block: Block, fewest: int) -> list[Table | Block]:
    parts: list[Table | Block] = []
    begin = 0
    placed: list[Placed] = [
        table for table in from_alignment(block) if table.end - table.begin >= fewest
    ]
    for table in placed:
        parts += [block[begin : table.begin], table.table]
        begin = table.end
    return [part for part in (*parts, block[begin:]) if isinstance(part, Table) or part]


def _markdown(block: Block, body: float) -> str:
    texts = []
    for paragraph in paragraphs(block):
        text, after_heading = "", False
        for row in paragraph:
            heading = _heading(row, body)
            apart = "\n\n" if heading or after_heading else "\n"
            text += (apart if text else "") + heading + _markdown_text(row.text)
            after_heading = bool(heading)
        texts.append(text)
    return "\n\n".join(texts)


def _heading(row: Row, body: float) -> str:
    if row.size < _HEADING * body or len(row.text) > _HEADING_CHARACTERS:
        return ""
    return "# " if row.size >= _TITLE * body else "## "


def _markdown_text(text: str) -> str:
    """Turn bullets into list items, and keep a hash sign that was written from making a heading."""
    return "\\" + text if text.startswith("#") else _BULLET.sub("- ", text)
