"""A card as it is drawn: within Discord's limits and harmless, whatever is in the case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.moderation.assessment import (
    MAX_EVIDENCE_CHARACTERS,
    Finding,
    Outcome,
    Source,
    Unanswered,
)
from bot.domain.moderation.case import (
    MAX_APPEAL_CHARACTERS,
    MAX_REPORT_CHARACTERS,
    Action,
    ActionCount,
    ActionKind,
    ActionState,
    Appeal,
    Case,
    CaseState,
    Decided,
    Decision,
    Report,
    Sighting,
)
from bot.domain.moderation.policy import (
    BLOCKED_PICTURE,
    MAX_CUSTOM_RULE_CHARACTERS,
    REPORTED,
    UNANSWERED,
    Category,
    CustomRule,
    Policy,
    Step,
)
from bot.domain.moderation.upload import Author, Subject
from bot.ui.i18n import words
from bot.ui.layouts import TEXT_LIMIT
from bot.ui.moderation.card import belongs_to, card, custom_id
from bot.ui.moderation.card_lines import action_lines, done_lines
from bot.ui.moderation.confirming import confirmation
from bot.ui.moderation.meanings import sure
from bot.ui.moderation.pressing import outcome
from bot.ui.moderation.telling import done_to, notice

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = 2**63 - 1
SAY = words("en-US")
MARKUP = "@everyone *_~`|<[](https://evil.example) > # "
CASE = Case(
    id=12,
    guild_id=1,
    number=7,
    state=CaseState.OPEN,
    outcome=Outcome.FLAGGED,
    rule=Category.SCAM,
    score=0.87,
    severity=2,
    step=Step.DELETE,
    automatic=None,
    dry_run=False,
    opened_at=NOW,
    updated_at=NOW,
    version=1,
    sightings=(Sighting(1, 2, 3, 4, Author.MEMBER, Subject.MESSAGE, NOW),),
)

TELL = Action(5, 12, 7, 1, ActionKind.TELL, ActionState.PENDING, NOW, person_id=4)


def longest(locale: str = "en-US", filler: str = MARKUP) -> tuple[Case, Policy]:
    """A case with as much of everything as can be kept."""

    def text(limit: int) -> str:
        return (filler * limit)[:limit]

    rule = CustomRule(ID, text(MAX_CUSTOM_RULE_CHARACTERS))
    other = CustomRule(ID - 1, text(MAX_CUSTOM_RULE_CHARACTERS))
    kinds = [*ActionKind] * 4
    states = [*ActionState] * 4
    actions = tuple(
        Action(number, 1, 1, ID, kinds[number], states[number], NOW, until=NOW)
        for number in range(25)
    )
    case = replace(
        CASE,
        id=ID,
        guild_id=ID,
        number=ID,
        rule=rule.id,
        step=Step.BAN,
        automatic=Step.DELETE,
        dry_run=True,
        findings=tuple(
            Finding(rule.id if number else other.id, source, 0.99, 3, text(MAX_EVIDENCE_CHARACTERS))
            for number in (0, 1)
            for source in Source
        ),
        sightings=tuple(
            Sighting(ID, ID, ID - number, ID, Author.MEMBER, Subject.MESSAGE, NOW)
            for number in range(10)
        ),
        sighting_count=1_000_000,
        people_count=100_000,
        actions=actions,
        action_counts=tuple(
            ActionCount(kind, state, 1_000_000) for kind in ActionKind for state in ActionState
        ),
        appeals=tuple(Appeal(ID, text(MAX_APPEAL_CHARACTERS), NOW) for _ in range(25)),
        reports=tuple(Report(ID, text(MAX_REPORT_CHARACTERS), NOW) for _ in range(25)),
        thumbnail=b"jpeg",
        seen_before=1_000_000,
        person_before=1_000_000,
    )
    return case, Policy(custom_rules=(rule, other))


def text_of(view: ui.LayoutView) -> str:
    return "\n".join(
        item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)
    )


def buttons_of(view: ui.LayoutView) -> list[Any]:
    return [item for item in view.walk_children() if isinstance(item, ui.Button)]


@pytest.mark.parametrize("locale", ["en-US", "ja", "zh-CN"])
@pytest.mark.parametrize("state", list(CaseState))
def test_the_fullest_card_is_within_discord_s_limits(locale: str, state: CaseState) -> None:
    case, policy = longest(locale)
    case = replace(case, state=state, decision=Decision.BAN, decided_by=ID, decided_at=NOW)
    drawn = card(case, policy, {ID: MARKUP * 10}, words(locale))
    assert drawn.view.content_length() <= TEXT_LIMIT
    assert len(list(drawn.view.walk_children())) <= 40
    for button in buttons_of(drawn.view):
        assert len(button.label) <= 80
        assert len(button.custom_id) <= 100


@settings(max_examples=60)
@given(filler=st.text(min_size=1, max_size=30))
def test_whatever_people_and_models_write_fits_and_mentions_nobody(filler: str) -> None:
    case, policy = longest(filler=filler)
    drawn = card(case, policy, {ID: filler * 10}, SAY)
    assert drawn.view.content_length() <= TEXT_LIMIT
    assert "@everyone" not in text_of(drawn.view)
    assert "@here" not in text_of(drawn.view)


def test_nothing_of_a_picture_is_on_the_card_of_the_special_path() -> None:
    case, policy = longest(filler="secret ")
    drawn = card(replace(case, outcome=Outcome.SPECIAL), policy, {}, SAY)
    assert not drawn.files
    assert not any(isinstance(item, ui.MediaGallery) for item in drawn.view.walk_children())
    evidence = " ".join(text_of(drawn.view).split("**What to do**"))
    assert "Reason" not in evidence
    assert "99 %" not in evidence
    offered = {button.custom_id.split(":")[2] for button in buttons_of(drawn.view)}
    assert not offered & {"reveal", "block", "not_violation"}


def test_a_card_is_known_by_its_own_buttons_alone() -> None:
    assert belongs_to(12, custom_id("delete", 12))
    assert not belongs_to(2, custom_id("delete", 12))
    assert not belongs_to(12, "lookout:appeal:1:12")


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (1.0, "almost certain"),
        (0.9, "almost certain"),
        (0.87, "very likely"),
        (0.5, "likely"),
        (0.3, "possible"),
        (0.0, "unlikely"),
    ],
)
def test_how_sure_is_said_in_words(score: float, said: str) -> None:
    assert sure(score, SAY) == said


def test_what_only_asks_for_a_look_claims_no_figures() -> None:
    reported = replace(
        CASE,
        rule=REPORTED,
        score=1.0,
        severity=1,
        findings=(Finding(REPORTED, Source.MEMBER, 1.0, 1),),
    )
    said = text_of(card(reported, Policy(), {}, SAY).view)
    assert "**How sure, how bad:** not known. A report does not say." in said
    assert "\n- member's report\n" in said
    assert "%" not in said

    found = Finding(UNANSWERED, Source.MODEL, 1.0, 1, evidence=Unanswered.LOOPED.value)
    unanswered = replace(CASE, rule=UNANSWERED, score=1.0, severity=1, findings=(found,))
    said = text_of(card(unanswered, Policy(), {}, SAY).view)
    assert "**How sure, how bad:** not known. Nothing here could judge it." in said
    assert "\n- The model repeated itself without end.\n" in said
    assert "%" not in said
    assert "**Reason**" not in said


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ((Finding(Category.SCAM, Source.MODEL, 0.9, 2),), "I let this picture pass here"),
        ((Finding(Category.SCAM, Source.QR, 0.99, 3),), "The rules still apply to copies"),
        ((Finding(Category.SCAM, Source.QR, 0.1, 3),), "I let this picture pass here"),
        ((Finding(BLOCKED_PICTURE, Source.BANK, 1.0, 2),), "The picture stays blocked"),
    ],
)
def test_what_no_violation_teaches_is_not_overstated(
    findings: tuple[Finding, ...], said: str
) -> None:
    case = replace(CASE, decision=Decision.NOT_VIOLATION, findings=findings)
    assert said in outcome(Decided(case, fresh=True), Policy(), SAY)


def test_what_was_deleted_is_not_said_to_be_kept() -> None:
    case = replace(CASE, decision=Decision.KEEP, outcome=Outcome.ACTED)
    assert outcome(Decided(case, fresh=True), Policy(), SAY).startswith("Let pass")
    case = replace(case, outcome=Outcome.FLAGGED)
    assert outcome(Decided(case, fresh=True), Policy(), SAY).startswith("Kept")


def test_what_failed_says_why() -> None:
    counts = (
        ActionCount(ActionKind.DELETE, ActionState.DONE, 1000),
        ActionCount(ActionKind.DELETE, ActionState.ALREADY, 1),
        ActionCount(ActionKind.BAN, ActionState.OUTRANKED, 1),
        ActionCount(ActionKind.TELL, ActionState.UNREACHABLE, 1),
    )
    assert action_lines(replace(CASE, action_counts=counts), SAY) == [
        "- Delete the message: 1000 × done, was so already",
        "- Ban: the person stands above me or the moderator",
        "- Tell the person: direct messages are closed",
    ]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (replace(CASE, dry_run=True), "**Dry run:** I do nothing by myself."),
        (
            replace(CASE, dry_run=True, automatic=Step.DELETE),
            "**Dry run:** I would have done this at once: delete. I did nothing.",
        ),
        (CASE, "**Proposed by the rule:** delete. That waits for a moderator."),
    ],
)
def test_what_was_not_done_is_said_too(case: Case, said: str) -> None:
    assert said in done_lines(case, SAY)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (Decision.DELETE, "A message of yours with a picture was removed."),
        (Decision.BLOCK, "A message of yours with a picture was removed."),
        (Decision.TIME_OUT, "You cannot write there for a while."),
        (Decision.KICK, "You were removed from the server; you may join again."),
        (Decision.BAN, "You were banned from the server."),
        (Decision.KEEP, "it was no violation."),
    ],
)
def test_the_person_concerned_hears_it_in_plain_words(decision: Decision, said: str) -> None:
    actions = tuple(replace(TELL, kind=kind) for kind in ActionKind)
    case = replace(CASE, actions=actions)
    view = notice(case, decision, Policy(), SAY, server="A **server**", action=TELL)
    text = text_of(view)
    assert said in text
    assert r"A \*\*server\*\*" in text
    (button,) = buttons_of(view)
    assert button.custom_id == "lookout:appeal:1:12:5"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ActionState.PENDING, True),
        (ActionState.DONE, True),
        (ActionState.FAILED, False),
        (ActionState.OUTRANKED, False),
    ],
)
def test_nobody_hears_of_what_failed_for_them(state: ActionState, told: bool) -> None:
    for decision, kind, said in (
        (Decision.TIME_OUT, ActionKind.TIME_OUT, "You cannot write there"),
        (Decision.KICK, ActionKind.KICK, "You were removed"),
        (Decision.BAN, ActionKind.BAN, "You were banned"),
    ):
        action = replace(TELL, kind=kind, state=state, until=CASE.opened_at)
        others = [
            replace(action, person_id=999, state=other)
            for other in (ActionState.FAILED, ActionState.DONE)
        ]
        case = replace(CASE, actions=(action, *others))
        text = text_of(notice(case, decision, Policy(), SAY, server="x", action=TELL))
        assert "A message of yours with a picture was removed." in text
        assert (said in text) is told


def test_who_is_only_among_others_to_be_sent_away_hears_of_the_message_alone() -> None:
    case = replace(CASE, automatic=Step.BAN)
    text = text_of(notice(case, Decision.BAN, Policy(), SAY, server="x", action=TELL))
    assert "was removed." in text
    assert "banned" not in text


def test_the_fullest_message_to_a_person_is_within_discord_s_limits() -> None:
    case, policy = longest()
    case = replace(case, actions=(replace(TELL, kind=ActionKind.BAN),))
    view = notice(case, Decision.BAN, policy, SAY, server=MARKUP * 10, action=TELL)
    assert view.content_length() <= TEXT_LIMIT


@pytest.mark.parametrize("subject", [Subject.EMOJI, Subject.STICKER])
def test_whoever_added_an_emoji_or_sticker_hears_of_that(subject: Subject) -> None:
    case = replace(CASE, sightings=(replace(CASE.sightings[0], subject=subject),))
    view = notice(case, Decision.DELETE, Policy(), SAY, server="x", action=TELL)
    assert f"{subject} that you added was removed." in text_of(view)


@pytest.mark.parametrize(
    ("automatic", "by_moderator", "decision", "expected"),
    [
        (Step.DELETE, False, None, Decision.DELETE),
        (Step.BAN, False, Decision.KEEP, Decision.BAN),
        (Step.FLAG, False, None, None),
        (None, True, None, None),
        (Step.DELETE, True, Decision.TIME_OUT, Decision.TIME_OUT),
    ],
)
def test_a_person_is_told_of_what_was_done_by_whoever_did_it(
    automatic: Step | None,
    by_moderator: bool,
    decision: Decision | None,
    expected: Decision | None,
) -> None:
    case = replace(CASE, automatic=automatic, decision=decision)
    assert done_to(case, by_moderator=by_moderator) is expected


@pytest.mark.parametrize(
    "decision", [Decision.DELETE, Decision.TIME_OUT, Decision.KICK, Decision.BAN, Decision.BLOCK]
)
def test_a_question_names_whom_it_is_about_and_fits(decision: Decision) -> None:
    policy = Policy(time_out_seconds=int(timedelta(days=400).total_seconds()))
    people = [ID - number for number in range(200)]
    view = confirmation(replace(CASE, sighting_count=3), decision, policy, people, SAY)
    text = text_of(view)
    assert view.content_length() <= TEXT_LIMIT
    assert text.endswith("they may join again.") == (decision is Decision.KICK)
    if decision in {Decision.TIME_OUT, Decision.KICK, Decision.BAN}:
        assert f"<@{ID}>" in text
        assert "and 195 more" in text
    for button in buttons_of(view):
        assert len(button.custom_id) <= 100
        assert int(button.custom_id.rpartition(":")[2]) <= 28 * 86400
