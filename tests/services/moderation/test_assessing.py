"""From a screened upload to everything that was found about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.errors import (
    AnswerInterrupted,
    AnswerInvalid,
    AnswerLooped,
    CannotAnswer,
    ContextExceeded,
    EngineBusy,
    EngineError,
    EngineOutOfMemory,
    EngineRejected,
    EngineTimeout,
    EngineUnavailable,
    LookoutError,
    ModelCannotSee,
    ModelMissing,
    ModelUnsupported,
    PictureRejected,
    StorageFailed,
)
from bot.domain.moderation.assessment import (
    Assessment,
    Context,
    Finding,
    Outcome,
    Source,
    Unanswered,
)
from bot.domain.moderation.policy import Category, CustomRule, Policy, Rule
from bot.domain.picture import Frame
from bot.domain.ports import Asker, Priority
from bot.domain.task import Asked, Dialogue, TaskName
from bot.services.moderation.assessing import criteria_of
from bot.services.moderation.deciding import decide
from bot.services.moderation.presets import preset
from tests.services.fakes import FakeAnswers
from tests.services.moderation.eyes import (
    DARK,
    WHITE,
    Desk,
    Eyes,
    Scores,
    always,
    breaks,
    by_frame,
    said,
    screened_of,
    surest,
)

REFUSAL = said(shown="I'm sorry, but I can't help with that.")


def frames(count: int) -> tuple[Frame, ...]:
    return tuple(
        Frame(b"frame %d" % number, "image/png", 64, 64, at_seconds=number / 2)
        for number in range(count)
    )


async def test_what_the_model_finds_is_added() -> None:
    desk = Desk(Eyes(always(said(breaks("scam", 80, 3), breaks("spam", 0)))))
    before = Assessment((Finding("scam", Source.QR, 0.99, 3),), frozenset({"spam"}))
    found = await desk.assess(before=before, text="win!", age_restricted=True)
    assert found.findings[: len(before.findings)] == before.findings
    assert surest(found) == {("scam", Source.QR): 0.99, ("scam", Source.MODEL): 0.8}
    assert found.allowed_rules == {"spam"}
    assert (found.model, found.asked_model, found.unanswered) == ("eyes:8b", True, None)
    (review,) = desk.model.reviews
    assert (review.text, review.age_restricted) == ("win!", True)
    assert review.task is TaskName.MODERATE


def test_the_model_is_asked_about_every_rule_that_is_on() -> None:
    """And about what a minor might be in, whatever is on."""
    custom = (
        CustomRule(2, "no cats"),
        CustomRule(3, "no dogs", Rule(enabled=False)),
    )
    policy = replace(preset("adult", Policy()), custom_rules=custom)
    names = [criterion.name for criterion in criteria_of(policy)]
    assert names == [*(category.value for category in Category), "custom:2"]
    off = replace(policy, rules={Category.SPAM: Rule(enabled=False), Category.SCAM: Rule()})
    assert [criterion.name for criterion in criteria_of(off)] == [
        "sexual",
        "nudity",
        "scam",
        "custom:2",
    ]
    assert [criterion.quoted for criterion in criteria_of(off)] == [False, False, False, True]


async def test_white_and_dark_are_asked_about_and_the_higher_counts() -> None:
    says = by_frame(
        on_white=said(breaks("scam", 20, 3), breaks("spam", 80, 1)),
        on_dark=said(breaks("scam", 90, 1, evidence="white on white"), breaks("drugs", 75)),
    )
    desk = Desk(Eyes(says))
    found = await desk.assess(screened_of(WHITE, dark=(DARK,)))
    assert desk.model.shown == [(WHITE.data,), (DARK.data,)]
    assert surest(found) == {
        ("scam", Source.MODEL): 0.9,
        ("spam", Source.MODEL): 0.8,
        ("drugs", Source.MODEL): 0.75,
    }
    scam = next(finding for finding in found.findings if finding.rule == "scam")
    assert (scam.severity, scam.evidence) == (3, "white on white")


async def test_an_animation_is_asked_about_as_a_whole() -> None:
    desk = Desk()
    await desk.assess(screened_of(*frames(4)))
    assert [len(shown) for shown in desk.model.shown] == [4]


async def test_an_animation_is_asked_about_in_parts_where_a_model_sees_fewer_pictures() -> None:
    says = by_frame(frame_2=said(breaks("scam")))
    desk = Desk(Eyes(says, max_frames=1))
    found = await desk.assess(screened_of(*frames(3)))
    assert [len(shown) for shown in desk.model.shown] == [1, 1, 1]
    assert surest(found) == {("scam", Source.MODEL): 0.9}


async def test_an_animation_that_does_not_fit_is_asked_about_in_halves() -> None:
    """A long animation is no way past the model."""

    def says(asked: Asked) -> str | LookoutError:
        assert not isinstance(asked, Dialogue)
        shown = [frame.data for frame in asked.picture.frames]
        if len(shown) > 1:
            return ContextExceeded()
        return said(breaks("scam")) if shown == [b"frame 3"] else said()

    found = await Desk(Eyes(says)).assess(screened_of(*frames(4)))
    assert found.unanswered is None
    assert surest(found) == {("scam", Source.MODEL): 0.9}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (REFUSAL, Unanswered.REFUSED),
        ("The picture is safe.", Unanswered.INVALID),
        (said(shown=""), Unanswered.INVALID),
        (said(breaks("no_such_rule")), Unanswered.INVALID),
        (AnswerInvalid(), Unanswered.INVALID),
        (AnswerLooped(), Unanswered.LOOPED),
        (PictureRejected(), Unanswered.REJECTED),
        (ContextExceeded(), Unanswered.REJECTED),
        (EngineRejected(400), Unanswered.REJECTED),
    ],
)
@pytest.mark.parametrize("dark", [False, True])
async def test_what_is_no_answer_is_never_a_clean_picture(
    answer: str | LookoutError, why: Unanswered, dark: bool
) -> None:
    """Neither where it is about the picture on the dark background alone; nor is it kept."""
    says = by_frame(on_dark=answer) if dark else always(answer)
    desk = Desk(Eyes(says))
    found = await desk.assess(screened_of(WHITE, dark=(DARK,) if dark else ()))
    assert found.unanswered is why
    assert decide(found, desk.policy, Context()).outcome is Outcome.NEEDS_HUMAN
    assert len(desk.answers.kept) == dark


async def test_what_a_refusing_model_found_still_counts() -> None:
    shown = "I cannot describe this."
    found = await Desk(Eyes(always(said(breaks("scam"), shown=shown)))).assess()
    assert found.unanswered is Unanswered.REFUSED
    assert surest(found) == {("scam", Source.MODEL): 0.9}


@pytest.mark.parametrize(
    "error",
    [
        EngineUnavailable(),
        EngineBusy(),
        EngineTimeout("connect", 5),
        EngineTimeout("first_word", 300),
        EngineOutOfMemory(),
        AnswerInterrupted(),
        ModelMissing("eyes"),
        ModelCannotSee("eyes"),
        ModelUnsupported("eyes", "0.1", ""),
        EngineRejected(401),
        EngineRejected(),
        CannotAnswer("builtin", "moderate"),
    ],
    ids=repr,
)
async def test_an_engine_out_of_order_says_nothing_about_a_picture(error: LookoutError) -> None:
    desk = Desk(Eyes(by_frame(on_dark=error)))
    with pytest.raises((EngineError, CannotAnswer)) as raised:
        await desk.assess(screened_of(WHITE, dark=(DARK,)))
    assert raised.value is error
    assert desk.answers.kept == {}
    assert desk.gate.state().running == 0


# What is kept.


async def test_the_same_question_is_asked_once() -> None:
    desk = Desk(Eyes(always(said(breaks("scam")))))
    first = await desk.assess(screened_of(WHITE, dark=(DARK,)), text="hello")
    second = await desk.assess(screened_of(WHITE, dark=(DARK,)), text="hello")
    assert first == second
    assert len(desk.model.asked) == 2


async def test_another_message_policy_place_or_model_is_another_question() -> None:
    desk = Desk()
    await desk.assess(text="hello")
    await desk.assess(text="hello!")
    await desk.assess(text="hello", age_restricted=True)
    desk.policy = replace(desk.policy, custom_rules=(CustomRule(1, "no cats"),))
    await desk.assess(text="hello")
    desk.policy = replace(desk.policy, custom_rules=(CustomRule(1, "no dogs"),))
    await desk.assess(text="hello")
    desk.model.model = "eyes:32b"
    await desk.assess(text="hello")
    assert len(desk.model.asked) == len(desk.answers.kept) == 6


async def test_a_threshold_is_no_part_of_the_question() -> None:
    """Thresholds, ladders and blocked words are held against what is kept."""
    desk = Desk(Eyes(always(said(breaks("scam"), read="Buy GOLD now"))))
    first = await desk.assess()
    desk.policy = replace(preset("strict", desk.policy), blocked_words=("gold",))
    second = await desk.assess()
    assert len(desk.model.asked) == 1
    assert ("spam", Source.WORDS) not in surest(first)
    assert ("spam", Source.WORDS) in surest(second)


async def test_a_key_holds_nobody_and_no_words() -> None:
    desk = Desk()
    await desk.assess(text="secret words")
    (key,) = desk.answers.kept
    assert key.picture_sha256 == WHITE.sha256
    assert key.task is TaskName.MODERATE
    assert "secret" not in repr(key)


async def test_a_look_that_keeps_nothing_reads_nothing_either() -> None:
    desk = Desk()
    await desk.assess(stored=False)
    assert desk.answers.kept == {}
    await desk.assess()
    await desk.assess(stored=False)
    assert len(desk.model.asked) == 3


async def test_what_is_kept_and_cannot_be_read_is_asked_again() -> None:
    desk = Desk(Eyes(always(said(breaks("scam")))))
    await desk.assess()
    ((key, answer),) = desk.answers.kept.items()
    desk.answers.kept[key] = replace(answer, text="{}")
    assert surest(await desk.assess()) == {("scam", Source.MODEL): 0.9}
    assert len(desk.model.asked) == 2


async def test_a_store_that_is_out_of_order_changes_nothing() -> None:
    desk = Desk(Eyes(always(said(breaks("scam")))), answers=FakeAnswers(error=StorageFailed()))
    assert surest(await desk.assess()) == {("scam", Source.MODEL): 0.9}


# The special path.


@pytest.mark.parametrize(
    ("findings", "score", "special"),
    [
        ((breaks("sexual", 30, minor=True),), None, True),
        ((breaks("nudity", 90, minor=True),), None, True),
        ((breaks("nudity", 29, minor=True),), None, False),
        ((breaks("sexual", 99),), None, False),
        ((breaks("self_harm", 99, minor=True),), None, False),
        ((breaks("self_harm", 99, minor=True),), 0.3, True),
        ((breaks("nudity", 40), breaks("harassment", 1, minor=True)), None, True),
        ((), 0.99, False),
    ],
)
async def test_the_special_path(
    findings: Sequence[dict[str, object]], score: float | None, special: bool
) -> None:
    """Sexual content or nudity, found by anybody, where the model sees a minor."""
    classifier = None if score is None else Scores(score)
    desk = Desk(Eyes(always(said(*findings, read="free nitro"))), classifier=classifier)
    found = await desk.assess()
    assert found.special is special
    assert (len(desk.answers.kept) == 0) is special
    if special:
        assert all(not finding.evidence for finding in found.findings)
        assert decide(found, desk.policy, Context()).outcome is Outcome.SPECIAL


async def test_nothing_of_a_special_picture_is_kept_whatever_white_showed() -> None:
    says = by_frame(on_dark=said(breaks("sexual", minor=True)))
    desk = Desk(Eyes(says))
    found = await desk.assess(screened_of(WHITE, dark=(DARK,)))
    assert found.special
    assert desk.answers.kept == {}


async def test_adult_servers_are_spared_nothing_of_it() -> None:
    desk = Desk(Eyes(always(said(breaks("sexual", minor=True)))))
    desk.policy = preset("adult", desk.policy)
    assert (await desk.assess(age_restricted=True)).special


# The door.


@pytest.mark.parametrize(
    ("interactive", "order"),
    [(False, ["person", "review"]), (True, ["review", "person"])],
)
async def test_the_queues_work_waits_for_people_and_a_persons_does_not(
    interactive: bool, order: list[str]
) -> None:
    """Behind what runs stands a review, and then a person."""
    done: list[str] = []

    def says(asked: Asked) -> str:
        done.append("review")
        return said()

    desk = Desk(Eyes(says))
    release = asyncio.Event()

    async def person(number: int) -> None:
        async with desk.gate.admit(Asker(number), priority=Priority.INTERACTIVE):
            if number == 10:
                await release.wait()
            else:
                done.append("person")

    async with asyncio.TaskGroup() as group:
        group.create_task(person(10))
        await asyncio.sleep(0)
        group.create_task(desk.assess(interactive=interactive))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        group.create_task(person(11))
        await asyncio.sleep(0)
        release.set()
    assert done == order
