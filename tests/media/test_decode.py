"""The handler itself, in this process: it answers every file and raises nothing."""

import dataclasses
import io
import json

import pytest
from PIL import Image

from bot.domain import errors
from bot.domain.picture import PictureNeeds
from bot.media.decode import handle, warm
from tests.media.crafting import animation, saved, scene
from tests.media.hostile import HostilePicture, hostile_pictures

HEAD = {
    "needs": dataclasses.asdict(PictureNeeds()),
    "limits": {
        "max_pixels_jpeg": 50_000_000,
        "max_pixels": 25_000_000,
        "max_canvas_walk_pixels": 100_000_000,
    },
    "background": [255, 255, 255],
}
ODD = [hostile for hostile in hostile_pictures() if "bomb" not in hostile.name]


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler sets Pillow's own limit, which is global."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    warm()


@pytest.mark.parametrize("hostile", ODD, ids=lambda hostile: hostile.name)
def test_every_odd_file_is_answered(hostile: HostilePicture) -> None:
    head, bodies = handle(HEAD, hostile.data)
    assert json.loads(json.dumps(head)) == head
    if hostile.expect == "refused":
        assert issubclass(getattr(errors, head["refused"]), errors.PictureError)
        assert bodies == ()
    else:
        assert len(head["frames"]) == len(bodies) > 0


def test_frames_are_described_in_the_order_of_their_bytes() -> None:
    head, bodies = handle(HEAD, animation("GIF", ["red", "green", "blue"]))
    assert [frame["at_seconds"] for frame in head["frames"]] == [0.0, 0.2, 0.4]
    for frame, body in zip(head["frames"], bodies, strict=True):
        with Image.open(io.BytesIO(body)) as image:
            assert image.size == (frame["width"], frame["height"])


def test_a_still_has_no_time() -> None:
    head, _ = handle(HEAD, saved(scene(), "PNG"))
    assert [frame["at_seconds"] for frame in head["frames"]] == [None]
    assert head["facts"]["duration_seconds"] is None
