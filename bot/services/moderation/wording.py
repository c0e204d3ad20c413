"""Words as people mean them to be read, and patterns over them."""

import re
import unicodedata
from collections.abc import Mapping

MAX_CHARACTERS = 8000
"""How much of a text is looked at: more than any picture holds that people can read."""

_BLANK = r"[\W_]{0,3}"
"""A ``_`` in a pattern: a few characters that are no letters, or none. Readers of pictures lose
blanks, and people who hide from patterns put dots between their words."""
_TAGS = {0xE0000 + code: code for code in range(0x20, 0x7F)}
"""Unicode's invisible letters, and the letters that a model reads in them."""


def plain(text: str) -> str:
    """Return ``text`` in small letters, without what only hides it: wide and invisible letters."""
    letters = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS].translate(_TAGS)).casefold()
    seen = "".join(letter for letter in letters if unicodedata.category(letter) != "Cf")
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", seen)).strip()


def compiled(pattern: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    """Compile a pattern that is written in lines, with ``_`` for a blank and ``<name>`` parts."""
    for name, part in parts.items():
        pattern = pattern.replace(f"<{name}>", f"(?:{part})")
    return re.compile(pattern.replace("_", _BLANK), re.DOTALL | re.VERBOSE)
