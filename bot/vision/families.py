"""What each family of vision models can see of a picture.

The figures follow llama.cpp's ``tools/mtmd`` (how each projector resizes and cuts a picture into
tokens) and Ollama's ``llm/llama_server.go`` (which flags it passes). More pixels than these cost
time and tokens and show the model nothing more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.picture import PictureNeeds


@dataclass(frozen=True, slots=True)
class Sight:
    """The limits of one family; ``None`` leaves a limit to the task.

    ``pixels_per_token`` is set where the cost of a picture grows with its area.
    """

    max_pixels: int | None = None
    max_side: int | None = None
    max_frames: int | None = None
    pixels_per_token: int | None = None


UNKNOWN = Sight()
_QWEN2 = Sight(max_pixels=4096 * 28 * 28, pixels_per_token=28 * 28)
_QWEN3 = Sight(max_pixels=4096 * 32 * 32, pixels_per_token=32 * 32)
_PIXTRAL = Sight(max_pixels=1024 * 28 * 28, pixels_per_token=28 * 28)

BY_ARCHITECTURE: Mapping[str, Sight] = {
    "qwen2vl": _QWEN2,
    "qwen25vl": _QWEN2,
    "qwen3vl": _QWEN3,
    "qwen3vlmoe": _QWEN3,
    "qwen35": _QWEN3,
    "qwen35moe": _QWEN3,
    "gemma3": Sight(max_side=896),
    "gemma4": Sight(max_pixels=280 * 48 * 48),
    "mistral3": _PIXTRAL,
    "glmocr": _QWEN2,
    "deepseekocr": Sight(max_pixels=9 * 640 * 640),
    "llama4": Sight(max_pixels=16 * 336 * 336),
    "mllama": Sight(max_pixels=4 * 560 * 560, max_frames=1),
    # Moondream: four pictures of 729 tokens would fill its 2,048.
    "phi2": Sight(max_side=756, max_frames=2),
}
"""Keyed by ``general.architecture``, without hyphens and underscores."""

BY_PROJECTOR: Mapping[str, Sight] = {
    "mlp": Sight(max_side=672),
    "mlp_grid": Sight(max_pixels=672 * 1344, max_side=2016),
    "ldp": Sight(max_side=672),
    "ldpv2": Sight(max_side=672),
    "resampler": Sight(max_pixels=9 * 448 * 448),
    "pixtral": _PIXTRAL,
    "lfm2": Sight(max_pixels=2_000_000),
    "gemma3": Sight(max_side=896),
    "gemma4v": Sight(max_pixels=280 * 48 * 48),
    "glm4v": _QWEN2,
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
