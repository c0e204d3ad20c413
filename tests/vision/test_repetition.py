"""The guard stops circles and leaves honest repetition alone."""

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.vision.repetition import (
    ACROSS_LINES_CHARACTERS,
    IN_LINE_CHARACTERS,
    RepetitionGuard,
)


def looped_at(
    text: str, piece_characters: int = 4, guard: RepetitionGuard | None = None
) -> int | None:
    """Feed ``text`` in pieces; return how much had been read when the guard fired."""
    guard = guard or RepetitionGuard()
    for start in range(0, len(text), piece_characters):
        if guard.loops(text[start : start + piece_characters]):
            return start + piece_characters
    return None


HONEST = {
    "laughter": "ha " * 150,
    "dots of a table of contents": "\n".join(
        f"Chapter {n} {'.' * 180} {n * 7}" for n in range(1, 60)
    ),
    "row of dashes": "Before\n" + "-" * 500 + "\nAfter",
    "wide table rule": "|" + " --- |" * 90 + "\n| a | b |",
    "empty rows of a form": "Name | Date | Sign\n" + "|      |      |      |\n" * 80,
    "lines to write on": ("_" * 60 + "\n") * 40,
    "zeros of a table": "\n".join(f"{n}\t0\t0\t0\t0" for n in range(300)),
    "shopping list": "\n".join(f"- item {n}" for n in range(400)),
    "a poem's refrain": "\n\n".join(
        f"Verse {n} tells another thing.\nRow, row, row your boat, gently down the stream."
        for n in range(20)
    ),
    "a hundred lines of a punishment": "I will not talk in class.\n" * 100,
    "code": "\n".join(f"mov [{n:#06x}], 0x00000000" for n in range(300)),
    "padded table": "\n".join("| " + f"cell {n}".ljust(200) + " |" for n in range(60)),
    "crying": "A" + "a" * 400 + "!",
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST.keys())
@pytest.mark.parametrize("piece_characters", [1, 5, 100])
def test_honest_repetition_passes(text: str, piece_characters: int) -> None:
    """What stands in real pictures is not taken for a loop."""
    assert looped_at(text, piece_characters) is None


LOOPS = {
    "one token": "." * 2_000,
    "two tokens": ".," * 1_000,
    "a word": "the " * 500,
    "line feeds": "Hello" + "\n" * 2_000,
    "a sentence": "The sky is blue and the sea is wide. " * 60,
    "a table row": "| 1 | 2 | 3 |\n" * 400,
    "a paragraph": ("A man stands by a car.\nThe car is red. " * 5 + "\n") * 60,
    "a Japanese word": "とても" * 400,
}


@pytest.mark.parametrize("text", LOOPS.values(), ids=LOOPS.keys())
def test_loops_are_noticed(text: str) -> None:
    """Loops of tokens, words, rows and paragraphs are, also after honest text."""
    assert looped_at(text) is not None
    honest = "\n".join(f"Line {n} of an honest text." for n in range(200))
    assert looped_at(honest + text) is not None


@given(
    unit=st.text(st.characters(blacklist_characters="\n\r\x0b\x0c"), min_size=1, max_size=100),
    start=st.text(max_size=300),
    piece_characters=st.integers(1, 40),
)
@settings(max_examples=60)
def test_any_short_unit_is_a_loop_in_the_end(unit: str, start: str, piece_characters: int) -> None:
    """Within a line, the guard fires soon after its limit, however the text is cut into pieces."""
    text = start + unit * (1_200 // len(unit) + 1)
    fired = looped_at(text, piece_characters)
    assert fired is not None
    assert fired <= len(start) + IN_LINE_CHARACTERS + 200


@given(
    unit=st.text(st.sampled_from("ab|\n "), min_size=1, max_size=500),
    piece_characters=st.integers(1, 40),
)
@settings(max_examples=60)
def test_any_unit_is_a_loop_across_lines(unit: str, piece_characters: int) -> None:
    """With line breaks the limit is the longer one."""
    text = unit * (ACROSS_LINES_CHARACTERS * 2 // len(unit) + 1)
    fired = looped_at(text, piece_characters)
    assert fired is not None
    assert fired <= ACROSS_LINES_CHARACTERS + 200


@given(st.integers(300, 600), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_rows_that_differ_are_no_loop(rows: int, random: Random) -> None:
    """A table of one form with another number in each row is read to its end."""
    numbers = random.sample(range(1000), rows)
    text = "".join(f"| row {number} | yes | yes | yes |\n" for number in numbers)
    assert looped_at(text, 7) is None


@given(st.text(max_size=IN_LINE_CHARACTERS - 1))
def test_short_texts_never_loop(text: str) -> None:
    """Below the limit nothing is a loop."""
    assert looped_at(text) is None


def test_json_has_room_for_equal_rows() -> None:
    """JSON has no line breaks: with one limit for all, empty rows of a table pass."""
    rows = '["","","","","","",""],' * 60
    guard = RepetitionGuard(in_line_characters=ACROSS_LINES_CHARACTERS)
    assert looped_at(rows, guard=guard) is None
    endless = itertools.repeat('["",""],', 1_000)
    assert any(guard.loops(piece) for piece in endless)
