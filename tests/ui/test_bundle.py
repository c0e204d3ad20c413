"""A conversation as one file, within the size that may be sent."""

import io
import json
import random
import zipfile

import pytest
from discord import ui

from bot.services.transcript import Export
from bot.ui.conversation.bundle import bundle, room_for_pictures
from bot.ui.conversation.exported import handed_over
from bot.ui.i18n import words


def exported(count: int, size_bytes: int, *, gone: int = 0) -> Export:
    """``count`` pictures whose bytes are there, and ``gone`` of which only the words are."""
    chance = random.Random(5)
    names = [f"picture-{number}.jpg" for number in range(1, count + 1)]
    described = [
        {"number": number, "files": [f"pictures/{name}"]}
        for number, name in enumerate(names, start=1)
    ]
    described += [{"number": count + number + 1, "files": []} for number in range(gone)]
    turns = [{"pictures": described}, {"pictures": described[:1]}, {"state": "forgotten"}]
    pictures = tuple((name, chance.randbytes(size_bytes)) for name in names)
    return Export("# Talk\n\n質問\n", json.dumps({"turns": turns}), pictures)


def test_everything_is_in_it_when_it_fits() -> None:
    whole = exported(3, 1000)
    packed = bundle(whole, 10_000_000)
    assert (packed.pictures, packed.missing) == (3, 0)
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        assert archive.testzip() is None
        assert archive.read("conversation.md").decode() == whole.markdown
        assert archive.read("conversation.json").decode() == whole.json
        for name, data in whole.pictures:
            assert archive.read(f"pictures/{name}") == data


@pytest.mark.parametrize("max_bytes", [100_000, 250_000, 999_999])
def test_it_is_never_larger_than_allowed_and_says_what_is_missing(max_bytes: int) -> None:
    packed = bundle(exported(100, 20_000, gone=2), max_bytes)
    assert 0.7 * max_bytes < len(packed.data) <= max_bytes
    assert packed.pictures + packed.missing == 102
    view = handed_over(packed, max_bytes, words("en-US"))
    text = next(item.content for item in view.children if isinstance(item, ui.TextDisplay))
    assert f"{packed.missing} pictures are not in it" in text
    assert f"With {packed.pictures} picture" in text


def test_what_is_asked_for_leaves_room_for_the_words() -> None:
    limit = 10 * 1024 * 1024
    size = room_for_pictures(limit) // 20
    assert bundle(exported(20, size), limit).missing == 0
