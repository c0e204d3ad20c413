"""What the panels' controls make of a policy."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moderation.policy import (
    MAX_BLOCKED_WORD_CHARACTERS,
    MAX_BLOCKED_WORDS,
    MAX_CUSTOM_RULES,
    MAX_LADDER_STEPS,
    Category,
    CustomRule,
    Policy,
    Rule,
    Step,
)
from bot.services.moderation.presets import PRESETS
from bot.ui.moderation.edits import (
    EDITS,
    SAME_AS_BEFORE,
    blocked_words,
    edited_rule,
    own_step,
    people_guarded,
    with_custom_rule,
    with_rule,
    without_custom_rule,
)

ladders = st.lists(st.sampled_from(Step), min_size=1, max_size=MAX_LADDER_STEPS).map(tuple)
rules = st.builds(
    Rule,
    enabled=st.booleans(),
    threshold=st.integers(1, 100).map(lambda percent: percent / 100),
    ladder=ladders,
    people_without_human=st.booleans(),
)
policies = st.builds(
    Policy,
    rules=st.fixed_dictionaries(dict.fromkeys(Category, rules)).map(MappingProxyType),
    custom_rules=rules.map(lambda rule: (CustomRule(1, "no cats", rule),)),
    time_out_seconds=st.sampled_from([60, 3600]),
    repeat_window_days=st.sampled_from([7, 30]),
)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_replaces_rules_and_keeps_everything_else(name: str) -> None:
    before = replace(with_custom_rule(Policy(), "no cats"), log_channel_id=7, dry_run=False)
    after = EDITS["preset"](before, [name])
    assert after.rules == PRESETS[name]
    assert replace(after, rules=before.rules, preset=before.preset) == before


@pytest.mark.parametrize(
    ("what", "value"),
    [("time_out", "61"), ("repeat", "0"), ("raid", "-1"), ("age", "never"), ("watch", "some")],
)
def test_what_was_not_offered_is_not_taken(what: str, value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        EDITS[what](Policy(), [value])


def test_what_holds_can_be_chosen_again_though_it_is_no_usual_choice() -> None:
    odd = replace(Policy(), time_out_seconds=61, repeat_window_days=3, raid_window_seconds=7)
    assert EDITS["time_out"](odd, ["61"]) == odd
    assert EDITS["repeat"](odd, ["3"]) == odd
    assert EDITS["raid"](odd, ["7"]) == odd
    rule = Rule(threshold=0.72)
    assert edited_rule(rule, "threshold", ["72"]) == rule


@pytest.mark.parametrize(
    ("before", "what", "value", "after"),
    [
        ((Step.FLAG,), "step_1", "3", (Step.DELETE,)),
        ((Step.FLAG,), "step_2", "4", (Step.FLAG, Step.TIME_OUT)),
        ((Step.FLAG,), "step_3", "6", (Step.FLAG, Step.FLAG, Step.BAN)),
        ((Step.FLAG, Step.FLAG, Step.BAN), "step_2", "3", (Step.FLAG, Step.DELETE, Step.BAN)),
        ((Step.FLAG, Step.BAN), "step_2", SAME_AS_BEFORE, (Step.FLAG,)),
        ((Step.FLAG, Step.DELETE, Step.BAN), "step_3", SAME_AS_BEFORE, (Step.FLAG, Step.DELETE)),
        ((Step.FLAG, Step.DELETE), "step_1", "3", (Step.DELETE,)),
        ((Step.FLAG, Step.DELETE, Step.KICK, Step.BAN), "step_1", "1",
         (Step.NOTE, Step.DELETE, Step.KICK, Step.BAN)),
    ],
)  # fmt: skip
def test_a_time_is_answered_differently_and_what_is_the_same_follows(
    before: tuple[Step, ...], what: str, value: str, after: tuple[Step, ...]
) -> None:
    assert edited_rule(Rule(ladder=before), what, [value]).ladder == after


@given(ladders, st.integers(0, 2), st.sampled_from([*(str(step.value) for step in Step), "same"]))
def test_every_choice_of_a_step_is_what_is_shown_afterwards(
    ladder: tuple[Step, ...], index: int, value: str
) -> None:
    if index == 0 and value == SAME_AS_BEFORE:
        return
    after = edited_rule(Rule(ladder=ladder), f"step_{index + 1}", [value]).ladder
    own = own_step(after, index)
    before = after[min(index, len(after)) - 1] if index else None
    assert own == (None if value in {SAME_AS_BEFORE, str(before)} else Step(int(value)))


@given(policies, policies)
def test_without_an_administrator_nobody_is_removed_who_was_not_before(
    before: Policy, wished: Policy
) -> None:
    after = people_guarded(before, wished)
    for rule_id in [*Category, "custom:1"]:
        old, new = before.rule(rule_id), after.rule(rule_id)
        assert old is not None
        assert new is not None
        if not new.people_without_human:
            continue
        assert old.people_without_human
        assert new.threshold >= old.threshold
        for time in range(MAX_LADDER_STEPS):
            assert (
                new.ladder[min(time, len(new.ladder) - 1)]
                <= (old.ladder[min(time, len(old.ladder) - 1)])
            )
        assert after.time_out_seconds <= before.time_out_seconds
        assert after.repeat_window_days <= before.repeat_window_days


@given(policies)
def test_what_an_administrator_allowed_stays_while_nothing_becomes_sharper(before: Policy) -> None:
    milder = replace(before, time_out_seconds=60, dry_run=True, exempt_role_ids=(3,))
    assert people_guarded(before, milder) == milder


def test_other_words_of_a_rule_need_an_administrator_again() -> None:
    allowed = CustomRule(1, "no cats", Rule(people_without_human=True))
    before = replace(Policy(), custom_rules=(allowed,), next_custom_number=2)
    after = people_guarded(before, with_custom_rule(before, "no pictures", 1))
    assert after.custom_rules == (CustomRule(1, "no pictures", Rule()),)


def test_rules_of_ones_own_are_numbered_for_good() -> None:
    policy = with_custom_rule(with_custom_rule(Policy(), " no  cats\n"), "no dogs")
    assert [(one.number, one.text) for one in policy.custom_rules] == [
        (1, "no cats"),
        (2, "no dogs"),
    ]
    policy = with_custom_rule(without_custom_rule(policy, "custom:2"), "no mice")
    assert [one.number for one in policy.custom_rules] == [1, 3]
    policy = with_rule(policy, "custom:3", Rule(enabled=False))
    assert with_custom_rule(policy, "no rats", 3).custom_rules[1] == CustomRule(
        3, "no rats", Rule(enabled=False)
    )


@pytest.mark.parametrize("text", ["", " \n", "x" * 201])
def test_a_rule_is_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="sentence"):
        with_custom_rule(Policy(), text)


def test_there_are_not_too_many_rules_of_ones_own() -> None:
    policy = Policy()
    for number in range(MAX_CUSTOM_RULES):
        policy = with_custom_rule(policy, f"rule {number}")
    with pytest.raises(ValueError, match="as many"):
        with_custom_rule(policy, "one more")


def test_changing_a_rule_that_is_gone_changes_nothing() -> None:
    assert with_rule(Policy(), "custom:9", Rule(enabled=False)) == Policy()
    with pytest.raises(ValueError, match="no such part"):
        edited_rule(Rule(), "colour", ["red"])


def test_words_are_read_a_line_each_without_twins() -> None:
    long = "x" * (MAX_BLOCKED_WORD_CHARACTERS + 1)
    kept, refused = blocked_words(f"Free  Nitro\n\nfree nitro\n{long}\nstraße")
    assert kept == ("free nitro", "strasse")
    assert refused == (long,)


def test_there_are_not_too_many_words() -> None:
    kept, refused = blocked_words("\n".join(f"word {n}" for n in range(MAX_BLOCKED_WORDS + 2)))
    assert len(kept) == MAX_BLOCKED_WORDS
    assert refused == (f"word {MAX_BLOCKED_WORDS}", f"word {MAX_BLOCKED_WORDS + 1}")
