"""The pictures people try first are painted as promised and can be read."""

import asyncio
import io
from typing import Any

import pytest
from PIL import Image, ImageStat

from bot.domain.picture import PictureNeeds
from bot.domain.task import Parameters, Question, TaskName
from bot.media.samples import Sample, meme, page, samples
from bot.vision.builtin import BuiltinEngine
from tests.media.conftest import Prepare

SCENE, PAGE, MEME = samples()


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.file_name)
def test_a_sample_is_a_picture_of_some_size_and_variety(sample: Sample, prepare: Prepare) -> None:
    assert len(sample.data) < 400_000
    assert sample.alt_text
    picture = prepare(sample.data)
    assert picture.notes == ()
    assert picture.facts.format == ("PNG" if sample.file_name.endswith(".png") else "JPEG")
    assert min(picture.facts.width, picture.facts.height) >= 800
    with Image.open(io.BytesIO(sample.data)) as image:
        assert min(ImageStat.Stat(image.convert("RGB")).stddev) > 20


def test_names_differ() -> None:
    assert len({sample.name for sample in samples()}) == 3
    assert len({sample.file_name for sample in samples()}) == 3


def test_the_same_pictures_are_painted_again() -> None:
    first = samples()
    samples.cache_clear()
    assert samples() == first


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (
            PAGE,
            [
                page.TITLE,
                page.SUBTITLE,
                page.FOOTER,
                *page.OPENING,
                *page.CLOSING,
                *(cell for row in page.TABLE for cell in row),
            ],
        ),
        (MEME, [meme.TOP, meme.BOTTOM]),
    ],
    ids=["page", "meme"],
)
def test_the_built_in_reader_reads_every_word(
    sample: Sample, words: list[str], prepare: Prepare
) -> None:
    pytest.importorskip("rapidocr")
    needs = PictureNeeds(max_pixels=3_000_000, max_side=3072, keep_text_sharp=True)
    picture = prepare(sample.data, **{name: getattr(needs, name) for name in needs.__slots__})

    async def read() -> str:
        async with BuiltinEngine() as engine:
            question = Question(TaskName.OCR, Parameters(), picture)
            events: list[Any] = [event async for event in engine.stream(question)]
            return str(events[-1].text)

    text = asyncio.run(read())
    missing = [line for line in words if "".join(line.split()) not in "".join(text.split())]
    assert missing == []
