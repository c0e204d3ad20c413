"""The pictures people try first are painted as promised and can be read."""

import asyncio
import io
from typing import Any

import pytest
from PIL import Image, ImageStat

from bot.domain.task import Parameters, Question, TaskName
from bot.media.samples import meme, page, samples
from bot.tasks.ocr import OcrTask
from bot.vision.builtin import BuiltinEngine
from tests.media.conftest import Prepare


@pytest.mark.parametrize("number", range(3))
def test_a_sample_is_a_picture_of_some_size_and_variety(number: int, prepare: Prepare) -> None:
    sample = samples()[number]
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


def test_the_same_picture_is_painted_again() -> None:
    assert meme.paint_meme().tobytes() == meme.paint_meme().tobytes()


def test_the_built_in_reader_reads_every_word(prepare: Prepare) -> None:
    pytest.importorskip("rapidocr")
    needs = OcrTask().needs(Parameters())
    wanted = {name: getattr(needs, name) for name in needs.__slots__}
    pictures = [prepare(sample.data, **wanted) for sample in samples()[1:]]

    async def read() -> list[str]:
        texts: list[str] = []
        async with BuiltinEngine() as engine:
            for picture in pictures:
                question = Question(TaskName.OCR, Parameters(), picture)
                events: list[Any] = [event async for event in engine.stream(question)]
                texts.append("".join(str(events[-1].text).split()))
        return texts

    texts = asyncio.run(read())
    words = (
        [
            page.TITLE,
            page.SUBTITLE,
            *page.OPENING,
            *page.CLOSING,
            page.FOOTER,
            *sum(page.TABLE, ()),
        ],
        [meme.TOP, meme.BOTTOM],
    )
    for text, lines in zip(texts, words, strict=True):
        assert [line for line in lines if "".join(line.split()) not in text] == []
