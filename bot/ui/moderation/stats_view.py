"""The figures of moderation: a chart, the same in words for those who do not see it, and more."""

from collections import Counter
from collections.abc import Iterable, Mapping

import discord
from discord import ui

from bot.domain.errors import ServiceError
from bot.domain.moderation.assessment import WITHOUT_A_LOOK, Outcome
from bot.domain.moderation.policy import REPORTED, UNANSWERED, Policy, RuleId
from bot.domain.moderation.stats import Stats
from bot.media.chart import Chart, Label, draw_chart, installed
from bot.ui.asking import Interaction
from bot.ui.files import Attached
from bot.ui.house import House
from bot.ui.i18n import Words, mark, words
from bot.ui.layouts import ALT_LIMIT, TEXT_LIMIT, media_item
from bot.ui.moderation.naming import OUTCOME_NAMES, lasting, rule_name
from bot.ui.moderation.permitted import require_moderator
from bot.ui.sentences import duration
from bot.ui.text import clip_words

NAME = "moderation.png"
_RULES_SHOWN = 12
_HOUR_SECONDS = 3600
_MANY_HOURS = 3
_LABELS = {
    "scanned": mark("looked at"),
    "flagged": mark("cases"),
    "confirmed": mark("confirmed by moderators"),
    "overturned": mark("not a violation, say moderators"),
}
_NOT_FOUND_BY_US = frozenset({REPORTED, UNANSWERED})
"""Rules of cases in which Lookout claimed nothing."""


async def show_stats(house: House, interaction: Interaction, days: int) -> None:
    """Put the figures where the acknowledged reply is. Raises MissingRight, StorageFailed."""
    guild_id = require_moderator(interaction).guild.id
    say = words(interaction.locale.value)
    stats = await house.moderation.cases.stats(guild_id, days)
    policy = await house.moderation.policies.get(guild_id)
    picture, note = await _picture(stats, say)
    view = stats_page(stats, policy, picture, say, note=note)
    files = [] if picture is None else [picture.file()]
    await interaction.edit_original_response(view=view, attachments=files)


async def _picture(stats: Stats, say: Words) -> tuple[Attached | None, str]:
    """Draw the chart; where it cannot be drawn, say why: the words say the same as it does."""
    if not any(day.scanned for day in stats.days):
        return None, ""
    if not installed():
        note = say.say(
            "There is no chart: the operator can install Lookout's extra “moderation” for it."
        )
        return None, note
    try:
        data = await draw_chart(chart_of(stats, say))
    except ServiceError:
        return None, say.say("The chart could not be drawn just now; the figures are complete.")
    return Attached(NAME, data, alt_text(stats, say)), ""


def chart_of(stats: Stats, say: Words) -> Chart:
    """Say what is drawn."""
    return Chart(
        days=[day.day for day in stats.days],
        scanned=[day.scanned for day in stats.days],
        flagged=[sum(day.flagged.values()) for day in stats.days],
        confirmed=[sum(day.confirmed.values()) for day in stats.days],
        overturned=[sum(day.overturned.values()) for day in stats.days],
        labels={name: Label(say.say(text), text) for name, text in _LABELS.items()},
    )


def alt_text(stats: Stats, say: Words) -> str:
    """Say in words what the chart shows: the sums, and the day with the most cases."""
    chart = chart_of(stats, say)
    text = say.say(
        "Bar chart by day, {start} to {end}. Altogether {scanned} pictures looked at, {flagged} "
        "cases, {confirmed} confirmed by moderators, {overturned} not a violation.",
        start=chart.days[0].isoformat(),
        end=chart.days[-1].isoformat(),
        scanned=sum(chart.scanned),
        flagged=sum(chart.flagged),
        confirmed=sum(chart.confirmed),
        overturned=sum(chart.overturned),
    )
    most = max(range(len(chart.days)), key=lambda index: chart.flagged[index])
    if chart.flagged[most]:
        text += " " + say.say(
            "Most cases came up on {day}: {count}.",
            day=chart.days[most].isoformat(),
            count=chart.flagged[most],
        )
    return clip_words(text, ALT_LIMIT)


def stats_page(
    stats: Stats, policy: Policy, picture: Attached | None, say: Words, *, note: str = ""
) -> ui.LayoutView:
    """Lay out the chart and the figures."""
    container: ui.Container[ui.LayoutView] = ui.Container()
    heading = say.say_plural(
        "Moderation in the last day", "Moderation in the last {count} days", len(stats.days)
    )
    container.add_item(ui.TextDisplay(f"## {heading}"))
    if picture is not None:
        container.add_item(ui.MediaGallery(media_item(picture, spoiler=False)))
    blocks = [
        *_sums(stats, say),
        *_by_rule(stats, policy, say),
        *_times(stats, say),
        *_ends(stats, say),
        *([f"-# {note}"] if note else []),
    ]
    container.add_item(ui.TextDisplay("\n".join(blocks)[: TEXT_LIMIT - len(heading) - 3]))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    view.stop()
    return view


