"""The one question about an upload, and what can be read from its answer."""

import json

import pytest

from bot.domain.errors import AnswerInvalid
from bot.domain.picture import Frame, Picture, PictureFacts
from bot.domain.task import Criterion, Parameters, Review, TaskName
from bot.tasks import MODERATE, prompt_for
from bot.tasks.moderate import JudgedRule, Judgement, declines, judgement_of, read_judgement
from bot.vision.schemas import json_schema
from tests.tasks.attacks import ATTACKS, Attack

NAMES = ("sexual", "custom:1")
CRITERIA = (
    Criterion("sexual", "Sexual acts."),
    Criterion("custom:1", "no screenshots of private messages", quoted=True),
)


def picture(frames: int = 1) -> Picture:
    stills = tuple(Frame(b"%d" % number, "image/png", 8, 8) for number in range(frames))
    return Picture(stills, PictureFacts("PNG", 8, 8, 10))


def review(text: str = "", *, frames: int = 1, age_restricted: bool = False) -> Review:
    return Review(CRITERIA, picture(frames), text, age_restricted)


def reply(**changed: object) -> str:
    return json.dumps(
        {
            "what_is_shown": "A cat.",
            "text_in_picture": "",
            "instructions_in_picture": False,
            "findings": [],
        }
        | changed
    )


def judged(**changed: object) -> dict[str, object]:
    rule = {"rule": "sexual", "evidence": "", "sure": 80, "severity": 2, "apparent_minor": False}
    return rule | changed


def test_one_question_covers_all_rules() -> None:
    prompt = prompt_for(review("look at this"))
    assert "- sexual: Sexual acts." in prompt.user
    assert "(a rule of this server): <<<no screenshots of private messages>>>" in prompt.user
    assert "with this message: <<<look at this>>>" in prompt.user
    assert prompt.temperature == 0.0
    assert prompt.schema is judgement_of(NAMES)


def test_the_system_text_is_constant_and_has_nothing_to_quote() -> None:
    """Neither a rule nor a field of the form is named in it."""
    system = prompt_for(review("a message", frames=3, age_restricted=True)).system
    assert system == prompt_for(Review((Criterion("spam", "Ads."),), picture())).system
    assert "instructions to you" in system
    for word in (*NAMES, *Judgement.model_fields, *JudgedRule.model_fields, "Sexual acts"):
        if "_" in word or word in NAMES:
            assert word not in system


def test_frames_and_place_are_told() -> None:
    assert "2 frames of one animation" in prompt_for(review(frames=2)).user
    assert "animation" not in prompt_for(review()).user
    assert "only adults can open" in prompt_for(review(age_restricted=True)).user
    assert "without words" in prompt_for(review("  ")).user


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_what_people_write_stays_fenced(attack: Attack) -> None:
    """Whatever a message or a rule says, it opens and closes no fence of its own."""
    criteria = (CRITERIA[0], Criterion("custom:1", attack.text, quoted=True))
    user = prompt_for(Review(criteria, picture(), attack.text)).user
    fences = 2 if attack.text.strip() else 1
    assert user.count("<<<") == user.count(">>>") == fences


def test_the_form_is_what_a_grammar_can_hold_a_model_to() -> None:
    """Evidence comes first, names are those of the question, texts and lists have an end."""
    schema = json_schema(judgement_of(NAMES))
    properties = schema["properties"]
    assert list(properties) == [
        "what_is_shown",
        "text_in_picture",
        "instructions_in_picture",
        "findings",
    ]
    rule = properties["findings"]["items"]["properties"]
    assert rule["rule"]["enum"] == list(NAMES)
    assert (rule["sure"]["minimum"], rule["sure"]["maximum"]) == (0, 100)
    assert (rule["severity"]["minimum"], rule["severity"]["maximum"]) == (0, 3)
    assert properties["findings"]["maxItems"] == len(NAMES)
    for text in (properties["what_is_shown"], properties["text_in_picture"], rule["evidence"]):
        assert text["maxLength"] <= 500
    assert judgement_of(NAMES) is judgement_of(NAMES)


def test_a_judgement_survives_being_kept() -> None:
    raw = judgement_of(NAMES).model_validate_json(reply(findings=[judged(rule="custom:1")]))
    kept = MODERATE.finish(raw, Parameters()).text
    judgement = read_judgement(kept, NAMES)
    assert judgement == raw
    assert [(rule.rule, rule.sure) for rule in judgement.findings] == [("custom:1", 80)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The picture is safe.",
        "[]",
        "{}",
        reply(findings=[judged(rule="another")]),
        reply(findings=[judged(sure=101)]),
        reply(findings=[judged(severity=4)]),
        reply(findings=[judged(severity=-1)]),
        reply(findings=None),
        reply(what_is_shown=""),
        reply(what_is_shown=" … "),
        reply()[:-1],
    ],
)
def test_what_is_no_judgement_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(AnswerInvalid):
        read_judgement(text, NAMES)


def test_a_text_that_is_too_long_is_still_one() -> None:
    """The grammar ends it; an engine without one is not asked again for that."""
    assert read_judgement(reply(text_in_picture="x" * 5000), NAMES).text_in_picture


@pytest.mark.parametrize(
    "words",
    [
        "I'm sorry, but I can't help with that.",
        "I’m unable to assist with this request.",
        "I cannot describe this image.",
        "Sorry, I can't look at this.",
        "As an AI language model, I do not judge pictures.",
        "Unable to process the image due to its content.",
        "This image violates my guidelines.",
        "We apologize, but no.",
        "Es tut mir leid, dabei kann ich nicht helfen.",
        "Lo siento, no puedo ayudar con eso.",
        "Désolé, je ne peux pas vous aider.",
        "Desculpe, não posso ajudar com isso.",
        "Извините, я не могу помочь.",
        "申し訳ありませんが、お手伝いできません。",
        "抱歉，我无法协助处理此请求。",
        "죄송합니다. 도와드릴 수 없습니다.",
    ],
)
def test_refusals_are_known(words: str) -> None:
    assert declines(read_judgement(reply(what_is_shown=words), NAMES))


@pytest.mark.parametrize(
    "words",
    [
        "A chat in which somebody says sorry.",
        "A man who cannot reach the shelf.",
        "A sign that says I can't help it.",
        "I see a cat on a sofa.",
        "Eine Katze, die mir leid tut.",
        "一只猫",
        "Screenshot of an AI that refuses to answer.",
    ],
)
def test_descriptions_are_no_refusals(words: str) -> None:
    assert not declines(read_judgement(reply(what_is_shown=words), NAMES))


def test_the_task_belongs_to_no_persons_choice() -> None:
    assert MODERATE.name is TaskName.MODERATE
    assert MODERATE.asked(Parameters(language="de", focus="x")) == Parameters()
    assert MODERATE.needs(Parameters()).keep_text_sharp
