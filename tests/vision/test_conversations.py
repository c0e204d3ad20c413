"""The Ollama engine in a conversation, against an imitation server."""

import base64
from collections.abc import AsyncIterator

import pytest

from bot.domain.answer import Answer, Reset, TextDelta
from bot.domain.errors import AnswerInvalid, ContextExceeded
from bot.domain.picture import Note
from bot.domain.task import Detail, Dialogue, Parameters, TaskName
from bot.vision.ollama import OllamaEngine
from bot.vision.ollama_request import THINKING_TOKENS
from tests.tasks.turns import dialogue, kept, picture, turn
from tests.vision.imitation.questions import answer_of, engine, events_of
from tests.vision.imitation.server import (
    MODEL,
    THINKING,
    TILELESS,
    ImitationOllama,
    refuses_nested,
    says,
    shown,
)

RED, MOVING = picture(b"red"), picture(b"one", b"two")


@pytest.fixture
async def server() -> AsyncIterator[ImitationOllama]:
    async with ImitationOllama() as running:
        yield running


@pytest.fixture
async def asked(server: ImitationOllama) -> AsyncIterator[OllamaEngine]:
    async with engine(server.host) as opened:
        yield opened


def talk(detail: Detail = Detail.STANDARD, seed: int | None = None) -> Dialogue:
    return dialogue(
        [
            turn("What is it?", answer="A car.", pictures=[kept(1, RED)]),
            turn(
                "And this?",
                speaker=1,
                parameters=Parameters("", detail),
                pictures=[kept(2, MOVING)],
            ),
        ],
        {1: RED, 2: MOVING},
        seed=seed,
    )


async def test_a_conversation_is_answered_word_by_word(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """The answer carries the server's exact counters: the next turn is planned with them."""
    server.chats.append(says("The image shows ", "a bus."))
    *deltas, answer = await events_of(asked, talk(seed=7))
    assert deltas == [TextDelta("The image shows "), TextDelta("a bus.")]
    assert isinstance(answer, Answer)
    assert (answer.text, answer.engine, answer.model) == ("A bus.", "ollama", MODEL)
    assert (answer.usage.prompt_tokens, answer.usage.answer_tokens) == (300, 12)


async def test_every_line_is_a_message_with_its_pictures(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Frames of all pictures arrive where they belong, as the bytes they are."""
    await events_of(asked, talk(seed=7))
    body = server.chat_bodies[0]
    assert [message["role"] for message in body["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    sent = [[base64.b64decode(i) for i in m.get("images", [])] for m in body["messages"]]
    assert sent == [[], [b"red"], [], [b"one", b"two"]]
    assert body["options"] == {"num_ctx": 8192, "num_predict": 600, "temperature": 0.3, "seed": 7}
    assert (body["truncate"], body["shift"], body["think"]) == (False, False, False)
    assert "format" not in body


@pytest.mark.parametrize("model", [MODEL, TILELESS])
async def test_a_follow_up_sends_what_came_before_unchanged(
    server: ImitationOllama, model: str
) -> None:
    """Also to models whose projector sets no marks around pictures."""
    first = turn("What is it?", pictures=[kept(1, RED)])
    async with engine(server.host, model) as asked:
        await events_of(asked, dialogue([first], {1: RED}))
        await events_of(asked, talk())
    before, after = (body["messages"] for body in server.chat_bodies)
    assert after[: len(before)] == before


async def test_silence_is_repaired_without_touching_what_was_said(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """The second try is the same conversation, only warmer."""
    server.chats.extend([says(), says("A bus.")])
    events = await events_of(asked, talk())
    assert [type(event) for event in events] == [Reset, TextDelta, Answer]
    first, second = server.chat_bodies
    assert second["messages"] == first["messages"]
    assert second["options"]["temperature"] > first["options"]["temperature"]


async def test_silence_twice_is_no_answer(server: ImitationOllama, asked: OllamaEngine) -> None:
    """There is no third try."""
    server.chats.extend([says(), says("  ")])
    with pytest.raises(AnswerInvalid):
        await events_of(asked, talk())


async def test_an_answer_that_was_cut_is_kept_and_noted(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Its room is what the length that was asked for gets."""
    server.chats.append(says("A bus that", reason="length"))
    assert (await answer_of(asked, talk(Detail.BRIEF))).notes == (Note.ANSWER_CUT,)
    assert server.chat_bodies[0]["options"]["num_predict"] == 200


async def test_a_conversation_that_does_not_fit_says_by_how_much(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """With these figures the next try can be made to fit."""
    server.chats.append(
        refuses_nested(
            400, "too long", "exceed_context_size_error", n_prompt_tokens=9000, n_ctx=8192
        )
    )
    with pytest.raises(ContextExceeded) as caught:
        await events_of(asked, talk())
    assert (caught.value.prompt_tokens, caught.value.context_tokens) == (9000, 8192)


async def test_words_that_have_no_bytes_are_sent_all_the_same(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Half a surrogate pair cannot be written in UTF-8, and a zero ends strings in C."""
    await events_of(asked, dialogue([turn("a\ud800b\0c")]))
    said = server.chat_bodies[0]["messages"][1]["content"]
    assert "\n> a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c\n" in said


async def test_many_large_pictures_arrive_whole(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Eight at the largest size they are prepared to."""
    pictures = {number: picture(bytes([number]) * 400_000) for number in range(1, 9)}
    each = [turn(pictures=[kept(number, had)]) for number, had in pictures.items()]
    await events_of(asked, dialogue(each, pictures))
    images = [i for m in server.chat_bodies[0]["messages"] for i in m.get("images", [])]
    assert [base64.b64decode(image) for image in images] == [
        had.frames[0].data for had in pictures.values()
    ]


async def test_the_room_is_that_of_the_model(server: ImitationOllama) -> None:
    """Its own limit where that is lower, and its family's cost of a picture."""
    server.models["gemma"] = shown("gemma3", "vision", context=4096)
    asked = engine(server.host, "gemma")
    unknown = asked.room()
    async with asked:
        known = asked.room()
    assert (unknown.context_tokens, known.context_tokens) == (8192, 4096)
    assert unknown.picture_tokens(896, 896) > known.picture_tokens(896, 896) > 256
    assert (unknown.spare_tokens, known.spare_tokens) == (THINKING_TOKENS, 0)


async def test_thoughts_need_room_until_a_model_was_seen_to_obey(server: ImitationOllama) -> None:
    """What it may write besides its answer is set aside, and asked for."""
    async with engine(server.host, THINKING) as asked:
        assert asked.room().spare_tokens == THINKING_TOKENS
        await events_of(asked, talk())
        assert asked.room().spare_tokens == 0
        server.chats.append(says("A bus.", thoughts=["Hm."]))
        await events_of(asked, talk())
        assert asked.room().spare_tokens == THINKING_TOKENS
    rooms = [body["options"]["num_predict"] for body in server.chat_bodies]
    assert rooms == [600 + THINKING_TOKENS, 600]


async def test_conversations_may_have_a_model_of_their_own(server: ImitationOllama) -> None:
    """Room and needs are that model's."""
    server.models["gemma"] = shown("gemma4", "vision")
    async with engine(server.host, task_models={TaskName.ASK: "gemma"}) as asked:
        assert (await answer_of(asked, talk())).model == "gemma"
        assert asked.room().picture_tokens(640, 480) == 282
        assert asked.needs_for(TaskName.ASK, Parameters()).max_pixels == 280 * 48 * 48
        assert asked.needs_for(TaskName.DESCRIBE, Parameters()).max_pixels == 1_048_576
