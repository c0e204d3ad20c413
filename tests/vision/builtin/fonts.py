"""Fonts that come with the development set-up, found without importing their packages."""

import functools
from importlib.metadata import files

from PIL import ImageFont

_FONTS = {
    "latin": ("simcord", "noto-sans-latin-v"),
    "mono": ("simcord", "noto-sans-mono-v"),
    "chinese-variable": ("simcord", "noto-sans-sc-v"),
    "arabic": ("simcord", "noto-sans-arabic-v"),
    "hebrew": ("simcord", "noto-sans-hebrew-v"),
    "devanagari": ("simcord", "noto-sans-devanagari-v"),
    "japanese": ("noto-cjk-sans-otc", "NotoSansCJK-Regular.ttc"),
    "korean": ("noto-cjk-sans-otc", "NotoSansCJK-Regular.ttc"),
    "chinese": ("noto-cjk-sans-otc", "NotoSansCJK-Regular.ttc"),
    "traditional": ("noto-cjk-sans-otc", "NotoSansCJK-Regular.ttc"),
    "thai": ("fontpkg-noto-sans-thai", "NotoSansThai"),
    "tamil": ("fontpkg-noto-sans-tamil", "NotoSansTamil"),
    "telugu": ("fontpkg-noto-sans-telugu", "NotoSansTelugu"),
}
"""Name to the package that ships the font and how its file's name begins."""
_FACES = {"korean": 1, "chinese": 2, "traditional": 3}
"""Of the collection: Japanese, Korean, Simplified and Traditional Chinese."""


@functools.cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Load a font at ``size`` pixels."""
    package, begins = _FONTS[name]
    path = next(path for path in files(package) or () if path.name.startswith(begins))
    return ImageFont.truetype(str(path.locate()), size, index=_FACES.get(name, 0))
