"""Measure pixels: colours by name, brightness, motion, codes. In the worker process only."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import zxingcpp

from bot.vision.builtin.findings import Code, Colour, Measures, Motion
from bot.vision.builtin.recognise import Pixels, pixels_of

_SAMPLE_SIDE = 128
_LEAST_SHARE = 0.02
_FLAT_RANGE = 3
"""Levels (of 255) that JPEG may add to one flat colour."""
_STILL, _LITTLE = 0.004, 0.06
_MOST_CODES = 10
_MOST_CODE_CHARACTERS = 500

_DARK, _PALE, _LIGHT = 40, 26, 225
"""Of 255: darker is black; less saturated than pale is grey, or white when that light."""
_DIM, _DIM_PALE = 90, 84
"""Darker than this, a hue must be this saturated to be seen."""
_PINK_SATURATION, _PINK_VALUE = 120, 180
_DULL_RED_SATURATION, _DULL_RED_VALUE = 190, 150
_BROWN_VALUES = {Colour.ORANGE: 170, Colour.YELLOW: 120}
_HUES = (
    (8, Colour.RED),
    (20, Colour.ORANGE),
    (34, Colour.YELLOW),
    (79, Colour.GREEN),
    (96, Colour.TURQUOISE),
    (128, Colour.BLUE),
    (152, Colour.PURPLE),
    (170, Colour.PINK),
    (180, Colour.RED),
)
"""Upper ends on OpenCV's circle of 180 half degrees."""


def measure(frames: Sequence[Pixels]) -> Measures:
    """Measure all frames of a picture together."""
    pixels = np.concatenate([_picked(frame) for frame in frames])[np.newaxis]
    hsv = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)[0]
    counts = Counter(_name(*pixel) for pixel in hsv.tolist())
    main = [(name, count / len(hsv)) for name, count in counts.most_common()]
    within = max(int(np.ptp(frame, axis=(0, 1)).max()) for frame in frames)
    between = int(np.ptp(pixels, axis=1).max())
    return Measures(
        colours=tuple((name, share) for name, share in main if share >= _LEAST_SHARE) or (main[0],),
        brightness=float(cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)[..., 0].mean()) / 255,
        flat=max(within, between) <= _FLAT_RANGE,
        motion=_motion(frames),
    )


def codes(frames: Sequence[Pixels]) -> tuple[Code, ...]:
    """Read QR codes and bar codes, each content once."""
    found: dict[str, Code] = {}
    for frame in frames:
        for code in zxingcpp.read_barcodes(frame):
            text = code.text[:_MOST_CODE_CHARACTERS]
            if text and len(found) < _MOST_CODES:
                found.setdefault(text, Code(str(code.format), text))
    return tuple(found.values())


def _picked(frame: Pixels) -> Pixels:
    """Return pixels from all over the frame as they are: averages would make new colours."""
    height, width = frame.shape[:2]
    down = np.linspace(0, height - 1, _SAMPLE_SIDE).astype(int)
    across = np.linspace(0, width - 1, _SAMPLE_SIDE).astype(int)
    return pixels_of(frame[np.ix_(down, across)].reshape(-1, 3))


def _motion(frames: Sequence[Pixels]) -> Motion:
    size = (_SAMPLE_SIDE, _SAMPLE_SIDE)
    small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
    changes = [float(cv2.absdiff(*pair).mean()) / 255 for pair in pairwise(small)]
    change = max(changes, default=0.0)
    if change < _STILL:
        return Motion.STILL
    return Motion.LITTLE if change < _LITTLE else Motion.MUCH


def _name(hue: int, saturation: int, value: int) -> Colour:
    if value < _DARK:
        return Colour.BLACK
    if saturation < (_DIM_PALE if value < _DIM else _PALE):
        return Colour.WHITE if value >= _LIGHT else Colour.GREY
    name = next(name for end, name in _HUES if hue < end)
    return _everyday(name, saturation, value)


def _everyday(name: Colour, saturation: int, value: int) -> Colour:
    """Say pink for pale red, brown for dull dark red and for dark orange or yellow."""
    if name is Colour.RED and saturation < _PINK_SATURATION and value > _PINK_VALUE:
        return Colour.PINK
    if name is Colour.RED and saturation < _DULL_RED_SATURATION and value < _DULL_RED_VALUE:
        return Colour.BROWN
    return Colour.BROWN if value < _BROWN_VALUES.get(name, 0) else name
