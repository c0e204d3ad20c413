"""From the bytes somebody posts to the colour a real vision engine names."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from bot.domain.answer import Answer
from bot.domain.picture import Picture
from bot.domain.task import Layout, Parameters, Question, TaskName
from bot.media.preparer import HANDLER, PicturePreparer
from bot.vision.ollama import OllamaEngine
from bot.workers.pool import WorkerPool
from tests.engine.fixtures import VisionServer
from tests.engine.pictures import animation, hidden, still, turned
from tests.vision.imitation.questions import answer_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

Ask = Callable[[bytes, TaskName, Layout], Awaitable[tuple[Picture, Answer]]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def preparer() -> AsyncIterator[PicturePreparer]:
    """Prepare pictures in a worker, as the bot does."""
    pool = WorkerPool(HANDLER, size=1, memory_bytes=2**30, timeout_seconds=20)
    async with pool:
        yield PicturePreparer(pool)


@pytest_asyncio.fixture(loop_scope="module")
async def ask(vision_server: VisionServer, preparer: PicturePreparer) -> AsyncIterator[Ask]:
    """Prepare bytes as the engine needs them and ask about them."""
    async with OllamaEngine(host=vision_server.host, model=vision_server.model) as engine:

        async def answer(data: bytes, task: TaskName, layout: Layout) -> tuple[Picture, Answer]:
            parameters = Parameters(layout=layout)
            picture = await preparer.prepare(data, engine.needs_for(task, parameters))
            return picture, await answer_of(engine, Question(task, parameters, picture))

        yield answer


@pytest.mark.parametrize("colour", ["red", "green", "blue", "yellow", "white", "black", "gray"])
async def test_a_colour_is_seen(ask: Ask, colour: str) -> None:
    """The description names the colour that was posted."""
    # "green" is half as bright in CSS as the model's.
    _, answer = await ask(
        still("lime" if colour == "green" else colour), TaskName.DESCRIBE, Layout.PLAIN
    )
    assert answer.text == f"The picture is mostly {colour}."
    assert answer.usage.prompt_tokens
    assert answer.usage.answer_tokens == 7
    assert answer.notes == ()


async def test_a_picture_on_its_side_is_set_upright(ask: Ask) -> None:
    """The engine ignores EXIF, so it gets the picture turned already."""
    picture, answer = await ask(turned("red"), TaskName.DESCRIBE, Layout.PLAIN)
    assert (picture.frames[0].width, picture.frames[0].height) == (200, 320)
    assert answer.text == "The picture is mostly red."


async def test_what_transparency_hides_is_not_seen(ask: Ask) -> None:
    """The engine throws alpha away and would see the red that nobody else sees."""
    _, answer = await ask(hidden("red"), TaskName.DESCRIBE, Layout.PLAIN)
    assert answer.text == "The picture is mostly white."


async def test_every_frame_of_an_animation_is_seen(ask: Ask) -> None:
    """Three blue frames after a red one are mostly blue; the engine alone looks at the first."""
    picture, answer = await ask(
        animation(["red", "blue", "#3c3cff", "#7878ff"]), TaskName.DESCRIBE, Layout.PLAIN
    )
    assert len(picture.frames) == 4
    assert answer.text == "The picture is mostly blue."


async def test_alt_text_is_structured(ask: Ask) -> None:
    """The grammar of the schema makes the tiny model answer in its form."""
    _, answer = await ask(still("red"), TaskName.ALT, Layout.PLAIN)
    assert answer.text == "“red”. red"
    assert not answer.decorative


async def test_tables_are_structured(ask: Ask) -> None:
    """Nested lists come back as rows and as Markdown."""
    _, answer = await ask(still("blue"), TaskName.OCR, Layout.TABLE)
    assert answer.tables[0].rows == (("blue",),)
    assert answer.text.startswith("| blue |")


async def test_text_is_read(ask: Ask) -> None:
    """Free text of the OCR task passes as it is."""
    _, answer = await ask(still("yellow"), TaskName.OCR, Layout.PLAIN)
    assert answer.text == "The picture is mostly yellow."
