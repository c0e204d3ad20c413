"""The engine as services see it: measured answers, translated failures, no heavy imports."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image, ImageDraw

from bot.domain.answer import Answer
from bot.domain.errors import (
    CannotAnswer,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    Interrupted,
    PictureRejected,
)
from bot.domain.picture import Frame, Picture, PictureFacts
from bot.domain.ports import Engine
from bot.domain.task import Layout, Parameters, Question, TaskName
from bot.vision.builtin import BuiltinEngine
from tests.vision.builtin import texts
from tests.vision.builtin.conftest import Road
from tests.vision.builtin.fonts import font
from tests.vision.builtin.pages import Page, draw, photo_like
from tests.vision.fakes import dialogue

on_the_road = pytest.mark.asyncio(loop_scope="session")


def png(image: Image.Image) -> bytes:
    return Page(image, "").encoded()


def question(data: bytes, task: TaskName = TaskName.OCR) -> Question:
    frame = Frame(data, "image/png", 100, 100)
    return Question(task, Parameters(), Picture((frame,), PictureFacts("PNG", 100, 100, len(data))))


async def last(engine: BuiltinEngine, asked: Question) -> Answer:
    events = [event async for event in engine.stream(asked)]
    return events[-1]


@on_the_road
async def test_a_ruled_table_is_read_as_a_table(road: Road) -> None:
    image = Image.new("RGB", (420, 190), "white")
    pen, letters = ImageDraw.Draw(image), font("latin", 18)
    rows = (("Item", "Price"), ("Green tea", "3.00"), ("Lemon cake", "4.25"))
    for x in (20, 220, 400):
        pen.line((x, 20, x, 170), fill="black", width=2)
    for place in range(4):
        pen.line((20, 20 + 50 * place, 400, 20 + 50 * place), fill="black", width=2)
    for place, (item, price) in enumerate(rows):
        pen.text((30, 32 + 50 * place), item, font=letters, fill="black")
        pen.text((230, 32 + 50 * place), price, font=letters, fill="black")
    answer = await road.ask(png(image), layout=Layout.TABLE)
    assert answer.tables[0].rows == rows
    assert answer.text.splitlines()[0] == "| Item       | Price |"


@on_the_road
async def test_japanese_columns_are_read_from_right_to_left(road: Road) -> None:
    image = Image.new("RGB", (230, 420), "white")
    pen, letters = ImageDraw.Draw(image), font("japanese", 26)
    columns = ("図書館は午前九時に開き", "本は二週間まで借りら", "返却は受付でお願い")
    for place, column in enumerate(columns):
        pen.text((170 - 60 * place, 20), column, font=letters, fill="black", direction="ttb")
    assert (await road.ask(png(image))).text.splitlines() == list(columns)


@on_the_road
async def test_code_keeps_its_indents(road: Road) -> None:
    answer = await road.ask(draw(texts.CODE, "mono", 18).encoded())
    assert answer.text == "\n".join(texts.CODE)


@on_the_road
async def test_each_text_of_an_animation_is_written_once(road: Road) -> None:
    frames = [draw(("Always here", second), "latin", 24).image for second in ("First", "Second")]
    size = max(frame.size for frame in frames)
    frames = [frame.resize(size) for frame in frames]
    sink = io.BytesIO()
    frames[0].save(sink, "GIF", save_all=True, append_images=frames[1:], duration=600)
    text = (await road.ask(sink.getvalue())).text
    assert [text.count(part) for part in ("Always here", "First", "Second")] == [1, 1, 1]


@on_the_road
@pytest.mark.parametrize("seed", [1, 3, 7, 9])
async def test_a_picture_without_text_has_no_text(road: Road, seed: int) -> None:
    answer = await road.ask(png(photo_like(400, 300, seed)))
    assert (answer.text, answer.notes) == ("", ())


@on_the_road
async def test_alt_text_of_a_qr_code_quotes_it(road: Road) -> None:
    code = zxingcpp.create_barcode("https://example.org/map", zxingcpp.BarcodeFormat.QRCode)
    image = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=6))
    answer = await road.ask(png(image.convert("RGB")), TaskName.ALT)
    assert "says “https://example.org/map”." in answer.text


@on_the_road
async def test_a_description_names_the_colours_that_are_there(road: Road) -> None:
    image = Image.new("RGB", (300, 200), (200, 30, 30))
    ImageDraw.Draw(image).rectangle((0, 0, 299, 79), fill=(30, 60, 200))
    answer = await road.ask(png(image), TaskName.DESCRIBE)
    assert "red (about 60 %), blue (about 40 %)" in answer.text
    assert answer.engine == "builtin"
    assert answer.model == road.engine.model_for(TaskName.DESCRIBE)


@on_the_road
@pytest.mark.parametrize("size", [(16, 16), (400, 8), (3000, 1)])
async def test_what_a_small_picture_was_padded_with_is_not_measured(
    road: Road, size: tuple[int, int]
) -> None:
    answer = await road.ask(png(Image.new("RGB", size, "red")), TaskName.DESCRIBE)
    assert "red" in answer.text
    assert "white" not in answer.text


@on_the_road
async def test_one_flat_colour_is_decorative_in_alt_text(road: Road) -> None:
    answer = await road.ask(png(Image.new("RGB", (64, 48), (10, 120, 60))), TaskName.ALT)
    assert answer.decorative


@on_the_road
async def test_bytes_that_are_no_picture_are_refused(road: Road) -> None:
    with pytest.raises(PictureRejected):
        await last(road.engine, question(b"not a picture at all"))


@on_the_road
async def test_a_reader_that_was_cancelled_answers_the_next_person(road: Road) -> None:
    asked = question(draw(texts.ENGLISH[0], "latin", 30).encoded())
    task = asyncio.create_task(last(road.engine, asked))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "museum" in (await last(road.engine, asked)).text


@pytest_asyncio.fixture(loop_scope="session")
async def hurried() -> AsyncIterator[BuiltinEngine]:
    async with BuiltinEngine(timeout_seconds=0.02) as engine:
        yield engine


@on_the_road
async def test_a_reader_that_takes_too_long_is_given_up(hurried: BuiltinEngine) -> None:
    with pytest.raises(EngineTimeout) as caught:
        await last(hurried, question(draw(texts.ENGLISH[0], "latin", 30).encoded()))
    assert caught.value.limit_seconds == 0.02


@on_the_road
async def test_a_reader_without_memory_fails_alone(road: Road) -> None:
    large = png(Image.new("RGB", (1600, 1200), "white"))
    async with BuiltinEngine(memory_bytes=1) as starved:
        with pytest.raises(EngineError):
            await last(starved, question(large))
    assert (await last(road.engine, question(large))).text == ""


async def test_a_closed_engine_is_interrupted() -> None:
    with pytest.raises(Interrupted):
        await last(BuiltinEngine(), question(b""))


async def test_without_the_extra_it_says_so_and_stays_usable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    assert not BuiltinEngine.available()
    async with BuiltinEngine() as engine:
        assert not (await engine.status()).ready
        with pytest.raises(EngineUnavailable):
            await last(engine, question(b""))


async def test_the_status_names_version_and_models() -> None:
    engine: Engine = BuiltinEngine()
    status = await engine.status()
    assert status.ready
    assert status.version.startswith("3.")
    tasks = set(TaskName) - {TaskName.ASK, TaskName.MODERATE}
    assert dict(status.models) == dict.fromkeys(tasks, f"rapidocr-{status.version}")


async def test_it_holds_no_conversation() -> None:
    """It says so without starting a worker."""
    engine = BuiltinEngine()
    asked: Engine = engine
    assert asked.room() is None
    with pytest.raises(CannotAnswer) as caught:
        await anext(asked.stream(dialogue()))
    assert (caught.value.engine, caught.value.task) == ("builtin", TaskName.ASK)


def test_scripts_of_the_bundled_model_are_always_readable() -> None:
    assert BuiltinEngine.readable_scripts() == ("Latin", "Chinese", "Japanese")


def in_this_process(data: bytes, seconds: float) -> dict[str, Any]:
    """Read as the worker does, but here, where sockets are blocked."""
    from bot.vision.builtin import child

    head = {
        "frame_sizes": [len(data)],
        "layout": Layout.PLAIN,
        "text_language": "",
        "measure": False,
        "seconds": seconds,
    }
    reply, _ = child.handle(head, data)
    return reply


def test_the_models_come_with_the_wheel_not_from_the_network() -> None:
    page = draw(texts.ENGLISH[1], "latin", 20)
    assert in_this_process(page.encoded(), 60)["text"] == page.text


def test_text_that_time_ran_out_for_is_noted() -> None:
    reply = in_this_process(draw(texts.ENGLISH[0], "latin", 20).encoded(), 0)
    assert (reply["cut"], reply["text"]) == (True, "")
