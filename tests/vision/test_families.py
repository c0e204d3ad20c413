"""Pictures are asked for at the size the model can see, and no larger."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.picture import PictureNeeds
from bot.vision.families import (
    BY_ARCHITECTURE,
    BY_PROJECTOR,
    UNKNOWN,
    Sight,
    fitted,
    picture_tokens,
    sight_of,
)

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


@pytest.mark.parametrize(
    ("family", "projector", "size", "tokens"),
    [
        ("qwen3vl", "", (1024, 1024), 1024),
        ("qwen3vl", "", (64, 64), 1024),
        ("qwen3vl", "", (4096, 4096), 4096),
        ("qwen25vl", "", (1024, 1024), 37 * 37),
        ("qwen35", "", (1024, 1024), 1024),
        ("qwen35", "", (64, 64), 8),
        ("gemma3", "", (896, 896), 256),
        ("gemma4", "", (64, 64), 280),
        ("mistral3", "", (896, 896), 1024),
        ("glm-ocr", "", (280, 28), 10),
        ("llama", "mlp", (64, 64), 576),
        ("phi2", "", (756, 378), 729),
        ("qwen2", "resampler", (1344, 1344), 640),
        ("never_heard_of", "", (64, 64), 2880),
        ("never_heard_of", "", (1024, 1024), 37 * 37),
    ],
)
def test_a_picture_is_never_expected_too_cheap(
    family: str, projector: str, size: tuple[int, int], tokens: int
) -> None:
    """What llama.cpp makes of it is within the estimate; sums of whole tokens are close to it."""
    sight = sight_of(family, projector)
    estimate = picture_tokens(sight, *size)
    assert estimate > tokens
    if sight.pixels_per_token and sight != UNKNOWN:
        assert estimate <= tokens * 1.15 + 8


@given(st.sampled_from(SIGHTS), st.integers(1, 9000), st.integers(1, 9000))
def test_no_picture_costs_more_than_its_familys_most(sight: Sight, width: int, height: int) -> None:
    """Rounding up adds a row, a column and the breaks between rows at most."""
    estimate = picture_tokens(sight, width, height)
    assert estimate > 0
    if sight.pixels_per_token is None:
        assert estimate == sight.most_tokens + 2
    elif max(width, height) < 10 * min(width, height):
        assert estimate <= sight.most_tokens * 1.2


@given(st.sampled_from(SIGHTS), st.integers(32, 4000), st.integers(32, 4000))
@example(sight_of("qwen3vl"), 96, 96)
@example(sight_of("qwen3vl"), 1600, 100)
def test_a_larger_picture_is_not_cheaper(sight: Sight, width: int, height: int) -> None:
    """Of one shape, and a token wide at least: thinner ones are taken to be that wide."""
    larger = picture_tokens(sight, 2 * width, 2 * height)
    assert larger >= picture_tokens(sight, width, height)