def _sums(stats: Stats, say: Words) -> list[str]:
    scanned = sum(day.scanned for day in stats.days)
    flagged = _total(day.flagged for day in stats.days)
    confirmed = _total(day.confirmed for day in stats.days)
    overturned = _total(day.overturned for day in stats.days)
    return [
        say.say(
            "Pictures looked at: {scanned}. Cases: {flagged}. Confirmed: {confirmed}. Not a "
            "violation: {overturned}.",
            scanned=scanned,
            flagged=flagged,
            confirmed=confirmed,
            overturned=overturned,
        ),
        _precision(stats, say),
    ]


def _precision(stats: Stats, say: Words) -> str:
    """Say how often Lookout was right where it claimed something, not a member or nobody."""
    confirmed = _claimed(day.confirmed for day in stats.days)
    judged = confirmed + _claimed(day.overturned for day in stats.days)
    if not judged:
        return say.say("Moderators have judged none of them yet.")
    return say.say(
        "Of {judged} cases that I opened and moderators judged, {percent} % were right.",
        judged=judged,
        percent=round(100 * confirmed / judged),
    )


def _by_rule(stats: Stats, policy: Policy, say: Words) -> list[str]:
    flagged = _summed(day.flagged for day in stats.days)
    confirmed = _summed(day.confirmed for day in stats.days)
    overturned = _summed(day.overturned for day in stats.days)
    rules = [rule for rule, _ in (flagged + confirmed + overturned).most_common(_RULES_SHOWN)]
    if not rules:
        return []
    return [
        "### " + say.say("By rule"),
        *(
            say.say(
                "{rule}: cases {flagged}, confirmed {confirmed}, not a violation {overturned}",
                rule=rule_name(rule, policy, say),
                flagged=flagged[rule],
                confirmed=confirmed[rule],
                overturned=overturned[rule],
            )
            for rule in rules
        ),
    ]


def _times(stats: Stats, say: Words) -> list[str]:
    backlog = stats.backlog
    lines = [
        "### " + say.say("Now"),
        say.say_plural("{count} case is open.", "{count} cases are open.", stats.open_cases),
        say.say(
            "Waiting: {screen} to be fetched, {judge} for the model.",
            screen=backlog.to_screen,
            judge=backlog.to_judge,
        ),
    ]
    if backlog.oldest_at is not None:
        since = discord.utils.format_dt(backlog.oldest_at, "R")
        lines.append(say.say("The oldest was posted {since}.", since=since))
    if stats.median_verdict_seconds is not None and stats.slowest_verdict_seconds is not None:
        lines.append(
            say.say(
                "From upload to verdict: {median} in the middle, {slowest} at most (of the newest "
                "thousand).",
                median=_time(stats.median_verdict_seconds, say),
                slowest=_time(stats.slowest_verdict_seconds, say),
            )
        )
    return lines


def _time(seconds: float, say: Words) -> str:
    """Write a time as people would say it: seconds, minutes, or whole hours."""
    if seconds < _MANY_HOURS * _HOUR_SECONDS:
        return duration(seconds, say)
    return lasting(round(seconds / _HOUR_SECONDS) * _HOUR_SECONDS, say)


def _ends(stats: Stats, say: Words) -> list[str]:
    ends: Counter[Outcome] = Counter()
    for day in stats.days:
        ends.update(day.outcomes)
    lines = [
        say.say("{count}: {outcome}", count=ends[outcome], outcome=say.say(OUTCOME_NAMES[outcome]))
        for outcome in WITHOUT_A_LOOK
        if ends[outcome]
    ]
    return ["### " + say.say("Ended without a look"), *lines] if lines else []


def _claimed(counts: Iterable[Mapping[RuleId, int]]) -> int:
    return sum(
        count for one in counts for rule, count in one.items() if rule not in _NOT_FOUND_BY_US
    )


def _total(counts: Iterable[Mapping[RuleId, int]]) -> int:
    return sum(sum(one.values()) for one in counts)


def _summed(counts: Iterable[Mapping[RuleId, int]]) -> Counter[RuleId]:
    found: Counter[RuleId] = Counter()
    for one in counts:
        found.update(one)
    return found
