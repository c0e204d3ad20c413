"""What becomes of each picture: known by the number painted on it, to all who need to know."""

import enum
import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bot.domain.moderation.policy import Category, Policy, Rule, Step


class Fate(enum.Enum):
    """A kind of picture: the rule it breaks, and what the policy does about that by itself."""

    CLEAN = None, None
    FLAGGED = Category.HATE_SYMBOLS, Step.FLAG
    DELETED = Category.DRUGS, Step.DELETE
    TIMED_OUT = Category.WEAPONS, Step.TIME_OUT

    def __init__(self, category: Category | None, step: Step | None) -> None:
        self.category = category
        self.step = step

    @property
    def removes(self) -> bool:
        """Whether the message is deleted."""
        return self.step is not None and self.step >= Step.DELETE


_BY_LAST_DIGIT = (
    *(Fate.TIMED_OUT, Fate.TIMED_OUT, Fate.DELETED, Fate.DELETED, Fate.FLAGGED),
    *(Fate.CLEAN, Fate.CLEAN, Fate.CLEAN, Fate.CLEAN, Fate.CLEAN),
)


def fate_of(number: int) -> Fate:
    """Say what becomes of the picture with ``number``: half of all break a rule."""
    return _BY_LAST_DIGIT[number % len(_BY_LAST_DIGIT)]


def policy(log_channel_id: int) -> Policy:
    """Return a policy by which every fate comes true without a person."""
    rules = dict(Policy().rules)
    for fate in Fate:
        if fate.category is not None and fate.step is not None:
            rules[fate.category] = Rule(
                ladder=(fate.step,), people_without_human=fate.step.concerns_person
            )
    return replace(
        Policy(),
        enabled=True,
        dry_run=False,
        log_channel_id=log_channel_id,
        rules=MappingProxyType(rules),
    )


def judgement(fate: Fate) -> str:
    """Write what a model says of a picture."""
    findings: list[dict[str, Any]] = []
    if fate.category is not None:
        findings.append(
            {
                "rule": fate.category.value,
                "evidence": "what is to be seen in the middle",
                "sure": 95,
                "severity": 2,
                "apparent_minor": False,
            }
        )
    return json.dumps(
        {
            "what_is_shown": "Soft shapes below a row of dark and light blocks.",
            "text_in_picture": "",
            "instructions_in_picture": False,
            "findings": findings,
        }
    )
