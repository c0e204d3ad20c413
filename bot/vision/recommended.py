"""Vision models that are known to work, for the documentation and the command line."""

import enum
from dataclasses import dataclass

DEFAULT_MODEL = "qwen3-vl:8b"
"""Named wherever a replacement is asked for."""


class Use(enum.StrEnum):
    """What a model is recommended for."""

    GENERAL = "general"
    SMALL = "small"
    LARGE = "large"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One model: its name in Ollama's library, download size and what to know."""

    model: str
    use: Use
    gigabytes: float
    remark: str
    reads_only: bool = False
    """Whether it reads text and can do nothing else."""


RECOMMENDED = (
    Recommendation(
        DEFAULT_MODEL,
        Use.GENERAL,
        6.2,
        "The default. Sees and reads well; thinks before it answers, also when told not to, which "
        "makes the first word late.",
    ),
    Recommendation(
        "qwen3-vl:8b-instruct",
        Use.GENERAL,
        6.2,
        "The default's sibling that answers at once: the better choice where waiting matters.",
    ),
    Recommendation(
        "gemma4",
        Use.GENERAL,
        9.6,
        "Writes well in many languages; small print is lost, because it looks at 0.65 megapixels.",
    ),
    Recommendation(
        "minicpm-v4.5:8b", Use.GENERAL, 6.1, "Fast: few tokens for each picture, up to 1.8 MP."
    ),
    Recommendation(
        "qwen3-vl:4b-instruct", Use.SMALL, 3.3, "For 6 GB of video memory, or a patient processor."
    ),
    Recommendation(
        "qwen3-vl:2b-instruct", Use.SMALL, 1.9, "For 4 GB of video memory; describes briefly."
    ),
    Recommendation("ministral-3:3b", Use.SMALL, 3.0, "For 6 GB of video memory."),
    Recommendation("qwen3.6:27b", Use.LARGE, 17.0, "For 24 GB of video memory."),
    Recommendation("qwen3-vl:32b-instruct", Use.LARGE, 21.0, "For 24 GB of video memory."),
    Recommendation(
        "glm-ocr",
        Use.TEXT,
        2.2,
        "Reads text and nothing else: set it for the task ocr only.",
        reads_only=True,
    ),
    Recommendation(
        "deepseek-ocr:3b",
        Use.TEXT,
        6.7,
        "Reads dense pages; now and then it repeats itself.",
        reads_only=True,
    ),
    Recommendation("qwen2.5vl:7b", Use.TEXT, 6.0, "Reads tables well, and describes too."),
)
"""Sizes are downloads in gigabytes, as Ollama's library lists them; memory in use is larger."""
