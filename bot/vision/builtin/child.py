"""The worker process: encoded frames in, findings out.

Everything heavy (RapidOCR, onnxruntime, OpenCV, zxing-cpp) is imported here and in the modules
that say so, never in the bot's own process. The head of a job names the frames' sizes, the layout,
the language the text is believed to be in, whether to measure, and for how many seconds to read;
or, with ``find``, that only the place of the first frame's text is wanted.
"""

import difflib
import functools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import cv2
import numpy as np

from bot.domain.answer import Table
from bot.domain.task import Layout
from bot.vision.builtin import measure
from bot.vision.builtin.findings import Findings
from bot.vision.builtin.lines import Line
from bot.vision.builtin.page import Page, PageReader
from bot.vision.builtin.reader import Reader
from bot.vision.builtin.recognise import Corners, Pixels, Recogniser
from bot.vision.builtin.rules import grids
from bot.vision.builtin.scripts import judge, verdict_of
from bot.vision.builtin.tables import Grid
from bot.vision.builtin.whereabouts import doubtful, text_region
from bot.vision.builtin.write import written

_SAME_TEXT = 0.85
"""Lines of two frames that agree this much (0..1) are the same text."""


def warm() -> None:
    """Load the models, before the first job."""
    _reader()


@functools.cache
def _pages() -> PageReader:
    return PageReader(Recogniser())


@functools.cache
def _reader() -> Reader:
    return Reader(_pages())


def handle(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Read one picture; ``{"undecodable": true}`` when OpenCV cannot decode a frame."""
    began = time.monotonic()
    frames = list(_decoded(head["frame_sizes"], body))
    if any(frame is None for frame in frames):
        return {"undecodable": True}, ()
    pixels = [frame for frame in frames if frame is not None]
    if head.get("find"):
        return {"region": _found(_middle(pixels[0], head["own_sizes"][0]))}, ()
    deadline = began + float(head["seconds"])
    findings = _read(pixels, Layout(head["layout"]), head["text_language"], deadline)
    if head["measure"]:
        own = [_middle(*pair) for pair in zip(pixels, head["own_sizes"], strict=True)]
        findings = replace(findings, codes=measure.codes(pixels), measures=measure.measure(own))
    return findings.to_head(), ()


def _decoded(sizes: Sequence[int], body: bytes) -> Iterator[Pixels | None]:
    begin = 0
    for size in sizes:
        data = np.frombuffer(body, dtype=np.uint8, count=size, offset=begin)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
        yield None if pixels is None else np.asarray(pixels, dtype=np.uint8)
        begin += size


def _middle(frame: Pixels, size: Sequence[int]) -> Pixels:
    """Cut the picture itself out of the ground that it was put on."""
    height, width = frame.shape[:2]
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    return frame[top : top + size[1], left : left + size[0]]


def _found(pixels: Pixels) -> dict[str, float] | None:
    """Return the part of a picture that holds its text."""
    height, width = pixels.shape[:2]
    boxes = []
    for corners in _pages().find(pixels):
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        box = (float(left), float(top), float(right), float(bottom))
        if not doubtful(box, width, height) or _is_text(pixels, corners):
            boxes.append(box)
    region = text_region(boxes, width, height)
    return None if region is None else asdict(region)


def _is_text(pixels: Pixels, corners: Corners) -> bool:
    height, width = pixels.shape[:2]
    verdict = judge([_pages().best(pixels, corners)], width, height)
    # One character alone is what round things are taken for: an 8, an O, a colon.
    return any(line.readable and len(line.glyphs) > 1 for line in verdict.lines)


def _read(frames: Sequence[Pixels], wanted: Layout, locale: str, deadline: float) -> Findings:
    """Read every frame and write each text once."""
    reader = _reader()
    texts: list[str] = []
    tables: list[Table] = []
    seen: list[Line] = []
    script, cut = "", False
    for frame in frames:
        page, verdict = reader.read(frame, locale, deadline)
        new = [line for line in verdict.lines if not _among(line, seen)]
        seen += new
        script, cut = script or verdict.script, cut or not page.complete
        text, found = written(new, wanted, _grids(page, new, wanted))
        texts.append(text)
        tables += found
    whole = verdict_of(seen, script)
    return Findings(
        text="" if whole.unreadable else "\n\n".join(filter(None, texts)),
        words="\n".join([*filter(None, texts), *(line.text for line in seen)]),
        tables=() if whole.unreadable else tuple(tables),
        unreadable=whole.unreadable,
        incomplete=whole.worth_a_note,
        script=script,
        cut=cut,
    )


def _grids(page: Page, lines: Sequence[Line], wanted: Layout) -> list[Grid]:
    if wanted is Layout.PLAIN or not lines:
        return []
    return grids(page.pixels, statistics.median(line.size for line in lines))


def _among(line: Line, seen: Sequence[Line]) -> bool:
    return any(
        difflib.SequenceMatcher(None, line.text, other.text).ratio() >= _SAME_TEXT for other in seen
    )
