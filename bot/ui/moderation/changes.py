"""What changed of a policy, kept in codes and shown in the reader's words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.moderation.policy import (
    AgeRestricted,
    Policy,
    PolicyChange,
    Rule,
    Step,
    Watch,
)
from bot.ui.i18n import Words, mark
from bot.ui.moderation.naming import PRESET_NAMES, STEP_NAMES, lasting, percent, rule_name
from bot.ui.text import neutral_clipped, one_line

_SHOWN_CHARACTERS = 160
_SHOWN_IDS = 5
_NONE = "-"
_RULE_PARTS: Mapping[str, str] = {
    "enabled": mark("{rule}: looked for"),
    "threshold": mark("{rule}: from how sure on"),
    "ladder": mark("{rule}: what is done"),
    "people": mark("{rule}: people without a human"),
    "text": mark("{rule}: its words"),
}
WATCH_NAMES: Mapping[Watch, str] = {
    Watch.ALL_EXCEPT: mark("all channels, except the chosen ones"),
    Watch.ONLY: mark("only the chosen channels"),
}
AGE_NAMES: Mapping[AgeRestricted, str] = {
    AgeRestricted.SAME: mark("the same as everywhere"),
    AgeRestricted.ADULT_ALLOWED: mark("sexual content and nudity are allowed there"),
    AgeRestricted.NOT_LOOKED_AT: mark("not looked at"),
}


@dataclass(frozen=True, slots=True)
class _Facet:
    """One setting: its name, its code in a policy, and how a code is shown."""

    label: str
    code: Callable[[Policy], str]
    shown: Callable[[str, Words], str]

    def value(self, policy: Policy, say: Words) -> str:
        """Show what holds."""
        return _safely(self.shown, self.code(policy), say)


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _ids(ids: tuple[int, ...]) -> str:
    return " ".join(map(str, ids)) or _NONE


def _shown_switch(code: str, say: Words) -> str:
    return say.say("on") if code == "on" else say.say("off")


def _shown_ids(sign: str) -> Callable[[str, Words], str]:
    def shown(code: str, say: Words) -> str:
        if code == _NONE:
            return say.say("none")
        ids = [int(one) for one in code.split()]
        some = " ".join(f"<{sign}{one}>" for one in ids[:_SHOWN_IDS])
        further = len(ids) - _SHOWN_IDS
        if further <= 0:
            return some
        return say.say("{some} and {count} more", some=some, count=further)

    return shown


def _shown_seconds(code: str, say: Words) -> str:
    return lasting(int(code), say)


def _shown_watch(code: str, say: Words) -> str:
    return say.say(WATCH_NAMES[Watch(code)])


def _shown_age(code: str, say: Words) -> str:
    return say.say(AGE_NAMES[AgeRestricted(code)])


def _shown_preset(code: str, say: Words) -> str:
    return say.say(PRESET_NAMES[code])


def _shown_words(code: str, say: Words) -> str:
    return say.say_plural("{count} word", "{count} words", int(code))


_DAY_SECONDS = 86400
FACETS: Mapping[str, _Facet] = {
    "enabled": _Facet(mark("Moderation"), lambda p: _switch(p.enabled), _shown_switch),
    "dry_run": _Facet(mark("Dry run"), lambda p: _switch(p.dry_run), _shown_switch),
    "log": _Facet(
        mark("Log channel"),
        lambda p: _ids((p.log_channel_id,) if p.log_channel_id else ()),
        _shown_ids("#"),
    ),
    "watch": _Facet(mark("Looked at"), lambda p: p.watch.value, _shown_watch),
    "channels": _Facet(mark("Chosen channels"), lambda p: _ids(p.channel_ids), _shown_ids("#")),
    "roles": _Facet(mark("Exempt roles"), lambda p: _ids(p.exempt_role_ids), _shown_ids("@&")),
    "staff": _Facet(mark("Staff is exempt"), lambda p: _switch(p.exempt_staff), _shown_switch),
    "bots": _Facet(mark("Bots are looked at"), lambda p: _switch(p.look_at_bots), _shown_switch),
    "age": _Facet(mark("Age-restricted channels"), lambda p: p.age_restricted.value, _shown_age),
    "preset": _Facet(mark("Preset"), lambda p: p.preset, _shown_preset),
    "words": _Facet(mark("Blocked words"), lambda p: str(len(p.blocked_words)), _shown_words),
    "time_out": _Facet(
        mark("Length of a time-out"), lambda p: str(p.time_out_seconds), _shown_seconds
    ),
    "repeat": _Facet(
        mark("How long earlier cases count"),
        lambda p: str(p.repeat_window_days * _DAY_SECONDS),
        _shown_seconds,
    ),
    "raid": _Facet(
        mark("How long copies join a case"), lambda p: str(p.raid_window_seconds), _shown_seconds
    ),
    "tell": _Facet(mark("The person is told"), lambda p: _switch(p.tell_person), _shown_switch),
    "special": _Facet(
        mark("Special cases are deleted at once"),
        lambda p: _switch(p.delete_special),
        _shown_switch,
    ),
}


def changes_between(before: Policy, after: Policy, actor_id: int) -> tuple[PolicyChange, ...]:
    """Say what differs. Where another preset was chosen, the rules it brings are not listed."""
    changes = [
        PolicyChange(actor_id, name, facet.code(before), facet.code(after))
        for name, facet in FACETS.items()
        if facet.code(before) != facet.code(after)
    ]
    if before.blocked_words != after.blocked_words and len(before.blocked_words) == len(
        after.blocked_words
    ):
        count = str(len(after.blocked_words))
        changes.append(PolicyChange(actor_id, "words", count, count))
    old, new = _rule_codes(before), _rule_codes(after)
    by_preset = before.preset != after.preset
    changes += [
        PolicyChange(actor_id, name, old.get(name, _NONE), new.get(name, _NONE))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
        and not (by_preset and not name.startswith("rule:custom:"))
    ]
    return tuple(changes)


def change_line(change: PolicyChange, policy: Policy, say: Words) -> str:
    """Show a change: what, before, after. Codes of another version are shown as they are."""
    label, shown = _labelled(change.what, policy, say)
    before, after = (_safely(shown, code, say) for code in (change.before, change.after))
    return say.say("{what}: {before} → {after}", what=label, before=before, after=after)


def _rule_codes(policy: Policy) -> dict[str, str]:
    codes: dict[str, str] = {}
    for category, rule in policy.rules.items():
        codes |= _codes(category.value, rule)
    for custom in policy.custom_rules:
        codes |= {f"rule:{custom.id}:text": custom.text, **_codes(custom.id, custom.rule)}
    return codes


def _codes(rule_id: str, rule: Rule) -> dict[str, str]:
    return {
        f"rule:{rule_id}:enabled": _switch(rule.enabled),
        f"rule:{rule_id}:threshold": str(rule.threshold),
        f"rule:{rule_id}:ladder": " ".join(str(step.value) for step in rule.ladder),
        f"rule:{rule_id}:people": _switch(rule.people_without_human),
    }


def _labelled(what: str, policy: Policy, say: Words) -> tuple[str, Callable[[str, Words], str]]:
    facet = FACETS.get(what)
    if facet is not None:
        return say.say(facet.label), facet.shown
    start, _, rest = what.partition(":")
    rule_id, _, part = rest.rpartition(":")
    if start == "rule" and part in _RULE_PARTS:
        label = say.say(_RULE_PARTS[part], rule=rule_name(rule_id, policy, say))
        return label, _SHOWN_PARTS[part]
    return neutral_clipped(one_line(what, _SHOWN_CHARACTERS), _SHOWN_CHARACTERS), _shown_text


def _shown_threshold(code: str, _: Words) -> str:
    return percent(float(code))


def shown_ladder(ladder: tuple[Step, ...], say: Words) -> str:
    """Show what is done the first time, the second time, and so on."""
    return ", ".join(say.say(STEP_NAMES[step]) for step in ladder)


def _shown_ladder(code: str, say: Words) -> str:
    return shown_ladder(tuple(Step(int(value)) for value in code.split()), say)


def _shown_text(code: str, _: Words) -> str:
    return neutral_clipped(one_line(code, _SHOWN_CHARACTERS), _SHOWN_CHARACTERS)


_SHOWN_PARTS: Mapping[str, Callable[[str, Words], str]] = {
    "enabled": _shown_switch,
    "threshold": _shown_threshold,
    "ladder": _shown_ladder,
    "people": _shown_switch,
    "text": _shown_text,
}


def _safely(shown: Callable[[str, Words], str], code: str, say: Words) -> str:
    if code == _NONE:
        return say.say("none")
    try:
        return shown(code, say)
    except (ValueError, KeyError):
        return _shown_text(code, say)
