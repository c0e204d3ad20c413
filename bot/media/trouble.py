"""The exceptions of Pillow and its codecs, and how they become ours. Runs in the worker."""

import contextlib
import dataclasses
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image

from bot.domain.errors import PictureBroken, PictureError

DECODER_ERRORS = (
    OSError,  # truncated and broken data; includes UnidentifiedImageError
    ValueError,
    SyntaxError,
    IndexError,
    KeyError,
    TypeError,
    RuntimeError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    AttributeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What damaged files make Pillow raise, met over 29,000 public odd files; no common base.

MemoryError is not among them: the worker ends with it.
"""


@contextlib.contextmanager
def broken_if_raised(reason: str = "damaged") -> Iterator[None]:
    """Turn whatever a decoder raises into PictureBroken."""
    try:
        yield
    except DECODER_ERRORS as error:
        raise PictureBroken(reason) from error


@contextlib.contextmanager
def strictly() -> Iterator[None]:
    """Turn Pillow's warning about bombs into an error, and silence all others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata, to nobody
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def refused(refusal: PictureError) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Return a worker's answer to a picture that cannot be used; ``refusals`` reads it."""
    return {"refused": type(refusal).__name__, "fields": dataclasses.asdict(refusal)}, ()
