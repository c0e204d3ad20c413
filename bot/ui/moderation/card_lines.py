"""The sentences on a card: who, where, which rule, how sure, what was done, what people say."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import discord

from bot.domain.moderation.assessment import Finding, Outcome, Source, Unanswered
from bot.domain.moderation.case import (
    Action,
    ActionKind,
    ActionState,
    Case,
    CaseState,
    Sighting,
)
from bot.domain.moderation.policy import REPORTED, UNANSWERED, Policy, Step
from bot.domain.moderation.upload import Author, Subject
from bot.ui.i18n import Words
from bot.ui.moderation.meanings import rule_meaning, sure
from bot.ui.moderation.naming import (
    ACTION_NAMES,
    ACTION_STATES,
    DECISION_NAMES,
    SOURCE_NAMES,
    STEP_NAMES,
    UNANSWERED_NAMES,
    percent,
    rule_name,
    severity,
)
from bot.ui.text import neutral_clipped, one_line

_NAME_CHARACTERS = 40
_REASON_CHARACTERS = 300
_REPORT_CHARACTERS = 160
_APPEAL_CHARACTERS = 400
_MAX_SOURCES = 6
_MAX_PLACES = 5
_MAX_SAYINGS = 2


def when(moment: datetime) -> str:
    """Write a moment so that everybody reads it in their own time."""
    return discord.utils.format_dt(moment, "f")


def state_line(case: Case, say: Words) -> str:
    """Say whether somebody decided, and what is waited for."""
    if case.state is CaseState.DECIDED:
        return "**" + decided_line(case, say) + "**"
    if case.outcome is Outcome.FAILED:
        return say.say("**Waits for a moderator.** I could not look at this picture myself.")
    if case.outcome is Outcome.NEEDS_HUMAN:
        return say.say("**Waits for a moderator.** A person has to look at this one.")
    return say.say("**Waits for a moderator.**")


def decided_line(case: Case, say: Words) -> str:
    """Say who decided what, and when."""
    who = f"<@{case.decided_by}>" if case.decided_by else say.say("Somebody")
    chosen = say.say(DECISION_NAMES[case.decision]) if case.decision else ""
    at = when(case.decided_at) if case.decided_at else ""
    return say.say(
        "{moderator} decided: {decision}, {time}.", moderator=who, decision=chosen, time=at
    )


def who_line(case: Case, names: Mapping[int, str], say: Words) -> str:
    """Say who posted it. A mention shows a person's name of today, and pings nobody."""
    first = case.sightings[-1] if case.sightings else None
    if first is None:
        return say.say("**Who:** not known any more")
    person = _person(first, names, say)
    if case.people_count > 1:
        return say.say_plural(
            "**Who:** {person} and {count} other",
            "**Who:** {person} and {count} others",
            case.people_count - 1,
            person=person,
        )
    return say.say("**Who:** {person}", person=person)


def _person(sighting: Sighting, names: Mapping[int, str], say: Words) -> str:
    if sighting.author is Author.WEBHOOK:
        return say.say("a webhook (`{id}`)", id=sighting.author_id)
    name = one_line(names.get(sighting.author_id, ""), _NAME_CHARACTERS)
    known = [f"**{neutral_clipped(name, 2 * _NAME_CHARACTERS)}**"] if name else []
    if sighting.author is Author.BOT:
        known.append(say.say("a bot"))
    return f"<@{sighting.author_id}> ({', '.join([*known, f'`{sighting.author_id}`'])})"


