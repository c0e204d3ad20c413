"""Pictures are asked for at the size the model can see, and no larger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.picture import PictureNeeds
from bot.vision.families import BY_ARCHITECTURE, BY_PROJECTOR, UNKNOWN, Sight, fitted, sight_of

SIGHTS = [*BY_ARCHITECTURE.values(), *BY_PROJECTOR.values(), UNKNOWN]


@given(
    sight=st.sampled_from(SIGHTS),
    needs=st.builds(
        PictureNeeds,
        max_pixels=st.integers(1024, 10_000_000),
        max_side=st.integers(32, 5000),
        max_frames=st.integers(1, 8),
        keep_text_sharp=st.booleans(),
    ),
    num_ctx=st.integers(2048, 262_144),
)
def test_limits_only_ever_shrink(sight: Sight, needs: PictureNeeds, num_ctx: int) -> None:
    """A family's limits never ask for more than the task, and touch nothing else."""
    result = fitted(needs, sight, num_ctx)
    assert 0 < result.max_pixels <= needs.max_pixels
    assert 0 < result.max_side <= needs.max_side
    assert 0 < result.max_frames <= needs.max_frames
    unchanged = ("min_side", "max_bytes", "keep_text_sharp")
    assert all(getattr(result, name) == getattr(needs, name) for name in unchanged)


@pytest.mark.parametrize(
    ("family", "projector", "max_pixels", "max_side"),
    [
        ("qwen25vl", "", 3_000_000, 3072),
        ("gemma4", "", 645_120, 3072),
        ("gemma3", "", 3_000_000, 896),
        ("mistral3", "", 802_816, 3072),
        ("llama", "mlp", 3_000_000, 672),
        ("llama", "mlp_grid", 903_168, 2016),
        ("qwen3", "resampler", 1_806_336, 3072),
        ("deepseek-ocr", "", 3_000_000, 3072),
        ("never_heard_of", "", 3_000_000, 3072),
    ],
)
def test_known_families(family: str, projector: str, max_pixels: int, max_side: int) -> None:
    """The architecture decides, else the projector; an unknown model gets what the task asks."""
    needs = PictureNeeds(max_pixels=3_000_000, max_side=3072)
    result = fitted(needs, sight_of(family, projector), 8192)
    assert (result.max_pixels, result.max_side) == (max_pixels, max_side)


def test_a_small_context_takes_a_small_picture() -> None:
    """One picture takes half the context at most, where its cost grows with its area."""
    needs = PictureNeeds(max_pixels=3_000_000)
    assert fitted(needs, sight_of("qwen3vl"), 2048).max_pixels == 1024 * 32 * 32
