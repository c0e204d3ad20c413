"""Read with the bundled model, then let Tesseract read what that could not.

Imported in the worker process only.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np

from bot.vision.builtin import tesseract
from bot.vision.builtin.lines import Glyph, Line
from bot.vision.builtin.page import Page
from bot.vision.builtin.recognise import Pixels
from bot.vision.builtin.scripts import SCRIPTS_BY_LANGUAGE, Verdict, judge, verdict_of
from bot.vision.builtin.tesseract import TesseractFailed, Word

_GOOD_SCORE = 0.85
"""Language data that reads with this mean confidence is the right one: others need no trial."""
_USABLE_SCORE = 0.6
_MOST_TRIES = 12
_RUN_TOGETHER = frozenset({"kor", "tha", "lao", "khm", "mya"})
"""Of these Tesseract gives syllables as words: what stands apart is seen from the distance."""
_SPACE_HEIGHTS = 0.18
_CALL_SECONDS = 20.0


class FirstReader(Protocol):
    """What finds and reads lines: ``PageReader``."""

    def read(self, pixels: Pixels, deadline: float, *, turn: int | None = None) -> Page:
        """Read one page."""
        ...


class Reader:
    """Reads pages with the bundled model, and the rest with Tesseract where it is installed."""

    def __init__(self, first: FirstReader) -> None:
        self._first = first

    def read(self, pixels: Pixels, locale: str, deadline: float) -> tuple[Page, Verdict]:
        """Return the upright page and what its lines are worth.

        ``locale`` is the language the text is believed to be in; empty when nobody said.
        """
        page = self._first.read(pixels, deadline)
        verdict = judge(page.lines, page.width, page.height)
        if all(line.readable for line in verdict.lines):
            return page, verdict
        script = SCRIPTS_BY_LANGUAGE.get(locale.partition("-")[0], "") or verdict.script
        installed = tesseract.languages()
        if "osd" in installed and verdict.unreadable:
            seen = tesseract.orientation(_png(page.pixels), _seconds_until(deadline))
            if seen is not None:
                script = script or seen.script
                if seen.quarters:
                    turned = np.ascontiguousarray(np.rot90(page.pixels, seen.quarters))
                    page = self._first.read(turned, deadline, turn=0)
                    verdict = judge(page.lines, page.width, page.height)
        candidates = _candidates(script, installed, locale)
        lines = _filled(page.pixels, verdict.lines, candidates, deadline)
        return page, verdict_of(lines, script)


def _filled(
    pixels: Pixels, lines: Sequence[Line], candidates: Sequence[str], deadline: float
) -> Sequence[Line]:
    """Try one language after another; return the lines of the one that is surest."""
    best, best_score = lines, _USABLE_SCORE
    for language in candidates[:_MOST_TRIES]:
        try:
            words = tesseract.read(_png(pixels), language, _seconds_until(deadline))
        except TesseractFailed:
            continue
        filled = tuple(_with_words(line, words, language) for line in lines)
        score = _gain(lines, filled)
        if score > best_score:
            best, best_score = filled, score
        if best_score >= _GOOD_SCORE:
            break
    return best


def _candidates(script: str, installed: Sequence[str], locale: str) -> list[str]:
    if script:
        language = tesseract.languages_for(script, installed, locale)
        return [language] if language else []
    return [tesseract.languages_for(name, installed) for name in tesseract.scripts(installed)]


def _gain(before: Sequence[Line], after: Sequence[Line]) -> float:
    """Return how well the lines that had not been read are read now, 0..1."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if not old.readable]
    total = sum(old.length for old, _ in pairs)
    return sum(new.score * new.length for _, new in pairs if new.readable) / total if total else 0.0


def _with_words(line: Line, words: Sequence[Word], language: str) -> Line:
    """Fill a line that was not read with the words that lie in it."""
    if line.readable:
        return line
    inside = [
        word
        for word in words
        if line.left <= word.x <= line.right and line.top <= word.y <= line.bottom
    ]
    if not inside:
        return line
    # They come as they are read, for Arabic and Hebrew from the right; places follow that order.
    step = line.width / len(inside)
    glyphs = tuple(
        Glyph(word.text, word.score, line.left + (place + 0.5) * step)
        for place, word in enumerate(inside)
    )
    least = _SPACE_HEIGHTS * line.height if language in _RUN_TOGETHER else 0.0
    spaces = frozenset(
        place
        for place in range(1, len(inside))
        if max(inside[place].left, inside[place - 1].left)
        - min(inside[place].right, inside[place - 1].right)
        >= least
        or not least
    )
    read = replace(line, glyphs=glyphs, spaces=spaces, gaps=(), coverage=1.0)
    return replace(read, readable=read.score >= _USABLE_SCORE)


def _png(pixels: Pixels) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


def _seconds_until(deadline: float) -> float:
    return min(_CALL_SECONDS, deadline - time.monotonic())
