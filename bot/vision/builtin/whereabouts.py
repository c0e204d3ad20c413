"""Where on a page its text is, from the boxes it was found in.

Nothing here needs the libraries of the extra ``builtin``.
"""

import statistics
from collections.abc import Sequence

from bot.domain.picture import Region

Box = tuple[float, float, float, float]
"""Left, top, right, bottom of one piece of text, in pixels."""

_MARGIN_LINES = 0.5
"""Around the text as a whole this much of a line is left, so that no letter is cut."""
_LARGE = 0.04
"""A box over more than this part of a picture …"""
_LINE_SHAPE = 3.0
"""… that is not this much longer than wide may be a hill or the grain of a whole photo."""


def text_region(boxes: Sequence[Box], width: float, height: float) -> Region | None:
    """Return the part of a picture of ``width`` x ``height`` pixels that holds all of ``boxes``."""
    if not boxes:
        return None
    margin = _MARGIN_LINES * statistics.median(min(_sides(box)) for box in boxes)
    return Region(
        left=_part(min(box[0] for box in boxes) - margin, width),
        top=_part(min(box[1] for box in boxes) - margin, height),
        right=_part(max(box[2] for box in boxes) + margin, width),
        bottom=_part(max(box[3] for box in boxes) + margin, height),
    )


def doubtful(box: Box, width: float, height: float) -> bool:
    """Say whether a box is as likely to hold something else: then only reading it can tell."""
    across, down = _sides(box)
    large = across * down > _LARGE * width * height
    return large and max(across, down) < _LINE_SHAPE * min(across, down)


def _sides(box: Box) -> tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


def _part(pixels: float, whole: float) -> float:
    return min(1.0, max(0.0, pixels / whole))
