"""Which of the lines found were really read, and which are in a script that cannot be.

The bundled model reads Latin, Chinese and Japanese. Of Cyrillic, Arabic, Hebrew, Thai, Korean or
the scripts of India it sees that text is there and then leaves the place empty, or puts the few
letters that look alike. How much of the ink its characters explain tells the two apart.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.vision.builtin.lines import Line

READABLE_QUALITY = 0.65
"""Below this a line was not read; clean lines reach 0.95, unknown scripts hardly ever 0.6."""
_CERTAIN_QUALITY, _ALONE_QUALITY = 0.75, 0.9
_FEW_CHARACTERS = 3
"""So few characters must read almost perfectly where there is no other text."""
_UNEXPLAINED = 0.5
_NAMING_QUALITY = 0.5
"""What reads worse than this names no script: Thai on its head looks a little like Greek."""
_SHORTEST_SHAPE = 2.0
_LARGEST_SHARE, _LARGEST_PIXELS = 0.2, 60
"""What cannot be read and is taller than this part of the page is a row of things, not of text."""
_LEAST_AREA = 0.002
"""So little that cannot be read, in a picture without other text, is not worth a word."""
_SCRIPT_SHARE = 0.5
_NOTED_SHARE = 0.2

GREEK, VIETNAMESE = "Greek", "Vietnamese"
_VIETNAMESE_ONLY, _VIETNAMESE_TOO = frozenset("ơưƠƯ"), frozenset("ơưđăƠƯĐĂ")
"""Two of the latter, one of them used by no other language, are no slip of the reader. Letters with
two marks, which Vietnamese is full of, are what the model leaves out."""
_FEWEST_VIETNAMESE = 2
_LONG_WORD_LETTERS = 4
_GREEK_WORDS_SHARE = 0.3
_WORD = re.compile(r"[^\W\d_]+")

SCRIPTS_BY_LANGUAGE = {
    "ar": "Arabic", "bg": "Cyrillic", "el": GREEK, "fa": "Arabic", "he": "Hebrew",
    "hi": "Devanagari", "ko": "Korean", "ru": "Cyrillic", "ta": "Tamil", "te": "Telugu",
    "th": "Thai", "uk": "Cyrillic", "vi": VIETNAMESE,
}  # fmt: skip
"""What a person means who says which language the text is in."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a page's lines are worth."""

    lines: tuple[Line, ...]
    """Without what was no text; lines that could not be read are marked so."""
    unreadable_share: float
    """How much of the text, by length, could not be read (0..1)."""
    script: str = ""
    """The script or language that could not be read, when it gave itself away."""

    @property
    def unreadable(self) -> bool:
        """Whether the page as a whole cannot be read."""
        return self.unreadable_share >= _SCRIPT_SHARE

    @property
    def worth_a_note(self) -> bool:
        """Whether so much is missing that the person should know."""
        return self.unreadable_share >= _NOTED_SHARE


def judge(lines: Iterable[Line], width: int, height: int) -> Verdict:
    """Drop what is no text, mark what could not be read, name the script where it shows.

    ``width`` and ``height`` are the page's, in pixels.
    """
    found = list(lines)
    in_company = any(
        len(line.glyphs) > _FEW_CHARACTERS and line.quality >= _CERTAIN_QUALITY for line in found
    )
    least_quality = _CERTAIN_QUALITY if in_company else _ALONE_QUALITY
    text = [line for line in found if _is_text(line, least_quality)]
    script = _script_of(text)
    readable = READABLE_QUALITY if in_company else _CERTAIN_QUALITY
    judged = [replace(line, readable=_was_read(line, script, readable)) for line in text]
    largest = max(_LARGEST_SHARE * min(width, height), _LARGEST_PIXELS)
    likely = [line for line in judged if line.readable or line.size <= largest]
    if not any(line.readable for line in likely):
        area = sum(line.width * line.height for line in likely)
        likely = likely if area >= _LEAST_AREA * width * height else []
    return verdict_of(likely, script)


def verdict_of(lines: Sequence[Line], script: str = "") -> Verdict:
    """Weigh lines that are marked already."""
    total = sum(line.length for line in lines)
    unread = sum(line.length for line in lines if not line.readable)
    share = unread / total if total else 0.0
    return Verdict(tuple(lines), share, script if share else "")


def _is_text(line: Line, least_quality: float) -> bool:
    """Tell text from round things in photos, which are easily found as an O or an 8."""
    elongated = line.length >= _SHORTEST_SHAPE * line.size
    if len(line.glyphs) > _FEW_CHARACTERS:
        return elongated or line.quality >= _CERTAIN_QUALITY
    if elongated and line.coverage < _UNEXPLAINED:
        return True  # much ink, next to no characters: another script
    return bool(line.glyphs) and line.quality >= least_quality


def _was_read(line: Line, script: str, least_quality: float) -> bool:
    if line.quality < least_quality:
        return False
    if script == VIETNAMESE:
        return line.text.isascii()
    return script != GREEK or not _has_greek(line.text)


def _script_of(lines: Sequence[Line]) -> str:
    """Name the two whose letters are half known: what was read of them looks right and is not."""
    text = " ".join(line.text for line in lines if line.quality >= _NAMING_QUALITY)
    letters = [letter for letter in text if letter in _VIETNAMESE_TOO]
    if len(letters) >= _FEWEST_VIETNAMESE and not _VIETNAMESE_ONLY.isdisjoint(letters):
        return VIETNAMESE
    words = [word for word in _WORD.findall(text) if len(word) >= _LONG_WORD_LETTERS]
    greek = sum(map(_has_greek, words))
    return GREEK if greek and greek >= _GREEK_WORDS_SHARE * len(words) else ""


def _has_greek(text: str) -> bool:
    return any("Ͱ" <= character <= "Ͽ" for character in text)
