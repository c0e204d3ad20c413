"""What a model's judgements are worth as findings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.domain.moderation.assessment import (
    MAX_EVIDENCE_CHARACTERS,
    Assessment,
    Finding,
    Source,
)
from bot.domain.moderation.policy import ORDERS, Policy
from bot.services.moderation.deciding import ADULT
from bot.services.moderation.rules import read_words
from bot.tasks.moderate import Judgement

SPECIAL_FROM = 0.3
"""How sure anybody has to be of sexual content or nudity for an apparent minor to matter."""
_ORDERS_SCORE = 0.8


def findings_of(judgements: Sequence[Judgement], policy: Policy) -> tuple[Finding, ...]:
    """Return what judgements of the same upload say together: the highest of each rule.

    The words that the model read count like those that any reader read.
    """
    return _highest(finding for judgement in judgements for finding in _said(judgement, policy))


def is_special(found: Assessment, judgements: Sequence[Judgement]) -> bool:
    """Say whether anybody found sexual content or nudity where the model sees a minor.

    Rather too often than once too seldom: who is young and what is sexual need not be one finding.
    """
    young = any(rule.apparent_minor for judgement in judgements for rule in judgement.findings)
    return young and any(
        finding.rule in ADULT and finding.score >= SPECIAL_FROM for finding in found.findings
    )


def _said(judgement: Judgement, policy: Policy) -> Iterator[Finding]:
    for rule in judgement.findings:
        if rule.sure:
            evidence = _in_one_line(rule.evidence)
            yield Finding(
                rule.rule, Source.MODEL, rule.sure / 100, rule.severity, evidence=evidence
            )
    if judgement.instructions_in_picture:
        evidence = _in_one_line(judgement.text_in_picture)
        yield Finding(ORDERS, Source.MODEL, _ORDERS_SCORE, 1, evidence=evidence)
    yield from read_words(judgement.text_in_picture, policy)


def _highest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    highest: dict[tuple[str, Source], Finding] = {}
    for finding in findings:
        one = highest.setdefault((finding.rule, finding.source), finding)
        surer = max(one, finding, key=lambda either: either.score)
        severity = max(one.severity, finding.severity)
        highest[finding.rule, finding.source] = replace(surer, severity=severity)
    return tuple(highest.values())


def _in_one_line(text: str) -> str:
    return " ".join(text.split())[:MAX_EVIDENCE_CHARACTERS]
