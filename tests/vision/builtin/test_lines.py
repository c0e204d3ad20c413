"""Marks for what was not read, and strokes that look alike."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tasks.ocr import UNREADABLE
from bot.vision.builtin.lines import Gap, Glyph, Line
from bot.vision.builtin.twins import told_apart


def line(text: str, scores: dict[str, float] | None = None, gaps: tuple[Gap, ...] = ()) -> Line:
    glyphs: list[Glyph] = []
    spaces: set[int] = set()
    for place, character in enumerate(text):
        if character == " ":
            spaces.add(len(glyphs))
        else:
            score = (scores or {}).get(character, 0.99)
            glyphs.append(Glyph(character, score, place * 10.0))
    return Line(0, 0, 10.0 * len(text), 20, tuple(glyphs), frozenset(spaces), gaps)


def test_sure_text_is_written_as_read() -> None:
    assert line("two words").marked_text == "two words"


def test_an_unsure_word_is_marked_not_guessed() -> None:
    assert line("a zzz c", {"z": 0.3}).marked_text == f"a {UNREADABLE} c"


def test_neighbouring_unsure_words_get_one_mark() -> None:
    assert line("a zzz zz c", {"z": 0.3}).marked_text == f"a {UNREADABLE} c"


def test_unsure_characters_between_chinese_ones_are_marked_alone() -> None:
    assert line("本日休業", {"休": 0.2}).marked_text == f"本日 {UNREADABLE} 業"


def test_ink_without_characters_is_marked_where_it_is() -> None:
    with_gap = line("see      now", gaps=(Gap(35, 85),))
    assert with_gap.marked_text == f"see {UNREADABLE} now"


def test_an_emoji_is_too_narrow_to_be_marked() -> None:
    assert line("see      now", gaps=(Gap(40, 62),)).marked_text == "see now"


@given(st.text("ab 本", min_size=1).filter(str.strip))
def test_certain_text_loses_no_character(text: str) -> None:
    assert "".join(line(text).marked_text.split()) == "".join(text.split())


@given(st.floats(-20, 20), st.floats(0, 500), st.floats(0, 500))
def test_turning_back_keeps_size_and_distance(degrees: float, left: float, top: float) -> None:
    before = Line(left, top, left + 100, top + 20, (Glyph("a", 1, left + 50),))
    after = before.turned_back(degrees)
    assert after.width == pytest.approx(before.width)
    assert after.height == pytest.approx(before.height)
    assert math.hypot((after.left + after.right) / 2, after.middle) == pytest.approx(
        math.hypot(left + 50, before.middle)
    )


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("カフェはー階の奥", "カフェは一階の奥"),
        ("第ー章", "第一章"),
        ("コーヒー", "コーヒー"),
        ("コ一ヒ一", "コーヒー"),
        ("すごーい", "すごーい"),
        ("パート一覧", "パート一覧"),
        ("周一闭馆", "周一闭馆"),
        ("ー", "ー"),
    ],
)
def test_the_numeral_one_and_the_long_vowel_are_told_apart(read: str, meant: str) -> None:
    glyphs = [Glyph(character, 0.9, 0) for character in read]
    assert "".join(glyph.text for glyph in told_apart(glyphs)) == meant


def test_a_stroke_that_its_neighbours_decide_is_sure() -> None:
    first, stroke, last = told_apart(
        [Glyph("は", 0.9, 0), Glyph("ー", 0.3, 10), Glyph("階", 0.9, 20)]
    )
    assert (first.score, last.score) == (0.9, 0.9)
    assert (stroke.text, stroke.score) == ("一", 0.6)
