"""Which part of a picture a closer look takes."""

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.conversation import Place
from bot.domain.picture import Region
from bot.services.closer import WHOLE, ninth, region_in_original, within
from tests.services.test_context import kept

NINTHS = [place for place in Place if place is not Place.TEXT]


def test_nine_parts_cover_the_picture_and_reach_into_each_other() -> None:
    regions = [ninth(place) for place in NINTHS]
    assert ninth(Place.TOP_LEFT).right - ninth(Place.TOP).left == pytest.approx(0.08)
    assert ninth(Place.LEFT).bottom - ninth(Place.BOTTOM_LEFT).top == pytest.approx(0.08)
    for x in range(101):
        for y in range(101):
            across, down = x / 100, y / 100
            assert any(r.left <= across <= r.right and r.top <= down <= r.bottom for r in regions)


@given(st.lists(st.sampled_from(NINTHS), min_size=1, max_size=5))
def test_a_part_of_a_part_lies_within_it(places: list[Place]) -> None:
    region = WHOLE
    for place in places:
        inner = within(region, ninth(place))
        assert region.left <= inner.left < inner.right <= region.right + 1e-9
        assert region.top <= inner.top < inner.bottom <= region.bottom + 1e-9
        region = inner


def test_where_a_part_lies_in_its_original_is_known_through_all_its_wholes() -> None:
    whole = kept(1)
    part = replace(kept(2), part_of=1, place=Place.BOTTOM_RIGHT)
    deeper = replace(kept(3), part_of=2, place=Place.TOP_LEFT)
    found = region_in_original(deeper, {1: whole, 2: part, 3: deeper})
    assert found == within(ninth(Place.BOTTOM_RIGHT), ninth(Place.TOP_LEFT))
    assert region_in_original(whole, {1: whole}) == WHOLE


def test_where_found_text_was_is_not_known_later() -> None:
    whole, text = kept(1), replace(kept(2), part_of=1, place=Place.TEXT)
    assert region_in_original(text, {1: whole, 2: text}) is None
    assert region_in_original(replace(text, place=Place.TOP), {2: text}) is None


def test_a_part_of_the_whole_is_itself() -> None:
    region = Region(0.1, 0.2, 0.3, 0.4)
    assert astuple(within(WHOLE, region)) == pytest.approx(astuple(region))