def where_lines(case: Case, say: Words) -> list[str]:
    """Say where and when it was posted, with links that lead there."""
    by_message: dict[int, list[Sighting]] = {}
    for sighting in case.sightings:
        by_message.setdefault(sighting.message_id, []).append(sighting)
    shown = list(by_message.values())[:_MAX_PLACES]
    places = [_place(case.guild_id, copies[0], say) for copies in shown]
    if case.sighting_count <= 1:
        return [say.say("**Where:** {place}", place=place) for place in places]
    heading = say.say(
        "**Copies:** {count}. **People:** {people}. The newest:",
        count=case.sighting_count,
        people=case.people_count,
    )
    left = case.sighting_count - sum(len(copies) for copies in shown)
    more = [say.say_plural("and {count} more", "and {count} more", left)] if left > 0 else []
    return [heading, *(f"- {line}" for line in (*places, *more))]


def _place(guild_id: int, sighting: Sighting, say: Words) -> str:
    at = when(sighting.posted_at)
    if sighting.subject is Subject.EMOJI:
        return say.say("an emoji of this server (`{id}`), {time}", id=sighting.message_id, time=at)
    if sighting.subject is Subject.STICKER:
        return say.say("a sticker of this server (`{id}`), {time}", id=sighting.message_id, time=at)
    link = f"https://discord.com/channels/{guild_id}/{sighting.channel_id}/{sighting.message_id}"
    jump = say.say("to the message")
    return f"<#{sighting.channel_id}>, [{jump}]({link}), {at}"


def rule_line(case: Case, policy: Policy, say: Words) -> str:
    """Name the rule, with what it means."""
    name, meaning = rule_name(case.rule, policy, say), rule_meaning(case.rule, say)
    return say.say("**Rule:** {rule}", rule=f"{name}. {meaning}" if meaning else name)


def measure_line(case: Case, say: Words) -> str:
    """Say how sure and how bad, in words and in figures."""
    if case.rule == REPORTED:
        return say.say("**How sure, how bad:** not known. A report does not say.")
    if case.rule == UNANSWERED or (not case.score and not case.findings):
        return say.say("**How sure, how bad:** not known. Nothing here could judge it.")
    return say.say(
        "**How sure:** {sure} ({percent}). **How bad:** {bad} ({grade} of 3).",
        sure=sure(case.score, say),
        percent=percent(case.score),
        bad=severity(case.severity, say),
        grade=case.severity,
    )


def source_lines(case: Case, policy: Policy, say: Words) -> list[str]:
    """Give each source a line with its own score; those for the case's rule come first."""
    ordered = sorted(case.findings, key=lambda found: (found.rule != case.rule, -found.score))
    lines = [_source(found, case, policy, say) for found in ordered[:_MAX_SOURCES]]
    left = len(ordered) - len(lines)
    if left > 0:
        lines.append("- " + say.say_plural("and {count} more", "and {count} more", left))
    return [say.say("**Found by:**"), *lines] if lines else []


def _source(found: Finding, case: Case, policy: Policy, say: Words) -> str:
    if found.source is Source.MEMBER:  # who asks for a look gives no figures
        return "- " + say.say(SOURCE_NAMES[found.source])
    if _is_no_answer(found):
        return "- " + say.say(UNANSWERED_NAMES[Unanswered(found.evidence)])
    said = {
        "source": say.say(SOURCE_NAMES[found.source]),
        "percent": percent(found.score),
        "bad": severity(found.severity, say),
    }
    if found.rule == case.rule:
        return "- " + say.say("{source}: {percent}, {bad}", **said)
    rule = rule_name(found.rule, policy, say)
    return "- " + say.say("{source}, of another rule ({rule}): {percent}, {bad}", rule=rule, **said)


def _is_no_answer(found: Finding) -> bool:
    """Say whether it stands for an answer that is missing, and its evidence for why."""
    return found.rule == UNANSWERED and found.evidence in set(Unanswered)


def reason_line(case: Case, say: Words) -> str:
    """Quote the model's reason, or what else was found; it is data, so it is made harmless."""
    candidates = sorted(
        (found for found in case.findings if found.evidence.strip() and not _is_no_answer(found)),
        key=lambda found: (found.rule != case.rule, found.source is not Source.MODEL, -found.score),
    )
    if not candidates:
        return ""
    evidence = neutral_clipped(
        one_line(candidates[0].evidence, _REASON_CHARACTERS), _REASON_CHARACTERS
    )
    return say.say(
        "**Reason** ({source}): {reason}",
        source=say.say(SOURCE_NAMES[candidates[0].source]),
        reason=evidence,
    )


