"""Which pictures a question names: "picture 1", "compare 1 and 3", "Bild 2", "写真1", "#2"."""

import re
import unicodedata
from collections.abc import Collection

_NUMBER = re.compile(r"(?<![\d.,:/])\d{1,4}(?![\d:/%°]|[.,]\d)")
"""A whole number that is no part of a time, a date, a fraction or a decimal."""


def named(question: str, numbers: Collection[int]) -> tuple[int, ...]:
    """Return those of ``numbers`` that ``question`` names, in its order.

    A number says nothing of what it counts ("are there 2 cats?"): it counts as a name wherever a
    picture has it, as showing a picture in vain costs less than not showing it.
    """
    plain = unicodedata.normalize("NFKC", question)
    found = (int(match[0]) for match in _NUMBER.finditer(plain))
    return tuple(dict.fromkeys(number for number in found if number in numbers))
