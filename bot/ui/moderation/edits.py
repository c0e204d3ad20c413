"""What each control of the panels makes of a policy. Pure: rights were checked before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.domain.moderation.policy import (
    MAX_BLOCKED_WORD_CHARACTERS,
    MAX_BLOCKED_WORDS,
    MAX_CHANNELS,
    MAX_CUSTOM_RULE_CHARACTERS,
    MAX_CUSTOM_RULES,
    MAX_EXEMPT_ROLES,
    AgeRestricted,
    Category,
    CustomRule,
    Policy,
    Rule,
    RuleId,
    Step,
    Watch,
)
from bot.services.moderation.presets import preset

SAME_AS_BEFORE = "same"
TIME_OUTS_SECONDS = (60, 300, 600, 3600, 6 * 3600, 86400, 3 * 86400, 7 * 86400, 28 * 86400)
"""Discord's own choices, up to its limit of 28 days."""
REPEAT_DAYS = (1, 7, 14, 30, 60, 90, 180)
RAID_SECONDS = (300, 900, 1800, 3600, 6 * 3600, 86400)
THRESHOLDS_PERCENT = (50, 55, 60, 65, 70, 75, 80, 85, 90, 95)

Edit = Callable[[Policy, Sequence[str]], Policy]


def _ids(values: Sequence[str], most: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(map(int, values)))[:most]


def _offered(value: str, choices: Sequence[int]) -> int:
    """Take nothing but what was offered. Raises ValueError."""
    number = int(value)
    if number not in choices:
        raise ValueError("not one of the choices")
    return number


EDITS: Mapping[str, Edit] = {
    "log": lambda p, v: replace(p, log_channel_id=int(v[0])),
    "watch": lambda p, v: replace(p, watch=Watch(v[0])),
    "channels": lambda p, v: replace(p, channel_ids=_ids(v, MAX_CHANNELS)),
    "roles": lambda p, v: replace(p, exempt_role_ids=_ids(v, MAX_EXEMPT_ROLES)),
    "age": lambda p, v: replace(p, age_restricted=AgeRestricted(v[0])),
    "preset": lambda p, v: preset(v[0], p),
    "time_out": lambda p, v: replace(
        p, time_out_seconds=_offered(v[0], (*TIME_OUTS_SECONDS, p.time_out_seconds))
    ),
    "repeat": lambda p, v: replace(
        p, repeat_window_days=_offered(v[0], (*REPEAT_DAYS, p.repeat_window_days))
    ),
    "raid": lambda p, v: replace(
        p, raid_window_seconds=_offered(v[0], (*RAID_SECONDS, p.raid_window_seconds))
    ),
    "enable": lambda p, _: replace(p, enabled=True),
    "disable": lambda p, _: replace(p, enabled=False),
    "dry_run": lambda p, v: replace(p, dry_run=v[0] == "on"),
    "staff": lambda p, v: replace(p, exempt_staff=v[0] == "on"),
    "bots": lambda p, v: replace(p, look_at_bots=v[0] == "on"),
    "tell": lambda p, v: replace(p, tell_person=v[0] == "on"),
    "special": lambda p, v: replace(p, delete_special=v[0] == "on"),
}
"""By control: what it makes of a policy and of the values that were chosen."""


def with_rule(policy: Policy, rule_id: RuleId, rule: Rule) -> Policy:
    """Return the policy with one rule replaced; as it was where there is no such rule."""
    if any(custom.id == rule_id for custom in policy.custom_rules):
        customs = tuple(
            replace(custom, rule=rule) if custom.id == rule_id else custom
            for custom in policy.custom_rules
        )
        return replace(policy, custom_rules=customs)
    try:
        category = Category(rule_id)
    except ValueError:
        return policy
    return replace(policy, rules=MappingProxyType({**policy.rules, category: rule}))


def edited_rule(rule: Rule, what: str, values: Sequence[str]) -> Rule:
    """Return a rule with one part changed. Raises ValueError for what was not offered."""
    match what:
        case "looked_for":
            return replace(rule, enabled=values[0] == "on")
        case "threshold":
            choices = (*THRESHOLDS_PERCENT, round(rule.threshold * 100))
            return replace(rule, threshold=_offered(values[0], choices) / 100)
        case "step_1" | "step_2" | "step_3":
            return replace(rule, ladder=_stepped(rule.ladder, int(what[-1]) - 1, values[0]))
        case "people":
            return replace(rule, people_without_human=values[0] == "on")
        case _:
            raise ValueError("no such part of a rule")


