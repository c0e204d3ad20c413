"""Encoded bytes keep their promise of size, whatever the pixels."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.domain.errors import PictureTooLarge
from bot.media.encode import encode
from tests.media.crafting import noise


@settings(max_examples=60)
@given(
    width=st.integers(32, 400),
    height=st.integers(32, 400),
    max_bytes=st.integers(2_000, 100_000),
    sharp=st.booleans(),
    drawn=st.booleans(),
)
def test_the_result_fits_and_says_its_true_size(
    width: int, height: int, max_bytes: int, sharp: bool, drawn: bool
) -> None:
    image = noise(width, height)
    if drawn:
        image = image.quantize(8).convert("RGB")
    encoded = encode(image, max_bytes, sharp=sharp)
    assert len(encoded.data) <= max_bytes
    with Image.open(io.BytesIO(encoded.data)) as result:
        assert result.size == (encoded.width, encoded.height)
        assert result.get_format_mimetype() == encoded.media_type
    assert encoded.width <= width
    assert encoded.height <= height


def test_a_promise_nobody_could_keep_is_refused() -> None:
    with pytest.raises(PictureTooLarge) as caught:
        encode(noise(64, 64), 100, sharp=False)
    assert caught.value.max_bytes == 100


def test_quality_goes_before_size() -> None:
    image = noise(300, 300)
    roomy = encode(image, 10**6, sharp=False)
    tight = encode(image, len(roomy.data) * 2 // 3, sharp=False)
    assert (tight.width, tight.height) == (300, 300)
    assert len(tight.data) < len(roomy.data)
