"""What each family of vision models can see of a picture.

The figures follow llama.cpp's ``tools/mtmd`` (how each projector resizes and cuts a picture into
tokens) and Ollama's ``llm/llama_server.go`` (which flags it passes). More pixels than these cost
time and tokens and show the model nothing more.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.picture import PictureNeeds


@dataclass(frozen=True, slots=True)
class Sight:
    """The limits of one family; ``None`` leaves a limit to the task.

    ``pixels_per_token`` is set where the cost of a picture grows with its area, between
    ``least_tokens`` and ``most_tokens``; elsewhere every picture is taken to cost ``most_tokens``.
    """

    max_pixels: int | None = None
    max_side: int | None = None
    max_frames: int | None = None
    pixels_per_token: int | None = None
    least_tokens: int = 8
    most_tokens: int = 4096


UNKNOWN = Sight(pixels_per_token=28 * 28, least_tokens=2880)
"""Sees everything and spends like the dearest: Qwen's for its area, LLaVA's five tiles at least."""
_QWEN2 = Sight(max_pixels=4096 * 28 * 28, pixels_per_token=28 * 28, least_tokens=1024)
_QWEN3 = Sight(max_pixels=4096 * 32 * 32, pixels_per_token=32 * 32, least_tokens=1024)
_QWEN35 = replace(_QWEN3, least_tokens=8)
_GLM = replace(_QWEN2, least_tokens=8)
_GEMMA3 = Sight(max_side=896, most_tokens=256)
_GEMMA4 = Sight(max_pixels=280 * 48 * 48, most_tokens=280)
_PIXTRAL = Sight(max_pixels=1024 * 28 * 28, pixels_per_token=28 * 28, most_tokens=1024)

BY_ARCHITECTURE: Mapping[str, Sight] = {
    "qwen2vl": _QWEN2,
    "qwen25vl": _QWEN2,
    "qwen3vl": _QWEN3,
    "qwen3vlmoe": _QWEN3,
    "qwen35": _QWEN35,
    "qwen35moe": _QWEN35,
    "gemma3": _GEMMA3,
    "gemma4": _GEMMA4,
    "mistral3": _PIXTRAL,
    "glmocr": _GLM,
    "deepseekocr": Sight(max_pixels=9 * 640 * 640, most_tokens=1300),
    "llama4": Sight(max_pixels=16 * 336 * 336, most_tokens=2560),
    # One token, as its pictures are looked at from the side; up to 0.24 only.
    "mllama": Sight(max_pixels=4 * 560 * 560, max_frames=1, most_tokens=1),
    # Moondream: four pictures of 729 tokens would fill its 2,048.
    "phi2": Sight(max_side=756, max_frames=2, most_tokens=729),
}
"""Keyed by ``general.architecture``, without hyphens and underscores."""

BY_PROJECTOR: Mapping[str, Sight] = {
    "mlp": Sight(max_side=672, most_tokens=729),
    "mlp_grid": Sight(max_pixels=672 * 1344, max_side=2016, most_tokens=2928),
    "ldp": Sight(max_side=672, most_tokens=144),
    "ldpv2": Sight(max_side=672, most_tokens=144),
    "resampler": Sight(max_pixels=9 * 448 * 448, most_tokens=700),
    "pixtral": _PIXTRAL,
    "lfm2": Sight(max_pixels=2_000_000, most_tokens=2816),
    "gemma3": _GEMMA3,
    "gemma4v": _GEMMA4,
    "glm4v": _GLM,
    "qwen2.5vl_merger": _QWEN2,
    "qwen2vl_merger": _QWEN2,
    "qwen3vl_merger": _QWEN3,
}
"""Keyed by ``clip.projector_type``, for text models with a projector file of their own."""

WITHOUT_PICTURE_MARKS = frozenset({"mlp", "mlp_grid", "ldp", "ldpv2"})
"""Projectors that put nothing before and after a picture.

Two neighbouring pictures run together there, and llama.cpp's prefix cache then loses one of them
("Chunk not found"). Text between the pictures prevents it.
"""


_MARKS = 2


def sight_of(family: str, projector: str = "") -> Sight:
    """Look up a model by its architecture, else by its projector; unknown ones have no limits."""
    plain = family.lower().replace("-", "").replace("_", "")
    return BY_ARCHITECTURE.get(plain) or BY_PROJECTOR.get(projector, UNKNOWN)


def fitted(needs: PictureNeeds, sight: Sight, num_ctx: int) -> PictureNeeds:
    """Bound what a task would like by what the model sees; a picture takes half the context."""
    pixels = [needs.max_pixels]
    if sight.max_pixels:
        pixels.append(sight.max_pixels)
    if sight.pixels_per_token:
        pixels.append(num_ctx // 2 * sight.pixels_per_token)
    return replace(
        needs,
        max_pixels=min(pixels),
        max_side=min(needs.max_side, sight.max_side or needs.max_side),
        max_frames=min(needs.max_frames, sight.max_frames or needs.max_frames),
    )


def picture_tokens(sight: Sight, width: int, height: int) -> int:
    """Estimate what one still costs, rather too much than too little.

    A still is scaled to whole tokens, rounded up here on both sides; a break for every row and a
    mark before and after it come on top.
    """
    if sight.pixels_per_token is None:
        return sight.most_tokens + _MARKS
    side = math.sqrt(sight.pixels_per_token)
    columns, rows = max(1.0, width / side), max(1.0, height / side)
    area = columns * rows
    wanted = min(max(area, sight.least_tokens), sight.most_tokens)
    scale = math.sqrt(wanted / area)
    columns, rows = _whole(columns * scale), _whole(rows * scale)
    return columns * rows + rows + _MARKS


def _whole(tokens: float) -> int:
    """Round up, except for what only floating point put above a whole number."""
    return math.ceil(tokens - 1e-9)
