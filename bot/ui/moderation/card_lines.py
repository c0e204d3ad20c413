"""The sentences on a card: who, where, which rule, how sure, what was done, what people say."""

from collections.abc import Mapping
from datetime import datetime

import discord

from bot.domain.moderation.assessment import Finding, Outcome, Source
from bot.domain.moderation.case import Case, CaseState, Sighting
from bot.domain.moderation.policy import (
    BLOCKED_PICTURE,
    ORDERS,
    REPORTED,
    SPECIAL,
    UNANSWERED,
    Category,
    Policy,
    RuleId,
)
from bot.domain.moderation.upload import Author, Subject
from bot.ui.i18n import Words, mark
from bot.ui.moderation.naming import (
    CATEGORY_MEANINGS,
    DECISION_NAMES,
    SOURCE_NAMES,
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

_OTHER_MEANINGS: Mapping[RuleId, str] = {
    BLOCKED_PICTURE: mark("It looks the same as a picture that moderators of this server blocked."),
    ORDERS: mark("Writing in the picture tries to tell the model what to say about it."),
    REPORTED: mark("A member asked the moderators to look at it."),
    UNANSWERED: mark(
        "The model could not judge this picture, which does not mean that it is fine."
    ),
    SPECIAL: mark("It may show a minor in a sexual way."),
}
_SURE: tuple[tuple[float, str], ...] = (
    (0.9, mark("almost certain")),
    (0.7, mark("very likely")),
    (0.5, mark("likely")),
    (0.3, mark("possible")),
    (0.0, mark("unlikely")),
)


def rule_meaning(rule_id: RuleId, say: Words) -> str:
    """Say in plain words what a rule is about; empty for a server's own, which says it itself."""
    try:
        return say.say(CATEGORY_MEANINGS[Category(rule_id)])
    except ValueError:
        meaning = _OTHER_MEANINGS.get(rule_id)
        return say.say(meaning) if meaning else ""


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
    places = [_place(case.guild_id, sighting, say) for sighting in case.sightings[:_MAX_PLACES]]
    if case.sighting_count <= 1:
        return [say.say("**Where:** {place}", place=place) for place in places]
    count = say.say_plural(
        "**{count} copy**", "**{count} copies**", case.sighting_count
    ) + say.say_plural(" by {count} person", " by {count} people", case.people_count)
    return [count + ":", *(f"- {place}" for place in places), *_more(case, len(places), say)]


def _more(case: Case, shown: int, say: Words) -> list[str]:
    left = case.sighting_count - shown
    return ["- " + say.say_plural("and {count} more", "and {count} more", left)] if left > 0 else []


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
    return say.say(
        "**How sure:** {sure} ({percent}). **How bad:** {bad} ({grade} of 3).",
        sure=sure(case.score, say),
        percent=percent(case.score),
        bad=severity(case.severity, say),
        grade=case.severity,
    )


def sure(score: float, say: Words) -> str:
    """Say a score in words."""
    return say.say(next(word for least, word in _SURE if score >= least))


def source_lines(case: Case, policy: Policy, say: Words) -> list[str]:
    """Give each source a line with its own score; those for the case's rule come first."""
    ordered = sorted(case.findings, key=lambda found: (found.rule != case.rule, -found.score))
    lines = [_source(found, policy, say) for found in ordered[:_MAX_SOURCES]]
    left = len(ordered) - len(lines)
    if left > 0:
        lines.append("- " + say.say_plural("and {count} more", "and {count} more", left))
    return [say.say("**Found by:**"), *lines] if lines else []


def _source(found: Finding, policy: Policy, say: Words) -> str:
    return "- " + say.say(
        "{source}: {rule}, {percent}, {bad}",
        source=say.say(SOURCE_NAMES[found.source]),
        rule=rule_name(found.rule, policy, say),
        percent=percent(found.score),
        bad=severity(found.severity, say),
    )


def reason_line(case: Case, say: Words) -> str:
    """Quote the model's reason, or what else was found; it is data, so it is made harmless."""
    candidates = sorted(
        (found for found in case.findings if found.evidence.strip()),
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


def before_line(case: Case, say: Words) -> str:
    """Say how often this picture and this person were seen before."""
    picture = say.say_plural(
        "This picture had {count} case before.",
        "This picture had {count} cases before.",
        case.seen_before,
    )
    person = say.say_plural(
        "The person had {count} confirmed case before.",
        "The person had {count} confirmed cases before.",
        case.person_before,
    )
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
