"""A real engine works through each picture of a conversation once: its own counters say so."""

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import Image

from bot.domain.conversation import Turn
from bot.domain.picture import Picture
from bot.vision.ollama import OllamaEngine
from tests.engine.fixtures import SHARP_PICTURE_TOKENS, VisionServer
from tests.engine.relay import Chat, Relay, as_table
from tests.tasks.turns import dialogue, kept, picture, turn
from tests.vision.imitation.questions import answer_of

FEW = 4
"""Tokens at the end of a prompt that may be worked through again."""


class Talk:
    """A conversation that is held with a real engine."""

    def __init__(self, first_picture: Picture) -> None:
        self.pictures = {1: first_picture}
        self.turns: list[Turn] = []
        self.chats: list[Chat] = []

    def show(self, shown: Picture) -> None:
        """Bring a picture with the next question."""
        self.pictures[len(self.pictures) + 1] = shown

    def branch(self, turns: int) -> "Talk":
        """Go on from an earlier answer, in another direction."""
        talk = Talk(self.pictures[1])
        talk.turns, talk.chats = self.turns[:turns], self.chats[:turns]
        return talk

    async def ask(self, house: "House", question: str) -> str:
        """Ask about what came with this question and before."""
        had = {each.number for before in self.turns for each in before.pictures}
        new = [kept(number, each) for number, each in self.pictures.items() if number not in had]
        asked = turn(question, pictures=new)
        answer = await answer_of(house.engine, dialogue([*self.turns, asked], self.pictures))
        self.turns.append(replace(asked, answer=answer.text))
        self.chats.append(house.relay.chats[-1])
        return answer.text

    def follow_ups_are_cheap(self) -> None:
        """Every prompt but the first begins with the one before it, which the engine remembers."""
        for before, after in pairwise(self.chats):
            assert after.cached_tokens >= before.prompt_tokens - FEW, as_table(self.chats)
            assert after.evaluated_tokens < SHARP_PICTURE_TOKENS, as_table(self.chats)


class House:
    """An engine whose server is listened to; ``restart`` is what a restart of the bot does."""

    def __init__(self, relay: Relay, model: str) -> None:
        self.relay = relay
        self._model = model
        self._stack = AsyncExitStack()

    async def restart(self) -> None:
        """Close every connection and forget everything, then begin again."""
        await self._stack.aclose()
        engine = OllamaEngine(host=self.relay.host, model=self._model)
        self.engine = await self._stack.enter_async_context(engine)

    async def close(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def house(vision_server: VisionServer) -> AsyncIterator[House]:
    async with Relay(vision_server.host) as relay:
        opened = House(relay, vision_server.sharp_model)
        await opened.restart()
        yield opened
        await opened.close()


def painted(colour: str, mark: int) -> bytes:
    """Paint a picture nobody has seen; the mark is one pixel."""
    image = Image.new("RGB", (320, 240), colour)
    image.putpixel((0, 0), (mark, mark, mark))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


async def test_follow_ups_work_through_no_picture_again(house: House) -> None:
    """One person asks three times; the second and third prompts cost their own words only."""
    talk = Talk(picture(painted("red", 1)))
    assert await talk.ask(house, "Which colour is it?") == "The picture is mostly red."
    await talk.ask(house, "Are you sure?")
    assert await talk.ask(house, "And which colour is it not?") == "The picture is mostly red."
    assert talk.chats[0].evaluated_tokens > SHARP_PICTURE_TOKENS
    talk.follow_ups_are_cheap()


async def test_a_second_picture_costs_itself_alone(house: House) -> None:
    """What comes on the way is worked through once, and what came before it not again."""
    talk = Talk(picture(painted("red", 2)))
    await talk.ask(house, "Which colour is it?")
    talk.show(picture(painted("blue", 2), painted("blue", 3)))
    await talk.ask(house, "And this?")
    await talk.ask(house, "Compare 1 and 2.")
    _, second, third = talk.chats
    assert second.cached_tokens >= talk.chats[0].prompt_tokens - FEW
    assert 2 <= second.evaluated_tokens / SHARP_PICTURE_TOKENS < 3, as_table(talk.chats)
    assert third.evaluated_tokens < SHARP_PICTURE_TOKENS, as_table(talk.chats)


async def test_two_conversations_taking_turns(house: House) -> None:
    """Ollama serves one request at a time by default and keeps what is idle in memory."""
    red, blue = Talk(picture(painted("red", 4))), Talk(picture(painted("blue", 4)))
    for question in ("Which colour is it?", "Are you sure?", "Really?"):
        assert await red.ask(house, question) == "The picture is mostly red."
        assert await blue.ask(house, question) == "The picture is mostly blue."
    red.follow_ups_are_cheap()
    blue.follow_ups_are_cheap()


async def test_after_a_restart_of_the_bot(house: House) -> None:
    """What is sent is made of what was kept, so the engine still knows it."""
    talk = Talk(picture(painted("green", 5)))
    for question in ("Which colour is it?", "Are you sure?", "Really?"):
        await house.restart()
        await talk.ask(house, question)
    talk.follow_ups_are_cheap()


async def test_a_branch_shares_its_beginning(house: House) -> None:
    """Going on from an older answer costs no picture either."""
    talk = Talk(picture(painted("yellow", 6)))
    for question in ("Which colour is it?", "Are you sure?", "Really?"):
        await talk.ask(house, question)
    branch = talk.branch(1)
    await branch.ask(house, "What else could it be?")
    branch.follow_ups_are_cheap()


async def test_the_counters_would_tell(house: House) -> None:
    """The same pixels in other bytes are another picture: that costs all of it again."""
    talk = Talk(picture(painted("red", 7)))
    await talk.ask(house, "Which colour is it?")
    talk.pictures[1] = picture(painted("red", 7) + b"\0")
    await talk.ask(house, "Are you sure?")
    assert talk.chats[1].evaluated_tokens > SHARP_PICTURE_TOKENS, as_table(talk.chats)
