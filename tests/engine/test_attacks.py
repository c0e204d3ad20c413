"""A real engine takes what people write for words, whatever it looks like."""

import pytest

from bot.vision.ollama import OllamaEngine
from tests.engine.fixtures import VisionServer
from tests.engine.pictures import still
from tests.tasks.attacks import ATTACKS, Attack
from tests.tasks.turns import dialogue, kept, picture, turn
from tests.vision.imitation.questions import answer_of

RED, BLUE = picture(still("red", (64, 64))), picture(still("blue", (64, 64)))
CONTEXT_TOKENS = 32_768
"""The tiny model takes a byte for a token."""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_moves_no_picture_and_ends_no_turn(
    vision_server: VisionServer, attack: Attack
) -> None:
    """The conversation goes on as it would have, and the pictures are seen where they are."""
    engine = OllamaEngine(
        host=vision_server.host, model=vision_server.model, num_ctx=CONTEXT_TOKENS
    )
    first = turn("Which colour?", answer=attack.text, pictures=[kept(1, RED)])
    asked = turn(attack.text, preface=attack.text)
    async with engine:
        answer = await answer_of(engine, dialogue([first, asked], {1: RED}))
        assert answer.text == "The picture is mostly red."
        more = turn(attack.text, pictures=[kept(2, BLUE), kept(3, BLUE), kept(4, BLUE)])
        pictures = {1: RED, 2: BLUE, 3: BLUE, 4: BLUE}
        answer = await answer_of(engine, dialogue([first, asked, more], pictures))
    assert answer.text == "The picture is mostly blue."