def own_step(ladder: Sequence[Step], index: int) -> Step | None:
    """Return what is done at a time, None where it is the same as the time before."""
    if index >= len(ladder) or (index and ladder[index] is ladder[index - 1]):
        return None
    return ladder[index]


def _stepped(ladder: tuple[Step, ...], index: int, value: str) -> tuple[Step, ...]:
    """Answer one time differently; times that are the same as the one before follow it."""
    own = [own_step(ladder, position) for position in range(max(len(ladder), index + 1))]
    own[index] = None if value == SAME_AS_BEFORE else Step(int(value))
    steps: list[Step] = []
    for step in own:
        steps.append(steps[-1] if step is None else step)
    while len(steps) > 1 and steps[-1] is steps[-2]:
        steps.pop()
    return tuple(steps)


def with_custom_rule(policy: Policy, text: str, number: int | None = None) -> Policy:
    """Add a rule in the server's own words, or put the one with ``number`` into other words.

    Raises ValueError where there are as many as allowed, or the text is empty or too long.
    """
    text = " ".join(text.split())
    if not 0 < len(text) <= MAX_CUSTOM_RULE_CHARACTERS:
        raise ValueError("a rule is a sentence of limited length")
    if number is not None:
        customs = tuple(
            replace(custom, text=text) if custom.number == number else custom
            for custom in policy.custom_rules
        )
        return replace(policy, custom_rules=customs)
    if len(policy.custom_rules) >= MAX_CUSTOM_RULES:
        raise ValueError("there are as many rules as allowed")
    added = CustomRule(policy.next_custom_number, text)
    return replace(
        policy,
        custom_rules=(*policy.custom_rules, added),
        next_custom_number=policy.next_custom_number + 1,
    )


def without_custom_rule(policy: Policy, rule_id: RuleId) -> Policy:
    """Take a rule in the server's own words away. Its number is not used again."""
    customs = tuple(custom for custom in policy.custom_rules if custom.id != rule_id)
    return replace(policy, custom_rules=customs)


def blocked_words(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read one word or phrase a line; return those that can be kept, and those that cannot."""
    lines = dict.fromkeys(" ".join(line.split()).casefold() for line in text.splitlines())
    words = [line for line in lines if line]
    fitting = [word for word in words if len(word) <= MAX_BLOCKED_WORD_CHARACTERS]
    kept = fitting[:MAX_BLOCKED_WORDS]
    refused = [word for word in words if word not in set(kept)]
    return tuple(kept), tuple(refused)


def people_guarded(before: Policy, after: Policy) -> Policy:
    """Return ``after`` as somebody may make it who is no administrator.

    Whether a rule may remove people without a human is an administrator's to allow: where the rule
    became sharper since they allowed it, a human has to confirm again.
    """
    for rule_id in [*map(str, after.rules), *(custom.id for custom in after.custom_rules)]:
        old, new = before.rule(rule_id), after.rule(rule_id)
        assert new is not None
        same_words = _text(before, rule_id) == _text(after, rule_id)
        if new.people_without_human and not (same_words and _as_mild(old, new, before, after)):
            after = with_rule(after, rule_id, replace(new, people_without_human=False))
    return after


def _as_mild(old: Rule | None, new: Rule, before: Policy, after: Policy) -> bool:
    if old is None or not old.people_without_human:
        return False
    times = range(max(len(old.ladder), len(new.ladder)))
    return (
        new.threshold >= old.threshold
        and after.time_out_seconds <= before.time_out_seconds
        and after.repeat_window_days <= before.repeat_window_days
        and all(_step(new, time) <= _step(old, time) for time in times)
    )


def _step(rule: Rule, time: int) -> Step:
    return rule.ladder[min(time, len(rule.ladder) - 1)]


def _text(policy: Policy, rule_id: RuleId) -> str:
    return next((one.text for one in policy.custom_rules if one.id == rule_id), "")
