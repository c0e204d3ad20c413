"""Find the ruled lines of tables in pixels. Imported in the worker process only."""

import functools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.vision.builtin.recognise import Pixels, pixels_of
from bot.vision.builtin.tables import Grid

_NEIGHBOURHOOD_PIXELS = 15
_CONTRAST = 18
_LEAST_RULE_PIXELS = 40
_RULE_TEXT_HEIGHTS = 2.5
"""Strokes of letters are shorter than this."""
_STEP_PIXELS = 3
"""How far from an edge of colour both colours are plain: rules on it are up to twice as thick."""
_JOIN_PIXELS = 8
_SPAN = 0.5
"""A rule of a table runs through at least this part of it."""
_FEWEST_EDGES = 3


def grids(page: Pixels, text_height: float) -> list[Grid]:
    """Return the ruled tables with at least two rows and two columns, from the top."""
    # Rules are thin, so they differ from the median around them, on any background.
    around = pixels_of(cv2.medianBlur(page, _NEIGHBOURHOOD_PIXELS))
    thin = _contrasts(page, around)
    length = max(_LEAST_RULE_PIXELS, int(_RULE_TEXT_HEIGHTS * text_height))
    level, upright = np.ones((1, length), np.uint8), np.ones((length, 1), np.uint8)
    # Beside a coloured row a rule may be of a shade between the two: then it is only their edge.
    below, beside = _steps(around), pixels_of(_steps(pixels_of(around.swapaxes(0, 1))).T)
    # Where rules cross, both may be lost for a few pixels: each is followed through the other.
    level_lines = _runs((thin, below), level)
    upright_lines = _runs((thin, beside, level_lines), upright)
    level_lines = _runs((thin, below, upright_lines), level)
    rules = _runs((thin, upright_lines), level) | _runs((thin, level_lines), upright)
    joined = cv2.dilate(level_lines | upright_lines, np.ones((3, 3), np.uint8))
    count, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    found = []
    for x, y, width, height, _ in boxes[1:count].tolist():
        inside = (slice(y, y + height), slice(x, x + width))
        # Edges of colour alone are a picture of something else: boxes, windows.
        if not rules[inside].any():
            continue
        xs = _edges(upright_lines[inside].sum(axis=0) / 255, height * _SPAN, x)
        ys = _edges(level_lines[inside].sum(axis=1) / 255, width * _SPAN, y)
        if min(len(xs), len(ys)) >= _FEWEST_EDGES:
            found.append(Grid(tuple(xs), tuple(ys)))
    return sorted(found, key=lambda grid: grid.ys[0])


def _contrasts(one: Pixels, other: Pixels) -> Pixels:
    """Mark where colours differ: in grey, a rule may be as light as what is around it."""
    differences = pixels_of(cv2.absdiff(one, other)).max(axis=-1)
    return pixels_of(cv2.threshold(differences, _CONTRAST, 255, cv2.THRESH_BINARY)[1])


def _steps(around: Pixels) -> Pixels:
    """Mark where the colour above differs from that below."""
    marked = np.zeros(around.shape[:2], np.uint8)
    apart = 2 * _STEP_PIXELS
    if len(around) > apart:
        marked[_STEP_PIXELS:-_STEP_PIXELS] = _contrasts(around[:-apart], around[apart:])
    return marked


def _runs(marks: Sequence[Pixels], run: Pixels) -> Pixels:
    """Keep what is marked as long as ``run`` in its direction."""
    return pixels_of(cv2.morphologyEx(functools.reduce(np.bitwise_or, marks), cv2.MORPH_OPEN, run))


def _edges(filled: NDArray[np.float64], least: float, origin: int) -> Sequence[float]:
    """Return the middles of the runs in which at least ``least`` pixels are part of a rule."""
    edges: list[list[int]] = []
    for place in np.flatnonzero(filled >= least).tolist():
        if edges and place - edges[-1][-1] <= _JOIN_PIXELS:
            edges[-1].append(place)
        else:
            edges.append([place])
    return [origin + (edge[0] + edge[-1]) / 2 for edge in edges]
