"""A case as its moderators read it by its number: the facts of its card, and its history."""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.moderation.case import Case, CaseEvent
from bot.domain.moderation.policy import Policy
from bot.ui.i18n import Words
from bot.ui.layouts import TEXT_LIMIT
from bot.ui.moderation.card_lines import (
    appeal_lines,
    before_line,
    done_lines,
    measure_line,
    reason_line,
    report_lines,
    rule_line,
    source_lines,
    state_line,
    when,
    where_lines,
    who_line,
)
from bot.ui.moderation.naming import DECISION_NAMES, EVENT_NAMES, OUTCOME_NAMES

_EVENTS_SHOWN = 12


def case_page(case: Case, events: Sequence[CaseEvent], policy: Policy, say: Words) -> str:
    """Write everything that is known of a case, within what a message may show."""
    lines = [
        "## " + say.say("Case {number}", number=case.number),
        state_line(case, say),
        rule_line(case, policy, say),
        say.say("**First verdict:** {outcome}", outcome=say.say(OUTCOME_NAMES[case.outcome])),
        who_line(case, {}, say),
        *where_lines(case, say),
        *_found(case, policy, say),
        *done_lines(case, say),
        before_line(case, say),
        *report_lines(case, say),
        *appeal_lines(case, say),
        *_history(events, say),
        *_card(case, say),
    ]
    return _within(TEXT_LIMIT, list(_apart(lines)), say)


def _apart(lines: Iterable[str]) -> Iterator[str]:
    """Put a blank line after each list: else what follows counts as part of its last entry."""
    listed = False
    for line in lines:
        if listed and not line.startswith("- "):
            yield ""
        listed = line.startswith("- ")
        yield line


def card_link(case: Case) -> str:
    """Return the address of a case's card; empty when it has none."""
    if case.card_channel_id is None or case.card_message_id is None:
        return ""
    place = f"{case.guild_id}/{case.card_channel_id}/{case.card_message_id}"
    return f"https://discord.com/channels/{place}"


def _found(case: Case, policy: Policy, say: Words) -> list[str]:
    if case.special:
        return [say.say("Nothing of the picture is kept, and nothing that was found in it.")]
    reason = reason_line(case, say)
    return [
        measure_line(case, say),
        *source_lines(case, policy, say),
        *([reason] if reason else []),
    ]


def _history(events: Sequence[CaseEvent], say: Words) -> list[str]:
    lines = [say.say("**History:**")] if events else []
    for event in events[-_EVENTS_SHOWN:]:
        what = say.say(EVENT_NAMES[event.kind])
        if event.decision is not None:
            what = f"{what}: {say.say(DECISION_NAMES[event.decision])}"
        line = say.say("{time}: {what}", time=when(event.at), what=what)
        lines.append(f"- {line}, <@{event.actor_id}>" if event.actor_id else f"- {line}")
    return lines


def _card(case: Case, say: Words) -> list[str]:
    link = card_link(case)
    return [say.say("**Card:** {link}", link=link)] if link else []


def _within(limit: int, lines: Iterable[str], say: Words) -> str:
    """Join lines; those that do not fit any more are left out, and that is said."""
    more = say.say("There is more than fits here: the export has all of it.")
    room, kept = limit - len(more) - 1, list[str]()
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*kept, more])
        kept.append(line)
    return "\n".join(kept)
