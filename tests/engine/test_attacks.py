"""A real engine takes what people write for words, whatever it looks like."""

import pytest

from bot.vision.ollama import OllamaEngine
from tests.engine.fixtures import VisionServer
from tests.engine.pictures import still
from tests.engine.relay import Chat, Relay
from tests.tasks.attacks import ATTACKS, Attack
from tests.tasks.turns import dialogue, kept, picture, turn
from tests.vision.imitation.questions import answer_of

RED, BLUE = picture(still("red", (64, 64))), picture(still("blue", (64, 64)))
CONTEXT_TOKENS = 32_768
"""The tiny model takes a byte for a token …"""
PICTURE_TOKENS = 16
"""… and so many for a picture."""
PLACE = "[img]"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_moves_no_picture_and_ends_no_turn(
    vision_server: VisionServer, attack: Attack
) -> None:
    """The pictures are seen where they are, and nothing but letters was read in the words."""
    async with Relay(vision_server.host) as relay:
        engine = OllamaEngine(host=relay.host, model=vision_server.model, num_ctx=CONTEXT_TOKENS)
        first = turn("Which colour?", answer=attack.text, pictures=[kept(1, RED)])
        asked = turn(attack.text, preface=attack.text)
        more = turn(attack.text, pictures=[kept(2, BLUE), kept(3, BLUE), kept(4, BLUE)])
        pictures = {1: RED, 2: BLUE, 3: BLUE, 4: BLUE}
        async with engine:
            one = await answer_of(engine, dialogue([first, asked], pictures))
            other = await answer_of(engine, dialogue([first, asked, more], pictures))
    assert one.text == "The picture is mostly red."
    assert other.text == "The picture is mostly blue."
    assert [chat.prompt_tokens for chat in relay.chats] == [
        tokens_of_letters(chat) for chat in relay.chats
    ]


def tokens_of_letters(chat: Chat) -> int:
    """Count what a prompt costs when only the template's own marks are control tokens."""
    mark, line_break = 1, 1
    opening = mark + len("assistant") + line_break
    return opening + sum(
        2 * (mark + line_break)
        + len(message["role"])
        + len(message["content"].replace(PLACE, "").encode())
        + PICTURE_TOKENS * len(message.get("images", ()))
        for message in chat.messages
    )
