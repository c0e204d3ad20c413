"""A dialogue as Ollama's messages: append-only to the byte, pictures in place, words harmless."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.picture import Picture
from bot.domain.task import Dialogue, Line, Parameters, Shown, Speaker
from bot.tasks import ASK
from bot.tasks.ask import answer_line, person_line, recap_line, system_text
from bot.vision.ollama_facts import ModelFacts
from bot.vision.ollama_request import chat_request, plain_words
from tests.tasks.attacks import ATTACKS, Attack
from tests.tasks.turns import dialogue, kept, picture, turn, window

FACTS = [
    ModelFacts("seeing", family, projector, True, False, 32768, "0.33.0")
    for family, projector in (("qwen3vl", ""), ("llama", "mlp"))
]
RED, MOVING = picture(b"red"), picture(b"one", b"two", b"three")


def request(asked: Dialogue, facts: ModelFacts = FACTS[0]) -> dict[str, Any]:
    return chat_request(
        ASK.prompt(asked), asked, facts, num_ctx=8192, keep_alive_seconds=60, answer_tokens=600
    )


def messages(asked: Dialogue, facts: ModelFacts = FACTS[0]) -> list[dict[str, Any]]:
    found = request(asked, facts)["messages"]
    assert isinstance(found, list)
    return found


CONTROL_TOKENS = (
    "[img", "[IMG", "<__media__>", "<__image__>", "<image>", "<start_of_image>",
    "<|vision_start|>", "<|image_pad|>", "<|vision_end|>",
    "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>",
    "<start_of_turn>", "<end_of_turn>", "<s>", "</s>", "<think>", "</think>",
    "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[TOOL_CALLS]", "<tool_call>", "</tool_call>",
    "<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>", "\0",
)  # fmt: skip


texts = st.text(max_size=60) | st.sampled_from([attack.text for attack in ATTACKS])
pictures = st.lists(st.binary(max_size=8), min_size=1, max_size=4).map(lambda d: picture(*d))
shown_pictures = st.lists(
    st.builds(Shown, st.sampled_from(["Picture 1", "Picture 12 (top of Picture 3)"]), pictures),
    max_size=3,
).map(tuple)
person_lines = st.builds(Line, st.just(Speaker.PERSON), texts, shown_pictures)
lookout_lines = st.builds(Line, st.just(Speaker.LOOKOUT), texts)
dialogues = st.lists(st.tuples(person_lines, lookout_lines), min_size=1, max_size=5).map(
    lambda pairs: [line for pair in pairs for line in pair]
)


@given(dialogues, st.data(), st.sampled_from(FACTS))
def test_a_longer_dialogue_begins_with_the_shorter(
    lines: list[Line], data: st.DataObject, facts: ModelFacts
) -> None:
    """Whatever comes after a line, it is sent as it was sent before, to the byte."""
    shorter = 2 * data.draw(st.integers(1, len(lines) // 2)) - 1
    earlier = messages(Dialogue(Parameters("de"), tuple(lines[:shorter]), 1), facts)
    later = messages(Dialogue(Parameters("ja"), tuple(lines[:-1]), 2), facts)
    assert later[: len(earlier)] == earlier
    assert earlier[0] == {"role": "system", "content": system_text()}


@given(dialogues)
def test_every_picture_has_its_place_and_no_other_is_named(lines: list[Line]) -> None:
    """Ollama puts the pictures where ``[img]`` stands: as often, and in the same order."""
    for line, message in zip(
        lines, messages(Dialogue(Parameters(), tuple(lines)))[1:], strict=True
    ):
        frames = [frame.data for shown in line.shown for frame in shown.picture.frames]
        assert [base64.b64decode(image) for image in message.get("images", [])] == frames
        assert message["content"].count("[img]") == len(frames)
        assert message["content"].lower().count("[img") == len(frames)
        assert message["content"].endswith(plain_words(line.text))


def test_pictures_stand_before_the_words_under_their_names() -> None:
    line = Line(
        Speaker.PERSON,
        "Person A:\n> Why?",
        (
            Shown("Picture 1", RED),
            Shown("Picture 2", MOVING),
            Shown("Picture 3 (top of Picture 1)", RED),
        ),
    )
    _, message = messages(Dialogue(Parameters(), (line,)))
    assert message["content"] == (
        "Picture 1: [img]\n"
        "Picture 2, frame 1 of 3 (0.0 s): [img]\n"
        "Picture 2, frame 2 of 3 (0.5 s): [img]\n"
        "Picture 2, frame 3 of 3 (1.0 s): [img]\n"
        "Picture 3 (top of Picture 1): [img]\n"
        "Person A:\n"
        "> Why?"
    )


def test_lookouts_lines_are_the_assistants() -> None:
    asked = dialogue([turn(answer="Red."), turn("Sure?")])
    assert [message["role"] for message in messages(asked)] == [
        "system",
        "user",
        "assistant",
        "user",
    ]


def test_a_conversation_is_asked_freely_and_reproducibly() -> None:
    body = request(dialogue([turn()], seed=7))
    assert "format" not in body
    assert body["options"] == {
        "num_ctx": 8192,
        "num_predict": 600,
        "temperature": 0.3,
        "seed": 7,
    }


def assert_no_control_token(text: str) -> None:
    """Look for what the attacks hold that some tokenizer, server or language knows by heart."""
    assert [token for token in CONTROL_TOKENS if token in text] == []


def frame_of(shown: Picture | None) -> tuple[list[str], list[str]]:
    """Return the lines of ours before and after a question."""
    before = ["Picture 1: [img]"] if shown else []
    return [*before, "Person A:"], [
        "(Answer in the language of the question, in one to five sentences.)"
    ]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.parametrize("shown", [RED, None], ids=["shown", "unseen"])
def test_an_attack_stays_quoted_lines_of_its_own_message(
    attack: Attack, shown: Picture | None
) -> None:
    """Beside a harmless question in its place, only the quoted lines differ."""
    first = turn("Hello", answer="A dog.", pictures=[kept(1, RED)])
    asked = turn(attack.text, pictures=[kept(2, shown)] if shown else [])
    usual = turn("Why?", pictures=asked.pictures)
    last = turn("And now?", speaker=1)
    had = {1: RED, 2: shown or RED}
    attacked = messages(dialogue([first, asked, last], had))
    harmless = messages(dialogue([first, usual, last], had))
    assert attacked[:3] + attacked[4:] == harmless[:3] + harmless[4:]
    assert attacked[3].keys() == harmless[3].keys()
    assert attacked[3].get("images") == harmless[3].get("images")
    before, after = frame_of(shown)
    before = [line.replace("1", "2") for line in before]
    said = attacked[3]["content"].splitlines()
    assert said[: len(before)] == before
    quoted = said[len(before) : -1]
    assert said[-1:] == after
    assert [line.removeprefix("> ") for line in quoted] == plain_words(attack.text).splitlines()
    assert all(line.startswith("> ") for line in quoted)
    assert_no_control_token("\n".join(quoted))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_as_harmless_in_every_other_place(attack: Attack) -> None:
    """What was read in a picture, answered, or told again reaches the model as words alone."""
    lines = (
        recap_line(window(attack.text), (), [("Picture 1", attack.text)]),
        answer_line(turn(answer=attack.text)),
        person_line(turn(preface=attack.text), shown=(), in_words=[("Picture 2", attack.text)]),
    )
    recap, answer, asked = messages(Dialogue(Parameters(), lines))[1:]
    assert "images" not in recap
    assert answer == {"role": "assistant", "content": plain_words(attack.text)}
    own = [line for line in recap["content"].splitlines() if not line.startswith("> ")]
    assert own == [
        "Picture 1 can no longer be shown. What was seen in it:",
        "Earlier in this conversation:",
    ]
    own = [line for line in asked["content"].splitlines() if not line.startswith("> ")]
    assert own == [
        "Picture 2 can no longer be shown. What was seen in it:",
        "You had said of the pictures before:",
        "Person A:",
        "(Answer in the language of the question, in one to five sentences.)",
    ]
    for message in (recap, answer, asked):
        assert_no_control_token(message["content"])


def test_every_control_token_is_tried() -> None:
    """The list above is of what the attacks really hold."""
    everything = "".join(attack.text for attack in ATTACKS)
    assert [token for token in CONTROL_TOKENS if token not in everything] == []
