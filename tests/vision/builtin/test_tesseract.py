"""Tesseract as a second reader: through an imitation, and through the real one where it is."""

import os
import shutil
import stat
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bot.vision.builtin import tesseract
from bot.vision.builtin.lines import Glyph, Line
from bot.vision.builtin.page import Page
from bot.vision.builtin.reader import FirstReader, Reader
from bot.vision.builtin.recognise import Pixels
from bot.vision.builtin.tesseract import Orientation, TesseractFailed
from tests.vision.builtin import texts
from tests.vision.builtin.pages import draw, error_rate

REAL = shutil.which("tesseract")

_PROGRAM = """#!{python}
import json, pathlib, sys, time
here = pathlib.Path(__file__).parent
asked = sys.argv[1:]
with open(here / "calls", "a") as calls:
    calls.write(json.dumps([asked, len(sys.stdin.buffer.read())]) + "\\n")
key = "list" if asked == ["--list-langs"] else asked[asked.index("-l") + 1]
answer = here / (key.replace("/", "_") + ".answer")
if not answer.exists():
    sys.exit(1)
text = answer.read_text()
if text == "hang":
    time.sleep(60)
print(text, end="")
"""
_HEADER = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
)


class Imitation:
    """A program called ``tesseract`` that answers what it was told to."""

    def __init__(self, place: Path) -> None:
        self._place = place
        program = place / "tesseract"
        program.write_text(_PROGRAM.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def answers(self, key: str, text: str) -> None:
        """Answer ``text`` when asked with ``-l key`` (``list``: for the languages)."""
        (self._place / f"{key.replace('/', '_')}.answer").write_text(text)

    def has(self, *languages: str) -> None:
        """Have these language data installed."""
        self.answers("list", "List of available languages (9):\n" + "\n".join(languages) + "\n")

    def reads(self, language: str, *words: tuple[str, int, int, float]) -> None:
        """Read words of 20 by 10 pixels: text, left, top, confidence in percent."""
        rows = [f"5\t1\t1\t1\t1\t1\t{x}\t{y}\t20\t10\t{sure}\t{text}" for text, x, y, sure in words]
        self.answers(language, "\n".join((_HEADER, "1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t", *rows)))

    @property
    def calls(self) -> list[str]:
        """The command lines so far."""
        path = self._place / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def imitation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imitation:
    monkeypatch.setenv("PATH", str(tmp_path))
    return Imitation(tmp_path)


def osd_report(rotate: int, sure: float, script: str, sure_of_script: float) -> str:
    return (
        f"Page number: 0\nOrientation in degrees: 0\nRotate: {rotate}\n"
        f"Orientation confidence: {sure}\nScript: {script}\nScript confidence: {sure_of_script}\n"
    )


class Blank(FirstReader):
    """A first reader that finds lines and can read none, whatever way the page is turned."""

    def __init__(self, *lines: Line) -> None:
        self.lines = lines
        self.turns: list[int | None] = []

    def read(self, pixels: Pixels, deadline: float, *, turn: int | None = None) -> Page:
        self.turns.append(turn)
        return Page(pixels, self.lines)


PIXELS = np.full((60, 200, 3), 255, dtype=np.uint8)
UNREAD = Line(0, 0, 200, 20, (), coverage=0.0)
READ = Line(0, 30, 50, 50, tuple(Glyph(letter, 0.99, 5.0) for letter in "Hello"))


def read(*lines: Line, locale: str = "") -> tuple[list[str], str, Blank]:
    first = Blank(*lines)
    _, verdict = Reader(first).read(PIXELS, locale, time.monotonic() + 30)
    return [line.marked_text for line in verdict.lines], verdict.script, first


def test_without_the_program_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not tesseract.installed()
    assert tesseract.languages() == ()
    with pytest.raises(TesseractFailed):
        tesseract.read(b"", "rus", 1)


def test_languages_and_scripts_are_listed(imitation: Imitation) -> None:
    imitation.has("eng", "osd", "rus", "script/Thai", "kor")
    installed = tesseract.languages()
    assert tesseract.scripts(installed) == ("Cyrillic", "Korean", "Thai")
    assert tesseract.languages_for("Thai", installed) == "script/Thai"
    assert tesseract.languages_for("Greek", installed) == ""


def test_the_language_that_was_named_comes_first() -> None:
    installed = ("rus", "ukr", "bul")
    assert tesseract.languages_for("Cyrillic", installed) == "rus"
    assert tesseract.languages_for("Cyrillic", installed, "uk") == "ukr"
    assert tesseract.languages_for("Cyrillic", installed, "bg") == "bul"


def test_words_are_read_with_their_places(imitation: Imitation) -> None:
    imitation.reads("rus", ("Привет", 10, 5, 96.5), ("мир", 40, 5, 91.0))
    words = tesseract.read(b"png", "rus", 5)
    assert [(word.text, word.x, word.y, word.score) for word in words] == [
        ("Привет", 20, 10, 0.965),
        ("мир", 50, 10, 0.91),
    ]


def test_a_program_that_hangs_is_given_up(imitation: Imitation) -> None:
    imitation.answers("rus", "hang")
    with pytest.raises(TesseractFailed):
        tesseract.read(b"png", "rus", 0.5)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ((180, 9.0, "Cyrillic", 5.0), Orientation(2, "Cyrillic")),
        ((90, 9.0, "Hangul", 5.0), Orientation(3, "Korean")),
        ((270, 0.4, "Thai", 5.0), Orientation(0, "Thai")),
        ((0, 9.0, "Latin", 5.0), Orientation(0, "")),
        ((0, 9.0, "Thai", 0.5), Orientation(0, "")),
    ],
)
def test_orientation_is_believed_when_it_is_sure(
    imitation: Imitation, report: tuple[int, float, str, float], expected: Orientation
) -> None:
    imitation.answers("osd", osd_report(*report))
    assert tesseract.orientation(b"png", 5) == expected


