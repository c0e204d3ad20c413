import io

import pytest
from PIL import Image

from bench.photos import SMALL, Camera, Kind, read_number

SNAPSHOT = Kind("snapshot", 960, 720)


@pytest.mark.parametrize("kind", [SMALL, SNAPSHOT], ids=lambda kind: kind.name)
def test_the_number_on_a_picture_can_be_read(kind: Kind) -> None:
    camera = Camera(kind)

    assert [read_number(camera.picture(number)) for number in (0, 1, 199, 40_000)] == [
        0,
        1,
        199,
        40_000,
    ]


def test_the_number_survives_being_made_small() -> None:
    with Image.open(io.BytesIO(Camera(SNAPSHOT).picture(12_345))) as picture:
        small = picture.resize((320, 240))
    sink = io.BytesIO()
    small.save(sink, "JPEG", quality=60)

    assert read_number(sink.getvalue()) == 12_345


def test_another_number_is_another_picture() -> None:
    camera = Camera(SMALL)

    assert camera.picture(7) == camera.picture(7)
    assert camera.picture(7) != camera.picture(8)
