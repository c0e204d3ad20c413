"""PDQ, the hash of pictures that others exchange, where pdqhash is installed. In the worker."""

from PIL import Image

_WORKING_SIDE = 512
"""PDQ's reference looks at a copy of this size, too."""


def pdq_hash(image: Image.Image) -> str | None:
    """Return an RGB picture's 256-bit PDQ hash in hexadecimal; None without the extra ``pdq``."""
    try:
        import numpy as np  # noqa: PLC0415 - optional
        import pdqhash  # noqa: PLC0415 - optional
    except ImportError:
        return None
    small = image.copy()
    small.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BOX, reducing_gap=None)
    bits, _quality = pdqhash.compute(np.asarray(small))
    return np.packbits(bits).tobytes().hex()