@pytest.mark.parametrize("report", ["", "Too few characters. Skipping this page\n"])
def test_an_orientation_that_cannot_be_told_is_none(imitation: Imitation, report: str) -> None:
    imitation.answers("osd", report)
    assert tesseract.orientation(b"png", 5) is None


def test_a_page_that_was_read_is_left_alone(imitation: Imitation) -> None:
    imitation.has("rus")
    assert read(READ)[0] == ["Hello"]
    assert imitation.calls == []


def test_lines_that_were_not_read_are_filled_in(imitation: Imitation) -> None:
    imitation.has("rus")
    imitation.reads("rus", ("Привет", 10, 5, 96), ("мир", 60, 5, 94), ("elsewhere", 10, 35, 90))
    assert read(UNREAD, READ)[0] == ["Привет мир", "Hello"]


def test_a_reading_that_is_unsure_is_not_passed_off(imitation: Imitation) -> None:
    imitation.has("rus")
    imitation.reads("rus", ("Лрцвт", 10, 5, 31), ("мнр", 60, 5, 22))
    assert read(UNREAD)[0] == ["[unreadable]"]


def test_the_surest_language_is_kept(imitation: Imitation) -> None:
    imitation.has("ara", "rus")
    imitation.reads("ara", ("؟؟؟", 10, 5, 65))
    imitation.reads("rus", ("Привет", 10, 5, 96))
    assert read(UNREAD)[0] == ["Привет"]


def test_the_language_that_was_named_is_the_only_one_tried(imitation: Imitation) -> None:
    imitation.has("ara", "rus", "ukr")
    imitation.reads("ukr", ("Вітаю", 10, 5, 96))
    assert read(UNREAD, locale="uk")[0] == ["Вітаю"]
    assert [call for call in imitation.calls if "ara" in call or "rus" in call] == []


def test_a_named_language_without_its_data_names_the_script(imitation: Imitation) -> None:
    imitation.has("ara")
    marked, script, _ = read(UNREAD, locale="ru")
    assert (marked, script) == (["[unreadable]"], "Cyrillic")


def test_syllables_that_touch_are_written_as_one_word(imitation: Imitation) -> None:
    imitation.has("kor")
    imitation.reads(
        "kor", ("도", 0, 5, 95), ("서", 21, 5, 95), ("관", 42, 5, 95), ("은", 80, 5, 95)
    )
    assert read(UNREAD)[0] == ["도서관 은"]


def test_a_page_on_its_head_is_turned_before_it_is_read(imitation: Imitation) -> None:
    imitation.has("osd", "rus")
    imitation.answers("osd", osd_report(180, 9.0, "Cyrillic", 9.0))
    imitation.reads("rus", ("Привет", 10, 5, 96))
    marked, _, first = read(UNREAD)
    assert marked == ["Привет"]
    assert first.turns == [None, 0]


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    if REAL is None:
        pytest.skip("tesseract is not installed")
    monkeypatch.setenv("PATH", os.path.dirname(REAL))  # noqa: PTH120 - one call
    return tesseract.languages()


@pytest.mark.parametrize(
    ("name", "language"),
    [("Cyrillic", "rus"), ("Greek", "ell"), ("Arabic", "ara"), ("Korean", "kor"), ("Thai", "tha")],
)
def test_the_real_program_reads_what_it_has_data_for(
    real: tuple[str, ...], name: str, language: str
) -> None:
    if language not in real:
        pytest.skip(f"no language data for {language}")
    face, lines = texts.OTHER_SCRIPTS[name]
    page = draw(lines, face, 24)
    words = tesseract.read(page.encoded(), language, 20)
    assert error_rate([("".join(word.text for word in words), page.text)]) < 0.1
