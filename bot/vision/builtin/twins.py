"""Two characters that look the same and are told apart by what stands beside them.

The Chinese numeral one and the Japanese sign for a long vowel are one stroke each. The vowel sign
follows katakana, or hiragana in playful spelling; the numeral stands with Chinese characters.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.vision.builtin.lines import Glyph

_ONE, _LONG = "一", "ー"
_DECIDED_SCORE = 0.6


def told_apart(glyphs: Sequence[Glyph]) -> tuple[Glyph, ...]:
    """Return ``glyphs`` with each such stroke read as what its neighbours make of it."""
    texts = ["", *(glyph.text for glyph in glyphs), ""]
    return tuple(
        _stroke(glyph, texts[place], texts[place + 2]) if glyph.text in {_ONE, _LONG} else glyph
        for place, glyph in enumerate(glyphs)
    )


def _stroke(glyph: Glyph, before: str, after: str) -> Glyph:
    katakana = "ァ" <= before <= "ヺ"
    if not katakana and (_is_chinese(before) or _is_chinese(after)):
        text = _ONE
    elif katakana and not _is_chinese(after):
        text = _LONG
    else:
        return glyph
    # That it is a stroke was clear; the score was low because it could be either.
    return replace(glyph, text=text, score=max(glyph.score, _DECIDED_SCORE))


def _is_chinese(text: str) -> bool:
    return "\u4e00" <= text <= "\u9fff"
