"""What a policy makes of an assessment: pure, and never milder for knowing more.

Whatever was found counts for its own rule, once it is as sure as the rule asks. Every rule that
counts says what its ladder has for this person now; the hardest of these is what happens. So a
further finding, or a surer one, can only raise a verdict.

What is done without a human is less: nothing in dry run, nothing for a finding of severity 0, and
to the person only where the rule allows it and the person can be acted on; else the message is
deleted and the rest waits for a moderator. What was only looked at because a member reported it is
left to moderators, unless they blocked it before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.moderation.assessment import (
    Assessment,
    Context,
    Finding,
    Outcome,
    Source,
    Verdict,
)
from bot.domain.moderation.policy import (
    BLOCKED_PICTURE,
    ORDERS,
    REPORTED,
    SPECIAL,
    UNANSWERED,
    AgeRestricted,
    Category,
    Policy,
    Rule,
    RuleId,
    Step,
)

SILENCEABLE = frozenset({Source.MODEL, Source.CLASSIFIER, Source.WORDS})
"""Whose opinion an allowed picture is spared; a hash or a code is a fact about this very upload."""

ADULT = frozenset[RuleId]({Category.SEXUAL, Category.NUDITY})
"""What adults may post where only adults are."""

_ANY_SCORE = 1e-9
_OWN_RULES: Mapping[RuleId, Rule] = MappingProxyType(
    {
        BLOCKED_PICTURE: Rule(threshold=_ANY_SCORE, ladder=(Step.DELETE,)),
        ORDERS: Rule(threshold=0.5, ladder=(Step.FLAG,)),
        REPORTED: Rule(threshold=_ANY_SCORE, ladder=(Step.FLAG,)),
        UNANSWERED: Rule(threshold=_ANY_SCORE, ladder=(Step.FLAG,)),
    }
)
"""Rules that every server has; no policy switches them off."""

_LAST = (REPORTED, UNANSWERED)
"""Among equals, a rule that says what is wrong goes before these, which say that somebody asked or
that nobody knows."""


@dataclass(frozen=True, slots=True)
class _Count:
    """A finding that counts, and what its rule does about it."""

    finding: Finding
    step: Step
    at_once: Step | None
    """What of ``step`` needs no human, dry run apart."""

    @property
    def weight(self) -> tuple[int, int, int, int, float]:
        finding = self.finding
        named = 0 if finding.rule not in _LAST else -1 - _LAST.index(finding.rule)
        return (self.at_once or 0, self.step, named, finding.severity, finding.score)


def decide(assessment: Assessment, policy: Policy, context: Context) -> Verdict:
    """Return the one verdict on an assessment.

    ``reasons`` of a verdict on the special path is empty, as nothing of it is kept. A finding that
    says why the model gave no answer has the reason's word as its evidence.
    """
    if assessment.special:
        step = Step.DELETE if policy.delete_special else Step.FLAG
        return Verdict(
            Outcome.SPECIAL,
            SPECIAL,
            score=1.0,
            severity=3,
            step=step,
            automatic=step if step is Step.DELETE and not policy.dry_run else None,
            dry_run=policy.dry_run,
            settled=True,
        )
    counts = [
        count
        for finding in (*assessment.findings, *_implied(assessment, context))
        if (count := _count(finding, assessment, policy, context)) is not None
    ]
    if not counts:
        return Verdict(Outcome.CLEAN, dry_run=policy.dry_run)
    counts.sort(key=lambda count: count.weight, reverse=True)
    step = max(count.step for count in counts)
    at_once = max((count.at_once for count in counts if count.at_once), default=None)
    automatic = None if policy.dry_run else at_once
    rule = counts[0].finding.rule
    own = [count.finding for count in counts if count.finding.rule == rule]
    return Verdict(
        _outcome(rule, step, automatic),
        rule,
        score=max(finding.score for finding in own),
        severity=max(finding.severity for finding in own),
        step=step,
        automatic=automatic,
        dry_run=policy.dry_run,
        reasons=tuple(count.finding for count in counts),
        settled=any(_settles(count, context) for count in counts),
    )


def _implied(assessment: Assessment, context: Context) -> tuple[Finding, ...]:
    """Return what the rest of an assessment and its context say as findings."""
    implied = []
    if context.reports:
        implied.append(Finding(REPORTED, Source.MEMBER, 1.0, 1))
    if assessment.unanswered is not None:
        implied.append(
            Finding(UNANSWERED, Source.MODEL, 1.0, 1, evidence=assessment.unanswered.value)
        )
    return tuple(implied)


def _count(
    finding: Finding, assessment: Assessment, policy: Policy, context: Context
) -> _Count | None:
    """Return what a finding counts for; None when it does not."""
    rule = _OWN_RULES.get(finding.rule) or policy.rule(finding.rule)
    if rule is None or not rule.enabled or finding.score < rule.threshold:
        return None
    if finding.rule in assessment.allowed_rules and finding.source in SILENCEABLE:
        return None
    among_adults = context.age_restricted and policy.age_restricted is not AgeRestricted.SAME
    if among_adults and finding.rule in ADULT:
        return None
    step = rule.ladder[min(context.confirmed_before, len(rule.ladder) - 1)]
    return _Count(finding, step, _at_once(finding, step, rule, context))


def _at_once(finding: Finding, step: Step, rule: Rule, context: Context) -> Step | None:
    if step < Step.DELETE or finding.severity == 0:
        return None
    if context.only_reported and finding.rule != BLOCKED_PICTURE:
        return None
    if not step.concerns_person:
        return step
    alone = rule.people_without_human and context.person_can_be_acted_on
    return step if alone else Step.DELETE


def _outcome(rule: RuleId, step: Step, automatic: Step | None) -> Outcome:
    if automatic is not None:
        return Outcome.ACTED
    if step is Step.NOTE:
        return Outcome.NOTED
    return Outcome.NEEDS_HUMAN if rule == UNANSWERED else Outcome.FLAGGED


def _settles(count: _Count, context: Context) -> bool:
    """Say whether a finding is a judgement by itself: this very picture was judged before.

    A report asks for a fresh look, except at what moderators blocked. So does a copy of what was
    only noted: nobody would see what somebody drew into it.
    """
    if count.finding.rule == BLOCKED_PICTURE:
        return True
    was_judged = count.finding.source is Source.BANK and count.step >= Step.FLAG
    return was_judged and not context.reports
