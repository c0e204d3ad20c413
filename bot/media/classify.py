"""The worker's side of the small classifier: one score from 0 to 1 a picture.

The model is Yahoo's open_nsfw (BSD-2-Clause) in ONNX form; how a picture is put before it follows
``classify_nsfw.py`` of its repository, a detour through JPEG included, because it was trained so.
"""

import functools
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

_RESIZED_SIDE = 256
_SIDE = 224
_MEAN_BGR = (104.0, 117.0, 123.0)
_FORMATS = ("JPEG", "PNG")


def handle(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Return the ``scores`` of prepared frames (``sizes``) by the file ``model``."""
    session = _session(head["model"])
    scores: list[float] = []
    start = 0
    for size in head["sizes"]:
        pixels = _pixels(body[start : start + size])
        (output,) = session.run(None, {session.get_inputs()[0].name: pixels})
        scores.append(float(output[0][1]))
        start += size
    return {"scores": scores}, ()


@functools.cache
def _session(path: str) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the pool is the parallelism
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _pixels(data: bytes) -> Any:
    """Return the middle of a picture as (1, 224, 224, 3): blue, green, red, less their means."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        image = opened.convert("RGB")
    image = image.resize((_RESIZED_SIDE, _RESIZED_SIDE), Image.Resampling.BILINEAR)
    margin = (_RESIZED_SIDE - _SIDE) // 2
    middle = image.crop((margin, margin, margin + _SIDE, margin + _SIDE))
    sink = io.BytesIO()
    middle.save(sink, "JPEG")
    with Image.open(sink, formats=_FORMATS) as compressed:
        rgb = np.asarray(compressed, np.float32)
    return (rgb[:, :, ::-1] - np.array(_MEAN_BGR, np.float32))[np.newaxis]
