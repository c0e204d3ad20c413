"""PDQ is computed where its library is installed, in the form others exchange."""

import sys

import pytest

from bot.domain.picture import Frame
from bot.media.pdq import pdq_hash
from tests.media.conftest import Eyes
from tests.media.crafting import saved
from tests.media.lookalikes import photo, recompressed


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pdqhash", None)
    assert pdq_hash(photo(1)) is None


def test_copies_are_within_its_authors_distance() -> None:
    pytest.importorskip("pdqhash")
    one, copy, other = (
        int(str(pdq_hash(image)), 16) for image in (photo(1), recompressed(30)(photo(1)), photo(2))
    )
    assert len(str(pdq_hash(photo(1)))) == 64
    assert (one ^ copy).bit_count() <= 31
    assert (one ^ other).bit_count() > 80


def test_views_carry_it_where_it_can_be_had(eyes: Eyes) -> None:
    frame = Frame(saved(photo(1), "PNG"), "image/png", *photo(1).size)
    assert eyes.views(frame).pdq == pdq_hash(photo(1))
