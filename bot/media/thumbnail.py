"""A picture made so small and soft that it only helps to tell cases apart. Runs in the worker."""

import io

from PIL import Image, ImageFilter

_SIDE = 160
_SHAPES = 12
"""What is left of the picture, in cells along its longer side: no letter, no face, no detail."""
_QUALITY = 60


def blurred(image: Image.Image) -> bytes:
    """Return a JPEG of at most 160 x 160 pixels that shows colours and large shapes alone.

    The detail is thrown away before the picture is blown up again, so that no sharpening brings it
    back.
    """
    cells = image.convert("RGB")
    cells.thumbnail((_SHAPES, _SHAPES), Image.Resampling.BOX, reducing_gap=None)
    scale = _SIDE / max(cells.size)
    size = (max(1, round(cells.width * scale)), max(1, round(cells.height * scale)))
    soft = cells.resize(size, Image.Resampling.BICUBIC)
    soft = soft.filter(ImageFilter.GaussianBlur(_SIDE / _SHAPES / 3))
    sink = io.BytesIO()
    soft.save(sink, "JPEG", quality=_QUALITY)
    return sink.getvalue()
