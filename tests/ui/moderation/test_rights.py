"""Who may press what: the whole table, as a pure function."""

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moderation.case import ActionKind, Decision
from bot.domain.moderation.upload import Subject
from bot.ui.i18n import words
from bot.ui.moderation.rights import (
    ACTION_NEEDS,
    BOT_NEEDS,
    PRESSER_NEEDS,
    Control,
    Powers,
    Reason,
    Refusal,
    Standing,
    action_refusal,
    control_of,
    refusal,
    refusal_sentence,
    undo_of,
)

ALL = discord.Permissions.all()
BOT = Powers(1, ALL, rank=(9, 0))
MODERATOR = Powers(2, ALL, rank=(5, 0))
PERSON = Standing(3, rank=(1, 0))
CONTROLS = tuple(Control)
ABOUT_PEOPLE = tuple(control for control in CONTROLS if control.concerns_person)


def without(permission: str) -> discord.Permissions:
    allowed = discord.Permissions.all()
    setattr(allowed, permission, False)
    return allowed


@pytest.mark.parametrize("control", CONTROLS)
def test_whoever_has_all_rights_and_stands_above_may(control: Control) -> None:
    assert refusal(control, MODERATOR, BOT, PERSON) is None


@pytest.mark.parametrize(
    ("control", "permission"),
    [(control, needed) for control in CONTROLS for needed in PRESSER_NEEDS[control]],
)
def test_each_missing_permission_of_the_presser_is_named(control: Control, permission: str) -> None:
    presser = Powers(2, without(permission), rank=(5, 0))
    expected = Refusal(Reason.PRESSER_LACKS, permission)
    assert refusal(control, presser, BOT, PERSON) == expected


@pytest.mark.parametrize(
    ("control", "permission"),
    [(control, needed) for control in CONTROLS for needed in BOT_NEEDS[control]],
)
def test_each_missing_permission_of_the_bot_is_named(control: Control, permission: str) -> None:
    bot = Powers(1, without(permission), rank=(9, 0))
    expected = Refusal(Reason.BOT_LACKS, permission)
    assert refusal(control, MODERATOR, bot, PERSON) == expected


@pytest.mark.parametrize("control", CONTROLS)
def test_whoever_is_timed_out_decides_nothing(control: Control) -> None:
    presser = Powers(2, ALL, rank=(5, 0), timed_out=True)
    assert refusal(control, presser, BOT, PERSON) == Refusal(Reason.TIMED_OUT)


@pytest.mark.parametrize("control", ABOUT_PEOPLE)
@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (None, Reason.NOBODY),
        (Standing(2, rank=(5, 0)), Reason.ONESELF),
        (Standing(3, owner=True), Reason.OWNER),
        (Standing(3, rank=(5, 0)), Reason.ABOVE_PRESSER),
        (Standing(3, rank=(6, 0)), Reason.ABOVE_PRESSER),
    ],
)
def test_people_who_stand_too_high_are_left_alone(
    control: Control, target: Standing | None, reason: Reason
) -> None:
    assert refusal(control, MODERATOR, BOT, target) == Refusal(reason)


@pytest.mark.parametrize("control", ABOUT_PEOPLE)
def test_not_even_the_owner_gets_past_the_bots_own_place(control: Control) -> None:
    owner = Powers(2, ALL, owner=True)
    high = Standing(3, rank=(9, 0))
    assert refusal(control, owner, BOT, high) == Refusal(Reason.ABOVE_BOT)


def test_of_two_roles_in_the_same_place_the_older_is_higher() -> None:
    older = Powers(2, ALL, rank=(5, -100))
    assert refusal(Control.BAN, older, BOT, Standing(3, rank=(5, -200))) is None
    younger = Powers(2, ALL, rank=(5, -300))
    refused = refusal(Control.BAN, younger, BOT, Standing(3, rank=(5, -200)))
    assert refused == Refusal(Reason.ABOVE_PRESSER)


def test_administrators_cannot_be_timed_out_but_banned() -> None:
    target = Standing(3, rank=(1, 0), administrator=True)
    refused = refusal(Control.TIME_OUT, MODERATOR, BOT, target)
    assert refused == Refusal(Reason.ADMINISTRATOR)
    assert refusal(Control.BAN, MODERATOR, BOT, target) is None


def test_whoever_has_left_can_be_banned_whatever_they_were() -> None:
    left = Standing(3, rank=(99, 0), member=False)
    assert refusal(Control.BAN, MODERATOR, BOT, left) is None


RANKS = st.tuples(st.integers(0, 9), st.integers(-9, 0))


@given(
    control=st.sampled_from(CONTROLS),
    presser=st.builds(
        Powers,
        st.just(2),
        st.integers(0, ALL.value).map(discord.Permissions),
        rank=RANKS,
        timed_out=st.booleans(),
    ),
    target=st.builds(Standing, st.just(3), rank=RANKS, owner=st.booleans()),
)
def test_nobody_does_to_a_person_what_discord_would_not_let_them(
    control: Control, presser: Powers, target: Standing
) -> None:
    if refusal(control, presser, BOT, target) is None:
        assert not presser.timed_out
        assert all(getattr(presser.permissions, needed) for needed in PRESSER_NEEDS[control])
        below = not target.owner and presser.rank > target.rank
        assert below or not control.concerns_person


@pytest.mark.parametrize("decision", tuple(Decision))
def test_every_decision_has_its_control_and_can_be_undone_by_the_same_right(
    decision: Decision,
) -> None:
    assert control_of(decision).value == decision.value
    made, undone = PRESSER_NEEDS[control_of(decision)], PRESSER_NEEDS[undo_of(decision)]
    assert set(undone) == set(made)


def test_emoji_and_stickers_need_the_right_to_expressions() -> None:
    for subject in (Subject.EMOJI, Subject.STICKER):
        assert control_of(Decision.DELETE, subject) is Control.DELETE_EXPRESSION
        assert control_of(Decision.BLOCK, subject) is Control.DELETE_EXPRESSION
        assert control_of(Decision.KEEP, subject) is Control.KEEP


@pytest.mark.parametrize("kind", tuple(ACTION_NEEDS))
def test_an_action_needs_its_one_permission_of_both(kind: ActionKind) -> None:
    needed = ACTION_NEEDS[kind]
    lacking = without(needed)
    by_policy = action_refusal(kind, Subject.MESSAGE, None, BOT, PERSON)
    assert by_policy is None
    asker = Powers(2, lacking, rank=(5, 0))
    refused = action_refusal(kind, Subject.MESSAGE, asker, BOT, PERSON)
    assert refused == Refusal(Reason.PRESSER_LACKS, needed)
    bot = Powers(1, lacking, rank=(9, 0))
    refused = action_refusal(kind, Subject.MESSAGE, MODERATOR, bot, PERSON)
    assert refused == Refusal(Reason.BOT_LACKS, needed)


@pytest.mark.parametrize("reason", tuple(Reason))
@pytest.mark.parametrize("locale", ["en-US", "ja", "zh-CN"])
def test_every_refusal_is_said_with_what_is_missing(reason: Reason, locale: str) -> None:
    say = words(locale)
    said = refusal_sentence(Refusal(reason, "ban_members"), say)
    assert said.strip()
    assert "{" not in said
    if reason in {Reason.PRESSER_LACKS, Reason.BOT_LACKS} and locale == "en-US":
        assert "“Ban Members”" in said
