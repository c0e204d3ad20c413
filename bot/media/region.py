"""Which pixels a part of a picture is, however the picture lies in its file. Runs in the worker."""

from bot.domain.picture import Region

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are the first ones outside."""

_AXES_SWAPPED = frozenset({5, 6, 7, 8})
_MIRRORED_ACROSS = frozenset({2, 3, 7, 8})
_MIRRORED_DOWN = frozenset({3, 4, 6, 7})
"""EXIF orientations (CIPA DC-008) by what leads from the upright picture back to the stored one."""


def stored_box(region: Region, width: int, height: int, orientation: int = 1) -> Box:
    """Return the pixels of ``region`` in a picture stored as ``width`` x ``height``.

    The region is one of the upright picture; ``orientation`` (EXIF, 1 to 8) says how the stored one
    is turned into that. What lies outside is left out, and a pixel is always left.
    """
    left, top, right, bottom = region.left, region.top, region.right, region.bottom
    if orientation in _AXES_SWAPPED:
        left, top, right, bottom = top, left, bottom, right
    if orientation in _MIRRORED_ACROSS:
        left, right = 1 - right, 1 - left
    if orientation in _MIRRORED_DOWN:
        top, bottom = 1 - bottom, 1 - top
    first_column, last_column = _span(left, right, width)
    first_row, last_row = _span(top, bottom, height)
    return first_column, first_row, last_column, last_row


def _span(begin: float, end: float, pixels: int) -> tuple[int, int]:
    first = min(round(_within(begin) * pixels), pixels - 1)
    return first, max(first + 1, round(_within(end) * pixels))


def _within(part: float) -> float:
    return min(1.0, max(0.0, part))
