"""Conversations of the whole bot with a real engine, whose own counters are read."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import simcord

from tests.discord.world import World, restarted, shown, world
from tests.engine import pictures
from tests.engine.fixtures import SHARP_PICTURE_TOKENS, VisionServer
from tests.engine.relay import Chat, Relay, as_table

FEW = 4
"""Tokens at the end of a prompt that may be worked through again."""


def settings(server: VisionServer, relay: Relay) -> dict[str, object]:
    return {"host": relay.host, "model": server.sharp_model, "num_ctx": 16_384}


async def asked(w: World, actor: simcord.MemberActor, colour: str) -> simcord.InteractionResult:
    picture = (f"{colour}.png", pictures.still(colour, (480, 360)))
    return await w.slash(actor, "ask", question="Which colour is it?", picture=picture)


async def followed(
    w: World, actor: simcord.MemberActor, before: simcord.InteractionResult, question: str
) -> simcord.InteractionResult:
    """Ask a follow-up by the button and its form."""
    assert before.response is not None
    form = await actor.click(before.response.message, label="Ask a follow-up")
    return await w.finished(await actor.submit_modal(form, {"question": question}))


def costs_its_words_only(chats: Sequence[Chat]) -> None:
    """Every prompt begins with the one before it, and no picture is worked through again."""
    for before, after in pairwise(chats):
        assert after.cached_tokens >= before.prompt_tokens - FEW, as_table(chats)
        assert after.evaluated_tokens < SHARP_PICTURE_TOKENS / 2, as_table(chats)


async def test_one_persons_follow_ups_look_at_no_picture_again(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    async with (
        Relay(vision_server.host) as relay,
        world(tmp_path, vision=settings(vision_server, relay)) as w,
    ):
        answer = await asked(w, w.ann, "red")
        assert "mostly red" in shown(answer)
        for question in ("Are you sure?", "And the edges?"):
            answer = await followed(w, w.ann, answer, question)
            assert "mostly red" in shown(answer)
        assert len(relay.chats) == 3
        assert relay.chats[0].evaluated_tokens > SHARP_PICTURE_TOKENS
        costs_its_words_only(relay.chats)


async def test_two_conversations_that_take_turns_look_at_no_picture_again(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    async with (
        Relay(vision_server.host) as relay,
        world(tmp_path, vision=settings(vision_server, relay)) as w,
    ):
        ann, ben = await asked(w, w.ann, "red"), await asked(w, w.ben, "blue")
        for question in ("Are you sure?", "And the edges?"):
            ann = await followed(w, w.ann, ann, question)
            ben = await followed(w, w.ben, ben, question)
        assert "mostly red" in shown(ann)
        assert "mostly blue" in shown(ben)
        costs_its_words_only(relay.chats[0::2])
        costs_its_words_only(relay.chats[1::2])


async def test_after_a_restart_no_picture_is_looked_at_again(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    async with (
        Relay(vision_server.host) as relay,
        world(tmp_path, vision=settings(vision_server, relay)) as w,
    ):
        answer = await asked(w, w.ann, "red")
        w.transport.env = None  # the picture is gone from Discord's file host
        async with restarted(w) as again:
            answer = await followed(again, w.ann, answer, "Are you sure?")
            assert "mostly red" in shown(answer)
        async with restarted(w) as again:
            answer = await followed(again, w.ann, answer, "And the edges?")
            assert "mostly red" in shown(answer)
        costs_its_words_only(relay.chats)


async def test_a_picture_on_the_way_is_seen_beside_the_first(
    tmp_path: Path, vision_server: VisionServer
) -> None:
    async with (
        Relay(vision_server.host) as relay,
        world(tmp_path, vision=settings(vision_server, relay)) as w,
    ):
        answer = await asked(w, w.ann, "red")
        assert answer.response is not None
        form = await w.ann.click(answer.response.message, label="Ask a follow-up")
        blue = ("blue.png", pictures.still("blue", (480, 360)))
        answer = await w.finished(
            await w.ann.submit_modal(form, {"question": "Which now?", "pictures": [blue]})
        )
        first, second = relay.chats
        assert second.cached_tokens >= first.prompt_tokens - FEW
        assert SHARP_PICTURE_TOKENS < second.evaluated_tokens < 2 * SHARP_PICTURE_TOKENS
        assert [len(m.get("images", [])) for m in second.messages] == [0, 1, 0, 1]


@pytest.mark.parametrize(("place", "colour"), [("top_left", "red"), ("bottom_right", "blue")])
async def test_looking_closer_shows_the_part(
    tmp_path: Path, vision_server: VisionServer, place: str, colour: str
) -> None:
    """The tiny model names the colour of what fills its view: here of the newest picture."""
    async with (
        Relay(vision_server.host) as relay,
        world(tmp_path, vision=settings(vision_server, relay)) as w,
    ):
        halves = ("halves.png", pictures.halves("red", "blue", (900, 900)))
        answer = await w.slash(w.ann, "ask", question="Which colours?", picture=halves)
        assert answer.response is not None
        form = await w.ann.click(answer.response.message, label="Look closer")
        closer = await w.finished(await w.ann.submit_modal(form, {"part": [place]}))
        part = relay.chats[-1].messages[-1]["images"][-1]
        assert pictures.main_colour(part) == colour
        assert "Picture 2" in shown(closer)
