"""What a policy makes of what was found."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.moderation.assessment import (
    Assessment,
    Context,
    Finding,
    Outcome,
    Source,
    Unanswered,
    Verdict,
)
from bot.domain.moderation.policy import (
    BLOCKED_PICTURE,
    MAX_LADDER_STEPS,
    ORDERS,
    REPORTED,
    SPECIAL,
    UNANSWERED,
    AgeRestricted,
    Category,
    CustomRule,
    Policy,
    Rule,
    RuleId,
    Step,
)
from bot.services.moderation.deciding import SILENCEABLE, decide
from tests.services.moderation.ranking import RANK, no_milder


def policy(dry_run: bool = False, **rules: Rule) -> Policy:
    """Make a policy in which only these categories are looked at."""
    every = {category: rules.get(category.value, Rule(enabled=False)) for category in Category}
    return Policy(enabled=True, dry_run=dry_run, rules=MappingProxyType(every))


def found(
    rule: RuleId,
    score: float = 0.9,
    severity: int = 2,
    source: Source = Source.MODEL,
    case_id: int | None = None,
) -> Finding:
    return Finding(rule, source, score, severity, case_id=case_id)


NOTHING_KNOWN = Context()


def verdict(
    *findings: Finding,
    by: Policy,
    context: Context = NOTHING_KNOWN,
    allowed: tuple[RuleId, ...] = (),
    unanswered: Unanswered | None = None,
) -> Verdict:
    assessment = Assessment(findings, allowed_rules=frozenset(allowed), unanswered=unanswered)
    return decide(assessment, by, context)


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("can_be_acted_on", [False, True])
def test_what_is_done_at_once(
    step: Step, dry_run: bool, alone: bool, can_be_acted_on: bool
) -> None:
    """Deleting needs no human, people do, and in dry run nothing happens at all."""
    by = policy(dry_run, scam=Rule(ladder=(step,), people_without_human=alone))
    result = verdict(found("scam"), by=by, context=Context(person_can_be_acted_on=can_be_acted_on))
    assert result.rule == "scam"
    assert result.step is step
    expected = {Step.NOTE: None, Step.FLAG: None, Step.DELETE: Step.DELETE}.get(
        step, step if alone and can_be_acted_on else Step.DELETE
    )
    assert result.automatic is (None if dry_run else expected)
    assert result.dry_run is dry_run
    if result.automatic:
        assert result.outcome is Outcome.ACTED
    else:
        assert result.outcome is (Outcome.NOTED if step is Step.NOTE else Outcome.FLAGGED)


@pytest.mark.parametrize(
    ("score", "outcome"), [(0.0, Outcome.CLEAN), (0.69, Outcome.CLEAN), (0.7, Outcome.FLAGGED)]
)
def test_a_finding_counts_from_the_threshold_on(score: float, outcome: Outcome) -> None:
    assert verdict(found("scam", score), by=policy(scam=Rule())).outcome is outcome


def test_what_no_rule_names_is_clean() -> None:
    """Rules that are off, or were deleted since, count for nothing."""
    result = verdict(found("scam"), found("custom:4"), by=policy())
    assert result == Verdict(Outcome.CLEAN, dry_run=False)


def test_a_rule_in_the_servers_own_words_counts_like_any() -> None:
    by = replace(policy(), custom_rules=(CustomRule(3, "no cats", Rule(ladder=(Step.DELETE,))),))
    result = verdict(found("custom:3"), by=by)
    assert (result.rule, result.automatic) == ("custom:3", Step.DELETE)


@pytest.mark.parametrize(
    ("before", "step"), [(0, Step.FLAG), (1, Step.DELETE), (2, Step.BAN), (9, Step.BAN)]
)
def test_the_ladder_goes_up_with_confirmed_cases(before: int, step: Step) -> None:
    by = policy(scam=Rule(ladder=(Step.FLAG, Step.DELETE, Step.BAN)))
    assert verdict(found("scam"), by=by, context=Context(confirmed_before=before)).step is step


def test_the_gravest_rule_names_the_verdict() -> None:
    """What is done counts first, then how bad it is; the figures are those of its findings."""
    by = policy(scam=Rule(ladder=(Step.DELETE,)), spam=Rule(), weapons=Rule(ladder=(Step.DELETE,)))
    result = verdict(
        found("spam", 1.0, 3),
        found("weapons", 0.8, 2),
        found("scam", 0.75, 3, Source.WORDS),
        found("scam", 0.95, 1, Source.QR),
        by=by,
    )
    assert (result.rule, result.score, result.severity) == ("scam", 0.95, 3)
    assert [finding.rule for finding in result.reasons] == ["scam", "weapons", "scam", "spam"]


def test_harmless_findings_are_left_to_people() -> None:
    """Severity 0: the rule is broken and no harm is done, so nobody is in a hurry."""
    by = policy(weapons=Rule(ladder=(Step.DELETE,)))
    result = verdict(found("weapons", severity=0), by=by)
    assert (result.outcome, result.step, result.automatic) == (Outcome.FLAGGED, Step.DELETE, None)


@pytest.mark.parametrize("source", list(Source))
def test_an_allowed_picture_is_spared_opinions_and_no_facts(source: Source) -> None:
    result = verdict(found("scam", source=source), by=policy(scam=Rule()), allowed=("scam",))
    assert (result.outcome is Outcome.CLEAN) is (source in SILENCEABLE)
    assert {Source.MODEL, Source.CLASSIFIER, Source.WORDS} == SILENCEABLE


def test_an_allowed_picture_is_allowed_for_its_rules_alone() -> None:
    by = policy(scam=Rule(), spam=Rule())
    result = verdict(found("scam"), found("spam"), by=by, allowed=("spam",))
    assert [finding.rule for finding in result.reasons] == ["scam"]


def test_a_blocked_picture_goes_at_once_whatever_is_allowed() -> None:
    blocked = found(BLOCKED_PICTURE, 0.9, source=Source.BANK)
    result = verdict(blocked, by=policy(), allowed=(BLOCKED_PICTURE,))
    assert (result.outcome, result.automatic) == (Outcome.ACTED, Step.DELETE)
    assert result.settled
    reported = verdict(blocked, by=policy(), context=Context(reports=1))
    assert reported.settled
    assert verdict(blocked, by=policy(dry_run=True)).outcome is Outcome.FLAGGED


def test_a_copy_of_a_picture_with_a_case_is_settled_unless_it_is_reported() -> None:
    copy = found("scam", source=Source.BANK, case_id=7)
    assert verdict(copy, by=policy(scam=Rule())).settled
    assert not verdict(copy, by=policy(scam=Rule()), context=Context(reports=1)).settled
    assert not verdict(copy, by=policy()).settled
    assert not verdict(found("scam", source=Source.QR), by=policy(scam=Rule())).settled


def test_a_copy_of_what_was_only_noted_is_looked_at() -> None:
    noted = policy(scam=Rule(ladder=(Step.NOTE, Step.FLAG)))
    copy = found("scam", source=Source.BANK, case_id=7)
    assert not verdict(copy, by=noted).settled
    assert verdict(copy, by=noted, context=Context(confirmed_before=1)).settled


def test_what_is_only_looked_at_for_a_report_is_left_to_people() -> None:
    harsh = policy(scam=Rule(ladder=(Step.BAN,), people_without_human=True))
    reported = Context(reports=1, only_reported=True)
    result = verdict(found("scam"), by=harsh, context=reported)
    assert (result.step, result.automatic) == (Step.BAN, None)
    assert result.outcome is Outcome.FLAGGED
    assert verdict(found(BLOCKED_PICTURE), by=harsh, context=reported).automatic is Step.DELETE


@pytest.mark.parametrize("why", list(Unanswered))
def test_what_the_model_cannot_answer_needs_a_human(why: Unanswered) -> None:
    result = verdict(by=policy(), unanswered=why)
    assert (result.outcome, result.rule, result.step) == (
        Outcome.NEEDS_HUMAN,
        UNANSWERED,
        Step.FLAG,
    )
    assert [finding.evidence for finding in result.reasons] == [why.value]


def test_what_else_was_found_names_an_unanswered_picture() -> None:
    by = policy(scam=Rule(), spam=Rule(ladder=(Step.NOTE,)))
    flagged = verdict(found("scam"), by=by, unanswered=Unanswered.REFUSED)
    assert (flagged.outcome, flagged.rule) == (Outcome.FLAGGED, "scam")
    noted = verdict(found("spam"), by=by, unanswered=Unanswered.REFUSED)
    assert (noted.outcome, noted.rule) == (Outcome.NEEDS_HUMAN, UNANSWERED)


def test_a_report_calls_for_a_moderator_even_about_an_allowed_picture() -> None:
    result = verdict(by=policy(), context=Context(reports=1), allowed=(REPORTED,))
    assert (result.outcome, result.rule) == (Outcome.FLAGGED, REPORTED)


def test_orders_to_the_model_are_flagged_and_never_acted_upon() -> None:
    result = verdict(found(ORDERS, source=Source.WORDS), by=policy())
    assert (result.outcome, result.rule, result.automatic) == (Outcome.FLAGGED, ORDERS, None)


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("differs", list(AgeRestricted))
def test_adults_among_themselves_may_be_naked_and_no_more(
    category: Category, differs: AgeRestricted
) -> None:
    by = Policy(rules={category: Rule()}, age_restricted=differs)
    result = verdict(found(category), by=by, context=Context(age_restricted=True))
    spared = differs is not AgeRestricted.SAME and category in {Category.SEXUAL, Category.NUDITY}
    assert (result.outcome is Outcome.CLEAN) is spared
    assert verdict(found(category), by=by).outcome is Outcome.FLAGGED


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("delete", [False, True])
def test_the_special_path_says_nothing_of_what_it_saw(dry_run: bool, delete: bool) -> None:
    by = replace(policy(dry_run), delete_special=delete)
    seen = Assessment(
        (found("sexual"),), allowed_rules=frozenset({"sexual", SPECIAL}), special=True
    )
    result = decide(seen, by, Context(age_restricted=True))
    assert (result.outcome, result.rule, result.reasons) == (Outcome.SPECIAL, SPECIAL, ())
    assert result.automatic is (Step.DELETE if delete and not dry_run else None)
    assert result.settled


# What holds for every policy and every assessment.

RULES: list[RuleId] = [
    *(category.value for category in Category),
    "custom:1",
    "custom:2",
    ORDERS,
    BLOCKED_PICTURE,
    REPORTED,
    UNANSWERED,
    "gone:9",
]
scores = st.integers(0, 20).map(lambda twentieth: twentieth / 20)
findings = st.builds(
    Finding,
    rule=st.sampled_from(RULES),
    source=st.sampled_from(Source),
    score=scores,
    severity=st.integers(0, 3),
    case_id=st.none() | st.integers(1, 3),
)
rules = st.builds(
    Rule,
    enabled=st.booleans(),
    threshold=st.integers(1, 20).map(lambda twentieth: twentieth / 20),
    ladder=st.lists(st.sampled_from(Step), min_size=1, max_size=MAX_LADDER_STEPS).map(tuple),
    people_without_human=st.booleans(),
)
policies = st.builds(
    Policy,
    enabled=st.just(True),
    dry_run=st.booleans(),
    age_restricted=st.sampled_from(AgeRestricted),
    rules=st.fixed_dictionaries(dict.fromkeys(Category, rules)),
    custom_rules=rules.map(lambda rule: (CustomRule(1, "one", rule), CustomRule(2, "two", rule))),
    delete_special=st.booleans(),
)
assessments = st.builds(
    Assessment,
    findings=st.lists(findings, max_size=5).map(tuple),
    allowed_rules=st.frozensets(st.sampled_from([*RULES, SPECIAL]), max_size=4),
    unanswered=st.none() | st.sampled_from(Unanswered),
    special=st.booleans(),
)
contexts = st.builds(
    Context,
    age_restricted=st.booleans(),
    confirmed_before=st.integers(0, 5),
    reports=st.integers(0, 2),
    only_reported=st.booleans(),
    person_can_be_acted_on=st.booleans(),
)


@given(assessments, findings, policies, contexts)
def test_a_further_finding_never_lowers_a_verdict(
    assessment: Assessment, further: Finding, by: Policy, context: Context
) -> None:
    before = decide(assessment, by, context)
    assert no_milder(decide(assessment.with_findings(further), by, context), before)


@given(assessments, st.data(), policies, contexts)
def test_a_surer_or_worse_finding_never_lowers_a_verdict(
    assessment: Assessment, data: st.DataObject, by: Policy, context: Context
) -> None:
    assume(assessment.findings)
    at = data.draw(st.integers(0, len(assessment.findings) - 1))
    one = assessment.findings[at]
    raised = replace(
        one,
        score=data.draw(scores.filter(lambda score: score >= one.score)),
        severity=data.draw(st.integers(one.severity, 3)),
    )
    others = (*assessment.findings[:at], raised, *assessment.findings[at + 1 :])
    after = decide(replace(assessment, findings=others), by, context)
    assert no_milder(after, decide(assessment, by, context))


@given(assessments, policies, contexts)
def test_no_answer_a_report_and_the_special_path_never_lower_a_verdict(
    assessment: Assessment, by: Policy, context: Context
) -> None:
    before = decide(assessment, by, context)
    unanswered = decide(replace(assessment, unanswered=Unanswered.INVALID), by, context)
    assert no_milder(unanswered, before)
    if UNANSWERED not in assessment.allowed_rules:
        assert RANK[unanswered.outcome] >= RANK[Outcome.NEEDS_HUMAN]
    reported = decide(assessment, by, replace(context, reports=context.reports + 1))
    assert RANK[reported.outcome] >= max(RANK[Outcome.FLAGGED], RANK[before.outcome])
    assert decide(replace(assessment, special=True), by, context).outcome is Outcome.SPECIAL


@given(assessments, policies, contexts)
def test_what_is_allowed_can_only_spare_its_own_opinions(
    assessment: Assessment, by: Policy, context: Context
) -> None:
    """It is as if the spared findings had never been; everything else stays as it was."""
    left = tuple(
        finding
        for finding in assessment.findings
        if finding.rule not in assessment.allowed_rules or finding.source not in SILENCEABLE
    )
    nobody_knows = assessment.unanswered if UNANSWERED not in assessment.allowed_rules else None
    without = Assessment(left, unanswered=nobody_knows, special=assessment.special)
    assert decide(assessment, by, context) == decide(without, by, context)


@given(assessments, policies, contexts)
def test_power_has_its_limits(assessment: Assessment, by: Policy, context: Context) -> None:
    result = decide(assessment, by, context)
    assert decide(assessment, by, context) == result
    if by.dry_run:
        assert result.automatic is None
    if not context.person_can_be_acted_on:
        assert (result.automatic or 0) <= Step.DELETE
    if (result.automatic or 0) > Step.DELETE:
        alone = [by.rule(finding.rule) for finding in result.reasons]
        assert any(rule is not None and rule.people_without_human for rule in alone)
    assert (result.automatic or 0) <= (result.step or 0)
    assert (result.outcome is Outcome.CLEAN) is (result.rule is None)
    if result.outcome is Outcome.ACTED:
        assert result.automatic is not None


@given(assessments, policies, contexts)
def test_only_what_was_judged_before_is_settled_without_the_model(
    assessment: Assessment, by: Policy, context: Context
) -> None:
    result = decide(assessment, by, context)
    by_bank = any(
        finding.rule == BLOCKED_PICTURE or (finding.source is Source.BANK and not context.reports)
        for finding in result.reasons
    )
    if result.settled:
        assert assessment.special or by_bank
        assert result.step is not Step.NOTE
    if assessment.special or any(finding.rule == BLOCKED_PICTURE for finding in result.reasons):
        assert result.settled
