"""Who changed what of a policy is kept in codes, and read in words."""

from dataclasses import replace

import pytest

from bot.domain.moderation.policy import AgeRestricted, Category, Policy, PolicyChange, Rule, Step
from bot.services.moderation.presets import PRESETS, preset
from bot.ui.i18n import words
from bot.ui.moderation.changes import AGE_NAMES, change_line, changes_between
from bot.ui.moderation.edits import with_custom_rule, with_rule, without_custom_rule
from tests.ui.markup import live

ACTOR = 7
SAY = words("en-US")


def lines(before: Policy, after: Policy) -> list[str]:
    return [change_line(one, after, SAY) for one in changes_between(before, after, ACTOR)]


def test_nothing_changed_is_no_change() -> None:
    assert changes_between(Policy(), Policy(), ACTOR) == ()


def test_every_setting_is_named_with_before_and_after() -> None:
    before = Policy()
    after = replace(
        before,
        enabled=True,
        dry_run=False,
        log_channel_id=5,
        channel_ids=(1, 2, 3, 4, 5, 6, 7),
        exempt_role_ids=(8,),
        exempt_staff=False,
        look_at_bots=False,
        age_restricted=AgeRestricted.SAME,
        time_out_seconds=600,
        repeat_window_days=7,
        raid_window_seconds=7200,
        tell_person=False,
        delete_special=False,
        blocked_words=("nitro",),
    )
    assert lines(before, after) == [
        "Moderation: off → on",
        "Dry run: on → off",
        "Log channel: none → <#5>",
        "Chosen channels: none → <#1> <#2> <#3> <#4> <#5> and 2 more",
        "Exempt roles: none → <@&8>",
        "Staff is exempt: on → off",
        "Bots are looked at: on → off",
        f"Age-restricted channels: {AGE_NAMES[before.age_restricted]} → the same as everywhere",
        "Blocked words: 0 words → 1 word",
        "Length of a time-out: 1 hour → 10 minutes",
        "How long earlier cases count: 30 days → 7 days",
        "How long copies join a case: 1 hour → 2 hours",
        "The person is told: on → off",
        "Special cases are deleted at once: on → off",
    ]
    assert {one.actor_id for one in changes_between(before, after, ACTOR)} == {ACTOR}


def test_a_rule_s_parts_are_named() -> None:
    rule = Rule(False, 0.95, (Step.DELETE, Step.BAN), people_without_human=True)
    assert lines(Policy(), with_rule(Policy(), Category.SCAM, rule)) == [
        "Scams and phishing: looked for: on → off",
        "Scams and phishing: what is done: flag for review → delete, delete and ban",
        "Scams and phishing: people without a human: off → on",
        "Scams and phishing: from how sure on: 70 % → 95 %",
    ]


def test_a_preset_is_one_change_however_many_rules_it_brings() -> None:
    assert lines(Policy(), preset("strict", Policy())) == ["Preset: General → Strict"]
    edited = with_rule(Policy(), Category.SCAM, Rule(threshold=0.9))
    assert lines(edited, preset("general", edited)) == [
        "Scams and phishing: from how sure on: 90 % → 70 %"
    ]
    assert len(PRESETS) == 4


def test_a_rule_of_ones_own_does_no_harm_where_it_is_shown() -> None:
    hostile = "no **@everyone** [x](https://evil.example) `"
    policy = with_custom_rule(Policy(), hostile)
    for line in (*lines(Policy(), policy), *lines(policy, without_custom_rule(policy, "custom:1"))):
        assert live(line) == []


def test_the_same_number_of_other_words_is_a_change() -> None:
    before = replace(Policy(), blocked_words=("a",))
    after = replace(Policy(), blocked_words=("b",))
    assert lines(before, after) == ["Blocked words: 1 word → 1 word"]


@pytest.mark.parametrize(
    "change",
    [
        PolicyChange(1, "colour", "red", "@everyone"),
        PolicyChange(1, "watch", "somewhere", "*bold*"),
        PolicyChange(1, "rule:scam:ladder", "99", "x"),
        PolicyChange(1, "time_out", "soon", "later"),
    ],
)
def test_codes_of_another_version_are_shown_as_they_are_and_do_no_harm(
    change: PolicyChange,
) -> None:
    line = change_line(change, Policy(), SAY)
    assert "→" in line
    assert live(line) == []
