"""One decoded frame to what a model is shown: small, upright, sRGB, opaque. Runs in the worker."""

import math
import re
from dataclasses import dataclass

from PIL import ExifTags, Image

from bot.domain.picture import PictureNeeds
from bot.media import colour
from bot.media.region import Box, stored_box
from bot.media.trouble import DECODER_ERRORS

_MAX_RATIO = 100
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)([1-8])")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what undoes it (CIPA DC-008, tag 0x0112)."""
SIDEWAYS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Still:
    """One prepared frame, not yet encoded."""

    image: Image.Image
    transparent: bool
    dark: Image.Image | None = None
    """The same frame on Discord's dark background, where it was asked for and shows more."""


def fitting_size(width: int, height: int, needs: PictureNeeds) -> tuple[int, int]:
    """Return the largest size of the same shape within ``needs``; never larger than given."""
    scale = min(
        1.0,
        math.sqrt(needs.max_pixels / (width * height)),
        needs.max_side / max(width, height),
    )
    small_width, small_height = max(1, int(width * scale)), max(1, int(height * scale))
    if small_width * small_height > needs.max_pixels:  # a sliver that could not get any thinner
        small_width = max(1, min(small_width, needs.max_pixels // small_height))
        small_height = max(1, min(small_height, needs.max_pixels // small_width))
    return small_width, small_height


def use_draft(image: Image.Image, needs: PictureNeeds) -> None:
    """Let the JPEG decoder leave out what the final size does not need, before ``load``.

    It halves only while both sides stay at least as large as asked for, so it must be asked for
    the true shape. Twice the final size keeps small text sharp (40 dB against a full decode
    without, at a fifth of the cost). Where only a part is wanted, it is that part's final size
    which decides.
    """
    box = wanted_box(image, needs)
    part_width, part_height = box[2] - box[0], box[3] - box[1]
    width, height = fitting_size(part_width, part_height, needs)
    gap = 2.0 if needs.keep_text_sharp else 1.01
    across, down = image.width / part_width, image.height / part_height
    image.draft(None, (math.ceil(width * gap * across), math.ceil(height * gap * down)))


def wanted_box(image: Image.Image, needs: PictureNeeds) -> Box:
    """Return which pixels of ``image``, as it is stored, are wanted."""
    if needs.region is None:
        return (0, 0, *image.size)
    return stored_box(needs.region, *image.size, orientation(image))


def orientation(image: Image.Image) -> int:
    """Return how ``image`` is to be turned, 1 to 8; 1 when its metadata says nothing readable.

    Call it after ``load``, except for JPEG: TIFF turns itself then, and says so.
    """
    try:
        turn = image.getexif().get(ExifTags.Base.Orientation)
        if turn is None:
            turn = _xmp_orientation(image)
    except DECODER_ERRORS:  # a bad EXIF block must not cost a good picture
        turn = _xmp_orientation(image)
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1  # noqa: PLR2004 - the tag's range


def _xmp_orientation(image: Image.Image) -> int | None:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if isinstance(packet, str):
        packet = packet.encode(errors="replace")
    found = _XMP_ORIENTATION.search(packet) if isinstance(packet, bytes) else None
    return int(found[1]) if found else None


def prepare_still(
    image: Image.Image, needs: PictureNeeds, background: tuple[int, int, int]
) -> Still:
    """Turn a loaded ``image`` into a Still. Everything dear happens after the shrinking."""
    turn = orientation(image)
    profile = image.info.get("icc_profile")
    # Cut after the conversion: how dark the darkest pixel is, is known of the whole alone.
    part = _cut(colour.to_eight_bits(image), wanted_box(image, needs))
    small = _shrink(part, needs)
    flat, transparent = colour.flatten(small, background)
    rgb = colour.to_srgb(flat, profile if isinstance(profile, bytes) else None)
    if turn in _TURNS:
        rgb = rgb.transpose(_TURNS[turn])
    return Still(_pad(rgb, needs.min_side, background), transparent)


def _cut(image: Image.Image, box: Box) -> Image.Image:
    return image if box == (0, 0, *image.size) else image.crop(box)


def _shrink(image: Image.Image, needs: PictureNeeds) -> Image.Image:
    size = fitting_size(*image.size, needs)
    if size == image.size:
        return image
    # Both filters average over every pixel they cover: no text hides from people in the original
    # and shows up in the small copy.
    if needs.keep_text_sharp:
        return image.resize(size, Image.Resampling.LANCZOS)
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _pad(image: Image.Image, min_side: int, background: tuple[int, int, int]) -> Image.Image:
    """Put slivers on a ground that vision models accept; never scale up."""
    least = max(min_side, math.ceil(max(image.size) / _MAX_RATIO))
    size = (max(image.width, least), max(image.height, least))
    if size == image.size:
        return image
    ground = Image.new("RGB", size, background)
    ground.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return ground
