"""Tables as people meet them: drawn, then read the whole road."""

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bot.domain.task import Layout
from bot.media.samples import samples
from bot.media.samples.page import TABLE
from bot.vision.builtin.recognise import pixels_of
from bot.vision.builtin.rules import grids
from tests.vision.builtin.conftest import Road
from tests.vision.builtin.fonts import font
from tests.vision.builtin.pages import Colour, Page

on_the_road = pytest.mark.asyncio(loop_scope="session")

Rows = Sequence[Sequence[str]]
PAPER: Colour = (252, 250, 245)
INK: Colour = (34, 36, 42)
TEXT_PIXELS, ROW_PIXELS, COLUMN_PIXELS, MARGIN = 20, 42, 150, 30
BUSES = (
    ("Line", "Stop", "Sunday"),
    ("12", "Harbour", "09:40"),
    ("14", "Station", "09:57"),
    ("23", "Old town", "10:05"),
    ("31", "Museum", "10:20"),
)
PRICES = (("Drink", "Small", "Large"), ("Tea", "2.40", "3.10"), ("Coffee", "2.90", "3.60"))
GAPS = (
    ("Line", "Stop", "Sunday"),
    ("12", "", "09:40"),
    ("14", "Station", ""),
    ("", "Old town", "10:05"),
    ("31", "Museum", ""),
    ("46", "", ""),
)
BEFORE = (
    "The buses run every day of the year, and twice as",
    "often on days when there is a market in the town.",
)
AFTER = (
    "Tickets are sold at the kiosk beside the harbour,",
    "and by the driver to those who have no change left.",
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a table is drawn; None is no such thing."""

    rule: Colour | None = (176, 182, 188)
    header: Colour | None = None
    shade: Colour | None = None
    """Behind every second row."""


def drawn(*parts: Rows | Sequence[str], style: Style) -> Page:
    """Draw paragraphs (sequences of lines) and tables (sequences of rows) under one another."""
    count = sum(len(part) for part in parts)
    size = (2 * MARGIN + 4 * COLUMN_PIXELS, 2 * MARGIN + (count + len(parts)) * ROW_PIXELS)
    image = Image.new("RGB", size, PAPER)
    pen, top = ImageDraw.Draw(image), MARGIN
    for part in parts:
        if isinstance(part[0], str):
            for place, line in enumerate(part):
                where = (MARGIN, top + place * ROW_PIXELS * 3 // 4)
                pen.text(where, str(line), INK, font("latin", TEXT_PIXELS))
        else:
            draw_table(pen, top, part, style)
        top += (len(part) + 1) * ROW_PIXELS
    return Page(image, "")


def draw_table(pen: ImageDraw.ImageDraw, top: int, table: Rows, style: Style) -> None:
    right = MARGIN + COLUMN_PIXELS * len(table[0])
    for place, row in enumerate(table):
        y = top + place * ROW_PIXELS
        fill = style.header if place == 0 else style.shade if place % 2 == 0 else None
        if fill is not None:
            pen.rectangle((MARGIN, y, right, y + ROW_PIXELS - 1), fill=fill)
        colour = PAPER if fill is not None and sum(fill) < 300 else INK
        for column, cell in enumerate(row):
            where = (MARGIN + 12 + column * COLUMN_PIXELS, y + 7)
            pen.text(where, cell, colour, font("latin", TEXT_PIXELS))
    if style.rule is None:
        return
    bottom = top + len(table) * ROW_PIXELS
    for y in range(top, bottom + 1, ROW_PIXELS):
        pen.line((MARGIN, y, right, y), style.rule, width=2)
    for x in range(MARGIN, right + 1, COLUMN_PIXELS):
        pen.line((x, top, x, bottom), style.rule, width=2)


async def tables(road: Road, data: bytes) -> list[Rows]:
    answer = await road.ask(data, layout=Layout.TABLE)
    return [table.rows for table in answer.tables]


@on_the_road
async def test_the_sample_page_has_one_table(road: Road) -> None:
    (table,) = await tables(road, samples()[1].data)
    assert [len(row) for row in table] == [4] * 7
    assert table == TABLE


RULES: dict[str, Colour] = {
    "black rules": (0, 0, 0),
    "grey rules": (176, 182, 188),
    "pale rules": (214, 218, 222),
    "dark rules": (20, 60, 80),
}
HEADERS: dict[str, Colour | None] = {
    "plain header": None,
    "dark header": (28, 84, 110),
    "black header": (0, 0, 0),
    "coloured header": (220, 120, 90),
}
SHADES: dict[str, Colour | None] = {
    "one background": None,
    "light shading": (240, 240, 236),
    "strong shading": (130, 170, 200),
}


@pytest.mark.parametrize("quality", [None, 80], ids=["PNG", "JPEG"])
@pytest.mark.parametrize("shade", SHADES)
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("rule", RULES)
def test_all_rules_of_a_table_are_seen_beside_any_colour(
    rule: str, header: str, shade: str, quality: int | None
) -> None:
    page = drawn(BEFORE, BUSES, AFTER, style=Style(RULES[rule], HEADERS[header], SHADES[shade]))
    data = page.encoded() if quality is None else page.encoded("JPEG", quality=quality)
    (grid,) = grids(pixels_of(np.asarray(Image.open(io.BytesIO(data)))), text_height=28)
    top = MARGIN + (len(BEFORE) + 1) * ROW_PIXELS
    assert grid.ys == pytest.approx([top + ROW_PIXELS * row for row in range(6)], abs=3)
    assert grid.xs == pytest.approx([MARGIN + COLUMN_PIXELS * column for column in range(4)], abs=3)


def test_rules_as_light_as_a_row_are_seen_by_their_colour() -> None:
    page = drawn(BUSES, style=Style(rule=(181, 181, 181), shade=(150, 190, 215)))
    (grid,) = grids(pixels_of(np.asarray(page.image)), text_height=28)
    assert (len(grid.xs), len(grid.ys)) == (4, 6)


def test_coloured_boxes_without_rules_are_no_table() -> None:
    tiles = Image.new("RGB", (400, 300), PAPER)
    pen = ImageDraw.Draw(tiles)
    for row, column in itertools.product(range(2), range(2)):
        colour = ((90, 20, 20), (20, 90, 20), (20, 20, 90), (120, 60, 60))[2 * row + column]
        corner = (20 + 180 * column, 20 + 130 * row)
        pen.rectangle((*corner, corner[0] + 179, corner[1] + 129), fill=colour)
    assert grids(pixels_of(np.asarray(tiles)), text_height=20) == []


@on_the_road
@pytest.mark.parametrize(
    "style",
    [
        Style(header=(28, 84, 110), shade=(240, 240, 236)),
        Style(rule=None),
        Style(rule=None, header=(28, 84, 110), shade=(150, 190, 215)),
    ],
    ids=["ruled and coloured", "bare", "coloured"],
)
async def test_a_table_between_paragraphs_is_read_alone(road: Road, style: Style) -> None:
    assert await tables(road, drawn(BEFORE, BUSES, AFTER, style=style).encoded()) == [BUSES]


@on_the_road
@pytest.mark.parametrize(
    "style", [Style(header=(60, 20, 90)), Style(rule=None)], ids=["ruled", "bare"]
)
async def test_empty_cells_stay_empty(road: Road, style: Style) -> None:
    assert await tables(road, drawn(GAPS, style=style).encoded()) == [GAPS]


@on_the_road
@pytest.mark.parametrize(
    "style", [Style(header=(60, 20, 90)), Style(rule=None)], ids=["ruled", "bare"]
)
async def test_two_tables_with_words_between_them_stay_two(road: Road, style: Style) -> None:
    page = drawn(PRICES, BEFORE, BUSES, style=style)
    assert await tables(road, page.encoded()) == [PRICES, BUSES]
