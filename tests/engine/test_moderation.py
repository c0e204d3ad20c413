"""From the bytes somebody posts to a verdict, through real decoding and a real vision engine.

The tiny model knows colours and nothing of rules; its grammar holds it to the form, so what it
answers is some judgement or none. What is tested is the road.
"""

import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image, ImageDraw

from bot.domain.moderation.assessment import Assessment, Context, Outcome, Unanswered
from bot.domain.moderation.fingerprint import Fingerprint
from bot.domain.moderation.policy import (
    MAX_CUSTOM_RULE_CHARACTERS,
    MAX_CUSTOM_RULES,
    CustomRule,
    Policy,
)
from bot.domain.moderation.ports import Examined
from bot.domain.moderation.upload import Screened
from bot.domain.picture import Frame, Picture, PictureFacts
from bot.domain.ports import Asker
from bot.domain.task import Review
from bot.media.examiner import HANDLER, PictureExaminer
from bot.services.moderation.assessing import Assessing, criteria_of
from bot.services.moderation.deciding import decide
from bot.tasks.moderate import read_judgement
from bot.vision.gate import Gate, Limits
from bot.vision.ollama import OllamaEngine
from bot.workers.pool import WorkerPool
from tests.engine.fixtures import VisionServer
from tests.engine.pictures import animation, still
from tests.engine.relay import Relay
from tests.services.fakes import FakeAnswers
from tests.tasks.attacks import ATTACKS
from tests.vision.imitation.questions import answer_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

RULES = tuple(
    CustomRule(number, f"no pictures of thing {number}, however drawn")
    for number in range(1, MAX_CUSTOM_RULES + 1)
)
POLICY = Policy(enabled=True, custom_rules=RULES)
CONTEXT_TOKENS = 32_768
"""The tiny model takes a byte of text for a token."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def examiner() -> AsyncIterator[PictureExaminer]:
    """Examine pictures in a worker, as the bot does."""
    pool = WorkerPool(HANDLER, size=1, memory_bytes=2**30, timeout_seconds=20)
    async with pool:
        yield PictureExaminer(pool)


def half_hidden() -> bytes:
    """Paint a blue and a white sign on nothing: on white there is only the blue one to see."""
    picture = Image.new("RGBA", (320, 180), (0, 0, 0, 0))
    drawing = ImageDraw.Draw(picture)
    drawing.rectangle((10, 20, 150, 160), fill="blue")
    drawing.rectangle((170, 20, 310, 160), fill="white")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def screened(examined: Examined) -> Screened:
    return Screened(
        examined.fingerprint, examined.frames, dark=examined.dark, animated=examined.animated
    )


async def assessed(
    engine: OllamaEngine, examined: Examined, answers: FakeAnswers, text: str = ""
) -> Assessment:
    gate = Gate(parallel=1, queue_limit=4, limits=Limits())
    return await Assessing(engine, gate, answers).assess(
        screened(examined),
        POLICY,
        before=Assessment(),
        text=text,
        age_restricted=False,
        asker=Asker(1, 1),
    )


@pytest.mark.parametrize(
    "data", [still("red"), animation(["red", "blue"])], ids=["still", "moving"]
)
async def test_a_picture_is_judged_in_the_form_that_was_asked_for(
    vision_server: VisionServer, examiner: PictureExaminer, data: bytes
) -> None:
    """The whole policy with ten rules of a server's own goes through in one question."""
    examined = await examiner.examine(data)
    answers = FakeAnswers()
    async with (
        Relay(vision_server.host) as relay,
        OllamaEngine(host=relay.host, model=vision_server.model, num_ctx=CONTEXT_TOKENS) as engine,
    ):
        found = await assessed(engine, examined, answers)
        again = await assessed(engine, examined, answers)
    assert (found.asked_model, found.model, found.unanswered) == (True, vision_server.model, None)
    assert again == found
    ((_, answer),) = answers.kept.items()
    names = tuple(criterion.name for criterion in criteria_of(POLICY))
    assert read_judgement(answer.text, names).what_is_shown
    (chat,) = relay.chats
    assert len(chat.messages[-1]["images"]) == len(examined.frames)


async def test_what_only_shows_on_dark_is_asked_about_on_dark(
    vision_server: VisionServer, examiner: PictureExaminer
) -> None:
    examined = await examiner.examine(half_hidden())
    assert examined.dark
    answers = FakeAnswers()
    async with OllamaEngine(
        host=vision_server.host, model=vision_server.model, num_ctx=CONTEXT_TOKENS
    ) as engine:
        found = await assessed(engine, examined, answers)
    assert found.unanswered is None
    assert len(answers.kept) == 2


async def test_a_question_that_does_not_fit_needs_a_human(
    vision_server: VisionServer, examiner: PictureExaminer
) -> None:
    examined = await examiner.examine(still("red"))
    async with OllamaEngine(
        host=vision_server.host, model=vision_server.model, num_ctx=2048
    ) as engine:
        found = await assessed(engine, examined, FakeAnswers(), text="a" * 1000)
    assert found.unanswered is Unanswered.REJECTED
    assert decide(found, POLICY, Context()).outcome is Outcome.NEEDS_HUMAN


async def test_bytes_that_the_engine_cannot_decode_need_a_human(
    vision_server: VisionServer,
) -> None:
    broken = Frame(b"\x89PNG\r\n\x1a\n broken", "image/png", 64, 64)
    async with OllamaEngine(
        host=vision_server.host, model=vision_server.model, num_ctx=CONTEXT_TOKENS
    ) as engine:
        found = await assessed(engine, Examined(Fingerprint("0" * 64), (broken,)), FakeAnswers())
    assert found.unanswered is Unanswered.REJECTED


@pytest.mark.parametrize("first", range(0, len(ATTACKS), MAX_CUSTOM_RULES))
async def test_no_message_and_no_rule_ends_the_question(
    vision_server: VisionServer, first: int
) -> None:
    """Whatever people write in them, the engine answers the one question."""
    data = still("red", (64, 64))
    picture = Picture((Frame(data, "image/png", 64, 64),), PictureFacts("PNG", 64, 64, len(data)))
    texts = [attack.text for attack in ATTACKS[first : first + MAX_CUSTOM_RULES]]
    policy = Policy(
        custom_rules=tuple(
            CustomRule(number, text[:MAX_CUSTOM_RULE_CHARACTERS])
            for number, text in enumerate(texts, start=1)
        )
    )
    criteria = criteria_of(policy)
    async with OllamaEngine(
        host=vision_server.host, model=vision_server.model, num_ctx=CONTEXT_TOKENS
    ) as engine:
        answer = await answer_of(engine, Review(criteria, picture, "\n".join(texts)))
    judgement = read_judgement(answer.text, tuple(criterion.name for criterion in criteria))
    assert judgement.what_is_shown == "red"
