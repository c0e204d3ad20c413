"""Reading order, line breaks, paragraphs, columns and tables, from places alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.task import Layout
from bot.vision.builtin.layout import blocks, plain
from bot.vision.builtin.lines import Glyph, Line
from bot.vision.builtin.tables import Grid
from bot.vision.builtin.write import written
from tests.vision.builtin.texts import CODE

SIZE, ADVANCE = 20.0, 10.0


def line(
    text: str, left: float = 0, top: float = 0, *, size: float = SIZE, angle: float = 0
) -> Line:
    glyphs: list[Glyph] = []
    spaces: set[int] = set()
    for place, character in enumerate(text):
        if character == " ":
            spaces.add(len(glyphs))
        else:
            glyphs.append(Glyph(character, 0.99, left + (place + 0.5) * ADVANCE * size / SIZE))
    right = left + len(text) * ADVANCE * size / SIZE
    return Line(left, top, right, top + size, tuple(glyphs), frozenset(spaces), angle=angle)


def read(*lines: Line) -> str:
    return plain(blocks(lines))


def test_lines_are_written_from_top_to_bottom() -> None:
    assert read(line("third", 0, 60), line("first"), line("second", 0, 30)) == (
        "first\nsecond\nthird"
    )


def test_pieces_on_one_row_are_joined_from_left_to_right() -> None:
    assert read(line("3.50", 200, 2), line("Coffee")) == "Coffee 3.50"


def test_chinese_pieces_that_touch_are_joined_without_a_space() -> None:
    left = line("博物馆")
    assert read(left, line("开放", left.right + 4)) == "博物馆开放"


def test_right_to_left_rows_are_read_from_the_right() -> None:
    assert read(line("שלום", 200), line("עולם", 0)) == "שלום עולם"


def test_a_larger_distance_is_a_blank_line() -> None:
    lines = [line("a" * 9, 0, top) for top in (0, 30, 60, 130, 160)]
    assert read(*lines) == "aaaaaaaaa\naaaaaaaaa\naaaaaaaaa\n\naaaaaaaaa\naaaaaaaaa"


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    title = line("The Harbour Gazette of the Old Town", 100)
    left = [line(f"left column row {row}", 0, 60 + 30 * row) for row in range(4)]
    right = [line(f"right column row {row}", 260, 60 + 30 * row) for row in range(4)]
    text = read(title, *right, *left)
    assert text.index("left column row 3") < text.index("right column row 0")
    assert text.startswith("The Harbour Gazette")


def test_a_sidebar_is_not_mixed_into_the_rows_beside_it() -> None:
    sidebar = [line(f"#room{row}", 0, 36 * row) for row in range(4)]
    talk = [line(f"somebody says a thing {row}", 200, 14 + 28 * row) for row in range(5)]
    text = read(*sidebar, *talk)
    assert text.index("#room3") < text.index("somebody says a thing 0")


def test_rows_of_a_table_stay_rows() -> None:
    cells = [
        line(f"r{row}c{column}", 150 * column, 40 * row) for row in range(4) for column in (0, 1)
    ]
    assert read(*cells).replace("\n\n", "\n").splitlines() == [
        f"r{row}c0 r{row}c1" for row in range(4)
    ]


def test_the_indents_of_code_are_kept() -> None:
    lines = [
        line(text.strip(), 10 + ADVANCE * (len(text) - len(text.lstrip())), 30 * row)
        for row, text in enumerate(CODE)
    ]
    assert read(*lines) == "\n".join(CODE)


def test_prose_in_letters_of_different_widths_is_not_indented() -> None:
    wide = {"i": 4.0, "l": 4.0, "m": 16.0, "w": 15.0}
    lines = []
    for row, text in enumerate(
        ("millimetres will mimic film", "a swimmer swam along within", "no")
    ):
        glyphs: list[Glyph] = []
        spaces: set[int] = set()
        x = 10.0 + 21 * (row % 2)
        for character in text:
            x += wide.get(character, 10.0)
            if character == " ":
                spaces.add(len(glyphs))
            else:
                glyphs.append(Glyph(character, 0.99, x))
        lines.append(Line(10, 30 * row, x, 30 * row + 20, tuple(glyphs), frozenset(spaces)))
    lines += [replace(piece, top=piece.top + 90, bottom=piece.bottom + 90) for piece in lines]
    assert all(row == row.strip() for row in read(*lines).splitlines())


def test_a_page_that_hangs_is_straightened_before_it_is_read() -> None:
    hung = [
        line(f"{side} piece of row {row}", left, 36 * row + left * 0.1, angle=5.7)
        for row in range(2)
        for side, left in (("left", 0), ("right", 240))
    ]
    text, _ = written(hung, Layout.PLAIN)
    assert text.splitlines() == [
        f"left piece of row {row} right piece of row {row}" for row in range(2)
    ]


def test_columns_written_downward_run_from_right_to_left() -> None:
    columns = [
        Line(left, 0, left + 20, 200, (Glyph(text, 0.99, 10),), vertical=True)
        for left, text in ((0, "三"), (50, "二"), (100, "一"))
    ]
    assert read(*columns) == "一\n二\n三"


def test_aligned_cells_become_a_table() -> None:
    cells = {
        (0, 0): "Stop",
        (0, 1): "Sunday",
        (1, 0): "Harbour",
        (1, 1): "09:40",
        (2, 0): "Station",
    }
    lines = [line(text, 200 * column, 40 * row) for (row, column), text in cells.items()]
    lines += [line("09:57", 200, 80)]
    text, (table,) = written(lines, Layout.TABLE)
    assert table.rows == (("Stop", "Sunday"), ("Harbour", "09:40"), ("Station", "09:57"))
    assert text.splitlines()[:2] == ["| Stop    | Sunday |", "| ------- | ------ |"]


def cells_of(*table: tuple[str, ...], top: float = 0) -> list[Line]:
    return [
        line(text, 200 * column, top + 40 * place)
        for place, row in enumerate(table)
        for column, text in enumerate(row)
        if text
    ]


FULL = (("Line", "Stop", "Sunday"), ("12", "Harbour", "09:40"), ("14", "Station", "09:57"))


@pytest.mark.parametrize(
    "more",
    [
        (("12", "", "09:40"), ("14", "Station", ""), ("", "Old town", "10:05")),
        (("16", "", ""), ("18", "Museum", "10:20")),
        (("", "closed", ""), ("", "", "10:05"), ("18", "Museum", "10:20")),
        (("18", "Museum", "10:20"), ("20", "", "")),
    ],
)
def test_rows_with_empty_cells_belong_to_their_table(more: tuple[tuple[str, ...], ...]) -> None:
    _, found = written(cells_of(*FULL, *more), Layout.TABLE)
    assert [table.rows for table in found] == [FULL + more]


@pytest.mark.parametrize(
    ("sentence", "distance"), [("a sentence that runs across", 40), ("Sundays", 90)]
)
def test_words_between_two_tables_keep_them_apart(sentence: str, distance: float) -> None:
    lines = cells_of(*FULL)
    lines += [line(sentence, 0, 80 + distance)]
    lines += cells_of(*FULL, top=80 + 2 * distance)
    _, found = written(lines, Layout.TABLE)
    assert [table.rows for table in found] == [FULL, FULL]


def test_a_heading_that_runs_across_columns_hides_none() -> None:
    lines = [line("a heading across two", 0, 0), line("Sunday", 400, 0), *cells_of(*FULL, top=40)]
    _, (table,) = written(lines, Layout.TABLE)
    assert table.rows[1:] == FULL


def test_words_that_stand_in_no_columns_are_no_table() -> None:
    lines = [line("one", 0, 0), line("two", 90, 0), line("three", 20, 40), line("four", 150, 40)]
    lines += [line("five", 50, 80), line("six", 130, 80)]
    assert written(lines, Layout.TABLE)[1] == ()


def test_a_line_found_across_two_cells_is_cut_where_it_leaves_room() -> None:
    lines = [
        line(text, 0, 40 * row) for row, text in enumerate(("tea        3.00", "jam        4.25"))
    ]
    _, (table,) = written(lines, Layout.TABLE)
    assert table.rows == (("tea", "3.00"), ("jam", "4.25"))


def test_ruled_cells_keep_empty_cells_and_join_their_lines() -> None:
    grid = Grid(xs=(0, 100, 220), ys=(0, 40, 110))
    lines = [line("Item", 5, 8), line("Note", 105, 8), line("Tea", 5, 60)]
    lines += [line("hot,", 105, 45), line("no milk", 105, 75), line("Prices in euro.", 0, 140)]
    text, (table,) = written(lines, Layout.MARKDOWN, [grid])
    assert table.rows == (("Item", "Note"), ("Tea", "hot, no milk"))
    assert text.endswith("| Tea  | hot, no milk |\n\nPrices in euro.")


def test_a_line_across_a_rule_is_cut_at_the_rule() -> None:
    grid = Grid(xs=(0, 55, 120), ys=(0, 40, 80))
    lines = [line("Item Price", 5, 8), line("Milk 1.19", 5, 48)]
    _, (table,) = written(lines, Layout.TABLE, [grid])
    assert table.rows == (("Item", "Price"), ("Milk", "1.19"))


def test_without_a_table_the_table_layout_is_plain_text() -> None:
    assert written([line("only words")], Layout.TABLE) == ("only words", ())


def test_large_rows_are_headings_in_markdown() -> None:
    lines = [line("Bus times", 0, 0, size=40), line("Mondays", 0, 60, size=28)]
    lines += [line(f"a row of ordinary text {row}", 0, 110 + 30 * row) for row in range(3)]
    text, _ = written(lines, Layout.MARKDOWN)
    assert text.startswith("# Bus times\n\n## Mondays\n\na row of ordinary text 0\n")


@pytest.mark.parametrize(
    ("drawn", "written_as"), [("• milk", "- milk"), ("# general", "\\# general")]
)
def test_bullets_and_hash_signs_in_markdown(drawn: str, written_as: str) -> None:
    lines = [line(drawn), line("something else", 0, 30)]
    assert written(lines, Layout.MARKDOWN)[0].splitlines()[0] == written_as


PLACES = st.tuples(st.integers(0, 1500), st.integers(0, 1500), st.sampled_from((12.0, 20.0, 44.0)))


@given(st.lists(PLACES, max_size=25), st.sampled_from(Layout))
def test_no_line_is_lost_or_doubled(places: list[tuple[int, int, float]], layout: Layout) -> None:
    lines = [
        line(f"w{number}x", left, top, size=size) for number, (left, top, size) in enumerate(places)
    ]
    text, tables = written(lines, layout)
    if layout is Layout.TABLE and tables:
        return  # what stands outside of the tables is not asked for
    for number in range(len(lines)):
        assert text.count(f"w{number}x") == 1
