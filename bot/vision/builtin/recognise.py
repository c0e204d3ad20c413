"""RapidOCR, held to what reads well: find text, read one piece of it.

Imported in the worker process only. The models are files inside the wheel and are named here, so
nothing is ever looked up or fetched.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray

from bot.vision.builtin.lines import Gap, Glyph, Line, is_wide
from bot.vision.builtin.twins import told_apart

Pixels = NDArray[np.uint8]
"""Rows of blue, green, red: the order the models were trained on."""
Corners = NDArray[np.float32]
"""Four points, clockwise from the top left as the detector sees it."""

_FIND_SIDE_PIXELS = 960
"""Shrinking to this side finds lines best: larger ones fall apart into words, and cost more."""
_FIND_SCALE = 0.67
"""But never by more than this: text of 10 pixels must keep 6.5, below which it is not found."""
_INK_CONTRAST = 0.4
"""A column of pixels holds ink when it differs in itself by this part of the piece's contrast …"""
_LEAST_CONTRAST = 24
"""… which is taken to be at least this (of 255), so that noise is no ink."""
_EDGE_HEIGHTS = 0.12
"""Above and below a line its box has this margin, where neighbours may reach in."""
_REACH_WIDE, _REACH_NARROW = 0.55, 0.38
"""How far from its middle a character explains ink, in line heights."""


class Recogniser:
    """The models in memory, about 150 MB."""

    def __init__(self) -> None:
        models = Path(rapidocr.__file__).parent / "models"
        self._ocr = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.text_score": 0.0,  # scores are judged here, with coverage
                "Global.use_cls": False,  # it turns short upright lines upside down
                "Global.use_preprocess_img": False,  # it rounds small pieces to odd shapes
                "Det.limit_type": "max",
                "Det.limit_side_len": 4096,  # find() shrinks, with better filtering
                "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
                "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
                "Rec.rec_batch_num": 1,  # batches are padded to their widest: memory
            }
        )

    def find(self, page: Pixels) -> list[Corners]:
        """Return the corners of every piece of text, in no order."""
        height, width = page.shape[:2]
        scale = min(1.0, max(_FIND_SIDE_PIXELS / max(height, width), _FIND_SCALE))
        small = page
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            small = pixels_of(cv2.resize(page, size, interpolation=cv2.INTER_AREA))
        found: Any = self._ocr(small, use_det=True, use_rec=False, use_cls=False)
        if found.boxes is None:
            return []
        factors = np.array((width / small.shape[1], height / small.shape[0]), dtype=np.float32)
        return [np.asarray(box, dtype=np.float32) * factors for box in found.boxes]

    def read(self, page: Pixels, corners: Corners, *, turn: int = 0) -> Line:
        """Read one piece, turned by ``turn`` quarters against the clock first.

        The line lies where the piece lies; an odd ``turn`` makes a vertical line of it.
        """
        piece = straightened(page, corners)
        turned = np.ascontiguousarray(np.rot90(piece, turn))
        glyphs, spaces = self._characters(turned)
        coverage, gaps = _explained(turned, glyphs)
        across, down = corners[1] - corners[0], corners[3] - corners[0]
        height, width = piece.shape[:2]
        x, y = corners.mean(axis=0)
        left, top = float(x) - width / 2, float(y) - height / 2
        origin = top if turn % 2 else left
        slope = np.degrees(np.arctan2(across[1], across[0]))
        return Line(
            left=left,
            top=top,
            right=left + width,
            bottom=top + height,
            glyphs=told_apart(
                [Glyph(glyph.text, glyph.score, glyph.x + origin) for glyph in glyphs]
            ),
            spaces=spaces,
            gaps=tuple(Gap(gap.left + origin, gap.right + origin) for gap in gaps),
            coverage=coverage,
            angle=float(slope) if np.linalg.norm(across) > np.linalg.norm(down) else 0.0,
            vertical=bool(turn % 2),
        )

    def character(self, piece: Pixels) -> str:
        """Read a piece that holds a single character; empty when there is none."""
        glyphs, _ = self._characters(piece)
        return "".join(glyph.text for glyph in glyphs)

    def _characters(self, piece: Pixels) -> tuple[list[Glyph], frozenset[int]]:
        read: Any = self._ocr(
            piece, use_det=False, use_rec=True, use_cls=False, return_word_box=True
        )
        text, words = read.txts[0], read.word_results[0]
        if not text.strip():
            return [], frozenset()
        # One column per character that is not a space, one score per character.
        columns = iter([column for word in words.word_cols for column in word])
        column_pixels = piece.shape[1] / words.line_txt_len
        glyphs: list[Glyph] = []
        spaces: set[int] = set()
        for character, score in zip(text, words.confs, strict=True):
            if character.isspace():
                spaces.add(len(glyphs))
            else:
                middle = (next(columns) + 0.5) * column_pixels
                glyphs.append(Glyph(character, float(score), middle))
        return glyphs, frozenset(spaces - {0})


def pixels_of(array: NDArray[Any]) -> Pixels:
    """Narrow the type of what OpenCV returns."""
    return np.asarray(array, dtype=np.uint8)


def straightened(page: Pixels, corners: Corners) -> Pixels:
    """Cut a piece out so that its long sides lie level."""
    top, right, bottom, left = (
        float(np.linalg.norm(corners[begin] - corners[end]))
        for begin, end in ((0, 1), (1, 2), (2, 3), (3, 0))
    )
    width, height = max(1, int(max(top, bottom))), max(1, int(max(left, right)))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    piece = cv2.warpPerspective(
        page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return pixels_of(piece)


def _explained(piece: Pixels, glyphs: list[Glyph]) -> tuple[float, list[Gap]]:
    """Return how much of the ink (0..1) lies near a character, and where the rest is.

    Faced with a script it was not trained on, the model leaves the place empty and is content with
    the full stop at the end: its scores alone say nothing.
    """
    grey = cv2.cvtColor(piece, cv2.COLOR_BGR2GRAY).astype(np.int16)
    height, width = grey.shape
    edge = int(height * _EDGE_HEIGHTS)
    inner = grey[edge : height - edge] if height > 2 * edge else grey
    dark, light = np.percentile(grey, (2, 98))
    threshold = _INK_CONTRAST * max(float(light - dark), _LEAST_CONTRAST)
    ink = inner.max(axis=0) - inner.min(axis=0) > threshold
    if not ink.any():
        return float(bool(glyphs)), []
    columns = np.arange(width) + 0.5
    explained = np.zeros(width, dtype=bool)
    for glyph in glyphs:
        reach = height * (_REACH_WIDE if is_wide(glyph.text) else _REACH_NARROW)
        explained |= np.abs(columns - glyph.x) <= reach
    return float((ink & explained).sum() / ink.sum()), _gaps(ink & ~explained, height)


def _gaps(unexplained: NDArray[np.bool_], height: int) -> list[Gap]:
    """Join unexplained columns that are less than half a line height apart."""
    gaps: list[Gap] = []
    for column in np.flatnonzero(unexplained).tolist():
        if gaps and column - gaps[-1].right <= height / 2:
            gaps[-1] = Gap(gaps[-1].left, column + 1)
        else:
            gaps.append(Gap(column, column + 1))
    return gaps
