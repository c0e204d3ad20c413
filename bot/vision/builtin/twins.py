"""Two characters that look the same and are told apart by what stands beside them.

The Chinese numeral one and the Japanese sign for a long vowel are one stroke each. The vowel sign
follows katakana, or hiragana in playful spelling; the numeral stands with Chinese characters.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.vision.builtin.lines import Glyph

_ONE, _LONG = "一", "ー"


def told_apart(glyphs: Sequence[Glyph]) -> tuple[Glyph, ...]:
    """Return ``glyphs`` with each such stroke read as what its neighbours make of it."""
    texts = ["", *(glyph.text for glyph in glyphs), ""]
    return tuple(
        replace(glyph, text=_stroke(glyph.text, texts[place], texts[place + 2]))
        for place, glyph in enumerate(glyphs)
    )


def _stroke(text: str, before: str, after: str) -> str:
    katakana = "ァ" <= before <= "ヺ"
    if text == _LONG and not katakana and (_is_chinese(before) or _is_chinese(after)):
        return _ONE
    if text == _ONE and katakana and not _is_chinese(after):
        return _LONG
    return text


def _is_chinese(text: str) -> bool:
    return "\u4e00" <= text <= "\u9fff"