def done_lines(case: Case, say: Words) -> list[str]:
    """Say what was done, what would have been done, and what did not work and why."""
    lines = []
    if case.dry_run and case.automatic is not None:
        lines.append(
            say.say(
                "**Dry run:** I would have done this at once: {step}. I did nothing.",
                step=say.say(STEP_NAMES[case.automatic]),
            )
        )
    elif case.dry_run:
        lines.append(say.say("**Dry run:** I do nothing by myself."))
    waiting = case.step is not None and case.step >= Step.DELETE and case.step != case.automatic
    if waiting and case.step is not None and case.state is CaseState.OPEN:
        lines.append(
            say.say(
                "**Proposed by the rule:** {step}. That waits for a moderator.",
                step=say.say(STEP_NAMES[case.step]),
            )
        )
    done = action_lines(case, say)
    return [*lines, say.say("**Done:**"), *done] if done else lines


def action_lines(case: Case, say: Words) -> list[str]:
    """Say for each kind of action how often it ended how, of a raid's as well."""
    counted = {(one.kind, one.state): one.count for one in case.action_counts}
    lines = []
    for kind in ActionKind:
        ends = [(state, counted[kind, state]) for state in ActionState if (kind, state) in counted]
        if ends:
            said = ", ".join(_end(state, count, say) for state, count in ends)
            lines.append(
                f"- {say.say(ACTION_NAMES[kind])}: {said}{_until(kind, case.actions, say)}"
            )
    return lines


def _end(state: ActionState, count: int, say: Words) -> str:
    text = say.say(ACTION_STATES[state])
    return text if count == 1 else f"{count} × {text}"


def _until(kind: ActionKind, actions: Iterable[Action], say: Words) -> str:
    ends = [action.until for action in actions if action.kind is kind and action.until]
    if kind is not ActionKind.TIME_OUT or not ends:
        return ""
    return say.say(" (until {time})", time=when(max(ends)))


def before_line(case: Case, say: Words) -> str:
    """Say how often this picture and this person were seen before."""
    picture = say.say_plural(
        "This picture had {count} case here before.",
        "This picture had {count} cases here before.",
        case.seen_before,
    )
    person = say.say_plural(
        "The person had {count} confirmed case before.",
        "The person had {count} confirmed cases before.",
        case.person_before,
    )
    if not case.seen_before:
        picture = say.say("This picture had no case here before.")
    if not case.person_before:
        person = say.say("The person had no confirmed case before.")
    return f"{picture} {person}"


def report_lines(case: Case, say: Words) -> list[str]:
    """Quote what members said who reported it."""
    if not case.reports:
        return []
    heading = say.say_plural(
        "**Reported by {count} member:**", "**Reported by {count} members:**", len(case.reports)
    )
    said = [
        _saying(f"<@{report.reporter_id}>", report.reason, _REPORT_CHARACTERS)
        for report in case.reports[-_MAX_SAYINGS:]
    ]
    return [heading, *said]


def appeal_lines(case: Case, say: Words) -> list[str]:
    """Quote what the people concerned say."""
    if not case.appeals:
        return []
    heading = say.say_plural("**{count} appeal:**", "**{count} appeals:**", len(case.appeals))
    said = [
        _saying(f"<@{appeal.person_id}>", appeal.text, _APPEAL_CHARACTERS)
        for appeal in case.appeals[-_MAX_SAYINGS:]
    ]
    return [heading, *said]


def _saying(who: str, text: str, limit: int) -> str:
    quoted = neutral_clipped(one_line(text, limit), limit)
    return f"> {who}: {quoted}" if quoted else f"> {who}"
