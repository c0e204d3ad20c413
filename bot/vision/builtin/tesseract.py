"""Tesseract, where the operator installed it: the scripts that the bundled model cannot read.

A program of its own (``tesseract-ocr`` and its language data, such as ``tesseract-ocr-rus``, in
Debian). It is given pixels on standard input and answers a table on standard output; it writes no
file. Only the standard library is needed here, so the bot itself may ask what is installed.
"""

import csv
import io
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from bot.vision.builtin.scripts import GREEK, VIETNAMESE

LANGUAGES_BY_SCRIPT = {
    "Arabic": ("ara", "fas", "urd", "script/Arabic"),
    "Armenian": ("hye", "script/Armenian"),
    "Bengali": ("ben", "script/Bengali"),
    "Cyrillic": ("rus", "ukr", "bul", "bel", "srp", "mkd", "kaz", "script/Cyrillic"),
    "Devanagari": ("hin", "mar", "nep", "script/Devanagari"),
    "Ethiopic": ("amh", "script/Ethiopic"),
    "Georgian": ("kat", "script/Georgian"),
    GREEK: ("ell", "script/Greek"),
    "Gujarati": ("guj", "script/Gujarati"),
    "Gurmukhi": ("pan", "script/Gurmukhi"),
    "Hebrew": ("heb", "yid", "script/Hebrew"),
    "Kannada": ("kan", "script/Kannada"),
    "Khmer": ("khm", "script/Khmer"),
    "Korean": ("kor", "script/Hangul"),
    "Lao": ("lao", "script/Lao"),
    "Malayalam": ("mal", "script/Malayalam"),
    "Myanmar": ("mya", "script/Myanmar"),
    "Sinhala": ("sin", "script/Sinhala"),
    "Tamil": ("tam", "script/Tamil"),
    "Telugu": ("tel", "script/Telugu"),
    "Thai": ("tha", "script/Thai"),
    VIETNAMESE: ("vie", "script/Vietnamese"),
}
"""Names of scripts as people read them, and which language data reads each, best first."""

_LOCALE_CODES = {
    "ar": "ara", "bg": "bul", "el": "ell", "fa": "fas", "he": "heb", "hi": "hin", "ko": "kor",
    "ru": "rus", "ta": "tam", "te": "tel", "th": "tha", "uk": "ukr", "vi": "vie",
}  # fmt: skip
_MAX_OUTPUT_BYTES = 4 * 1024 * 1024
_LIST_SECONDS = 5.0
_ROTATE = re.compile(r"^Rotate: (\d+)$", re.MULTILINE)
_ORIENTATION_SCORE = re.compile(r"^Orientation confidence: ([\d.]+)$", re.MULTILINE)
_SCRIPT = re.compile(r"^Script: (\S+)$", re.MULTILINE)
_SCRIPT_SCORE = re.compile(r"^Script confidence: ([\d.]+)$", re.MULTILINE)
_SURE_ORIENTATION, _SURE_SCRIPT = 2.0, 1.5
_IDLE_JOINER = re.compile(r"\u200c(?!\w)")
"""Its Tamil data ends words with a sign that only means something between letters."""
_SCRIPT_NAMES = {"Hangul": "Korean"}


class TesseractFailed(Exception):
    """It is not there, took too long or ended with an error."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, its confidence (0..1) and where it stands."""

    text: str
    score: float
    left: float
    right: float
    y: float

    @property
    def x(self) -> float:
        """The middle."""
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class Orientation:
    """What Tesseract thinks of a page before reading it."""

    quarters: int
    """How often to turn the page against the clock."""
    script: str
    """Empty when it is not sure, or when it is one that the bundled model reads."""


def installed() -> bool:
    """Whether the program can be found."""
    return shutil.which("tesseract") is not None


def languages() -> tuple[str, ...]:
    """List the installed language data; empty without the program. Blocks for up to 5 seconds."""
    try:
        listing = _run(("--list-langs",), b"", _LIST_SECONDS)
    except TesseractFailed:
        return ()
    return tuple(name.strip() for name in listing.splitlines()[1:] if name.strip())


def scripts(installed_languages: Sequence[str]) -> tuple[str, ...]:
    """Name the scripts that ``installed_languages`` can read."""
    return tuple(
        script for script in LANGUAGES_BY_SCRIPT if languages_for(script, installed_languages)
    )


def languages_for(script: str, installed_languages: Sequence[str], locale: str = "") -> str:
    """Name what to read ``script`` with, in Tesseract's own notation; empty when nothing can."""
    known = {name.removeprefix("script/"): name for name in installed_languages}
    codes = [code.removeprefix("script/") for code in LANGUAGES_BY_SCRIPT.get(script, ())]
    preferred = _LOCALE_CODES.get(locale.partition("-")[0], "")
    if preferred in codes:
        codes.remove(preferred)
        codes.insert(0, preferred)
    return next((known[code] for code in codes if code in known), "")


def orientation(png: bytes, timeout_seconds: float) -> Orientation | None:
    """Ask how the page lies and in which script; None when it cannot tell."""
    try:
        report = _run(("-", "-", "--psm", "0", "-l", "osd"), png, timeout_seconds)
    except TesseractFailed:
        return None
    rotate, sure_of_it, script, sure_of_script = (
        pattern.search(report) for pattern in (_ROTATE, _ORIENTATION_SCORE, _SCRIPT, _SCRIPT_SCORE)
    )
    if rotate is None or script is None or sure_of_it is None or sure_of_script is None:
        return None
    # It says how to turn with the clock.
    quarters = -int(rotate[1]) // 90 % 4 if float(sure_of_it[1]) >= _SURE_ORIENTATION else 0
    name = _SCRIPT_NAMES.get(script[1], script[1])
    sure = float(sure_of_script[1]) >= _SURE_SCRIPT and name in LANGUAGES_BY_SCRIPT
    return Orientation(quarters, name if sure else "")


def read(png: bytes, language: str, timeout_seconds: float) -> list[Word]:
    """Return the words of a page in reading order. Raises TesseractFailed."""
    table = _run(("-", "-", "--psm", "6", "-l", language, "tsv"), png, timeout_seconds)
    words = []
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = _IDLE_JOINER.sub("", (row.get("text") or "").strip())
        score = float(row.get("conf") or -1)
        if not text or score < 0:
            continue
        words.append(
            Word(
                text,
                score / 100,
                float(row["left"]),
                float(row["left"]) + float(row["width"]),
                float(row["top"]) + float(row["height"]) / 2,
            )
        )
    return words


def _run(arguments: Sequence[str], standard_input: bytes, timeout_seconds: float) -> str:
    program = shutil.which("tesseract")
    if program is None:
        raise TesseractFailed
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; no argument comes from a person
            (program, *arguments),
            input=standard_input,
            capture_output=True,
            timeout=max(0.1, timeout_seconds),
            check=True,
            # More threads make it slower on single pages.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise TesseractFailed from error
    return done.stdout[:_MAX_OUTPUT_BYTES].decode("utf-8", "replace")
