"""Copies of a picture are recognised, and nothing else is."""

from collections.abc import Sequence

import pytest
from PIL import Image, ImageDraw

from bot.domain.moderation.fingerprint import Hash64, copy_distance
from bot.media.fingerprint import bank_hashes, query_hashes
from tests.media.lookalikes import (
    CHANGES,
    bordered,
    photo,
    plain_pictures,
    recompressed,
    screenshot,
)

COUNT = 15
UNRELATED = 40
PHOTOS, SCREENSHOTS = "photos", "screenshots"
RECALL = {
    "recompressed": (100, 100),
    "half size": (100, 100),
    "twice the size": (100, 100),
    "grey": (100, 100),
    "blurred": (100, 100),
    "more contrast": (100, 100),
    "grainy": (95, 95),
    "captioned": (100, 60),
    "cropped by 2 %": (97, 97),
    "cropped by 5 %": (97, 97),
    "cropped by 10 %": (97, 90),
    "black border of 5 %": (97, 65),
    "white border of 5 %": (97, 65),
    "mirrored": (100, 100),
}
"""At least so many of a hundred changed copies are recognised: photos, screenshots of chats.

On screens a caption touches much of what there is to see, and a border in the screen's own shade
cannot be told from it.
"""


def is_copy(query: Sequence[Hash64], banked: Sequence[Hash64]) -> bool:
    return copy_distance(query, banked) is not None


@pytest.fixture(scope="module")
def originals() -> dict[str, list[Image.Image]]:
    numbers = range(COUNT)
    return {PHOTOS: [*map(photo, numbers)], SCREENSHOTS: [*map(screenshot, numbers)]}


@pytest.fixture(scope="module")
def banked(originals: dict[str, list[Image.Image]]) -> dict[str, list[tuple[Hash64, ...]]]:
    return {
        name: [bank_hashes([image])[1] for image in images] for name, images in originals.items()
    }


@pytest.mark.parametrize("name", list(RECALL))
def test_changed_copies_are_recognised(
    name: str,
    originals: dict[str, list[Image.Image]],
    banked: dict[str, list[tuple[Hash64, ...]]],
) -> None:
    for sort, least in zip((PHOTOS, SCREENSHOTS), RECALL[name], strict=True):
        found = [
            is_copy(query_hashes([CHANGES[name](image)]), hashes)
            for image, hashes in zip(originals[sort], banked[sort], strict=True)
        ]
        assert 100 * sum(found) >= least * COUNT, sort


def test_every_change_has_its_bar() -> None:
    assert set(RECALL) == set(CHANGES)


def test_unrelated_pictures_are_no_copies() -> None:
    images = [make(number) for make in (photo, screenshot) for number in range(UNRELATED)]
    queries = [query_hashes([image]) for image in images]
    banked = [bank_hashes([image])[1] for image in images]
    assert all(queries)
    false = [
        (one, other)
        for one, query in enumerate(queries)
        for other, hashes in enumerate(banked)
        if one != other and is_copy(query, hashes)
    ]
    assert false == []


def test_what_shows_nothing_has_no_hash() -> None:
    for number, image in enumerate(plain_pictures()):
        assert query_hashes([image]) == (), number
        assert bank_hashes([image]) == ((), ()), number


def test_one_line_of_text_is_too_little_to_be_recognised_by() -> None:
    image = Image.new("RGB", (600, 400), "white")
    ImageDraw.Draw(image).text((50, 200), "hello everybody out there", fill="black")
    assert query_hashes([image]) == ()


def test_a_border_around_a_border_is_no_part_of_the_picture() -> None:
    framed = bordered(0.04, "white")(bordered(0.03, "black")(photo(3)))
    assert is_copy(query_hashes([framed]), bank_hashes([photo(3)])[0])
    assert is_copy(query_hashes([photo(3)]), bank_hashes([framed])[0])


def test_an_animation_has_a_hash_for_each_frame_that_shows_something() -> None:
    frames = [photo(1), Image.new("RGB", (300, 200), "black"), photo(2), photo(1)]
    assert query_hashes(frames) == query_hashes([photo(1)]) + query_hashes([photo(2)])


def test_a_frame_with_one_line_of_text_makes_an_animation_another_one() -> None:
    line = Image.new("RGB", (600, 400), "white")
    ImageDraw.Draw(line).text((50, 200), "hello everybody out there", fill="black")
    hashes = query_hashes([photo(1), line])
    assert hashes[:2] == query_hashes([photo(1)])
    assert len(hashes) == 4
    banked = bank_hashes([photo(1), line])[1]
    assert not is_copy(hashes[2:], banked)
    assert query_hashes([line, photo(1)]) == hashes


def test_views_begin_with_the_wholes_and_never_repeat_half_of_one() -> None:
    frames = [photo(1), recompressed(40)(photo(1)), photo(2), screenshot(4)]
    whole, hashes = bank_hashes(frames)
    assert whole == query_hashes(frames)
    assert hashes[: len(whole)] == whole
    assert len(hashes) % 2 == 0
    assert not {*whole} & {*hashes[len(whole) :]}
    assert len(bank_hashes([photo(1)])[1]) == 2 * 7
