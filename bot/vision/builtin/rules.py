"""Find the ruled lines of tables in pixels. Imported in the worker process only."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.vision.builtin.recognise import Pixels
from bot.vision.builtin.tables import Grid

_NEIGHBOURHOOD_PIXELS = 15
_CONTRAST = 18
_LEAST_RULE_PIXELS = 40
_RULE_TEXT_HEIGHTS = 2.5
"""Strokes of letters are shorter than this."""
_JOIN_PIXELS = 8
_SPAN = 0.5
"""A rule of a table runs through at least this part of it."""
_FEWEST_EDGES = 3


def grids(page: Pixels, text_height: float) -> list[Grid]:
    """Return the ruled tables with at least two rows and two columns, from the top."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    # Rules are thin, so they differ from the median around them, on any background.
    around = cv2.medianBlur(grey, _NEIGHBOURHOOD_PIXELS)
    thin = cv2.threshold(cv2.absdiff(grey, around), _CONTRAST, 255, cv2.THRESH_BINARY)[1]
    least = max(_LEAST_RULE_PIXELS, int(_RULE_TEXT_HEIGHTS * text_height))
    level = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    upright = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((least, 1), np.uint8))
    joined = cv2.dilate(cv2.bitwise_or(level, upright), np.ones((3, 3), np.uint8))
    count, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    found = []
    for x, y, width, height, _ in boxes[1:count].tolist():
        inside = (slice(y, y + height), slice(x, x + width))
        xs = _edges(upright[inside].sum(axis=0) / 255, height * _SPAN, x)
        ys = _edges(level[inside].sum(axis=1) / 255, width * _SPAN, y)
        if min(len(xs), len(ys)) >= _FEWEST_EDGES:
            found.append(Grid(tuple(xs), tuple(ys)))
    return sorted(found, key=lambda grid: grid.ys[0])


def _edges(filled: NDArray[np.float64], least: float, origin: int) -> Sequence[float]:
    """Return the middles of the runs in which at least ``least`` pixels are part of a rule."""
    edges: list[list[int]] = []
    for place in np.flatnonzero(filled >= least).tolist():
        if edges and place - edges[-1][-1] <= _JOIN_PIXELS:
            edges[-1].append(place)
        else:
            edges.append([place])
    return [origin + (edge[0] + edge[-1]) / 2 for edge in edges]
