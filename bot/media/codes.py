"""What QR and bar codes in a picture say, where zxing-cpp is installed. Runs in the worker."""

from collections.abc import Iterable

from PIL import Image

_MAX_CODES = 16
_MAX_CHARACTERS = 500
"""A link is shorter; what is longer is of no use to any rule."""


def read_codes(images: Iterable[Image.Image]) -> tuple[str, ...]:
    """Return the texts of all codes in RGB pictures, each once, at most 16.

    Nothing where the library is missing (extras ``moderation`` and ``builtin``).
    """
    try:
        import zxingcpp  # noqa: PLC0415 - optional
    except ImportError:
        return ()
    found: dict[str, None] = {}
    for image in images:
        for code in zxingcpp.read_barcodes(image):
            text = code.text.strip()[:_MAX_CHARACTERS]
            if text and len(found) < _MAX_CODES:
                found[text] = None
    return tuple(found)
