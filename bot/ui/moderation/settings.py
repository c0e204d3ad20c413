"""The panels of /moderation settings: what holds, the rules, people and times, blocked words."""

from collections.abc import Sequence
from datetime import datetime

import discord
from discord import ButtonStyle, ui

from bot.domain.moderation.policy import (
    MAX_BLOCKED_WORDS,
    MAX_CUSTOM_RULES,
    Policy,
    PolicyChange,
)
from bot.ui.i18n import Words
from bot.ui.moderation.changes import FACETS, change_line, shown_ladder
from bot.ui.moderation.edits import RAID_SECONDS, REPEAT_DAYS, TIME_OUTS_SECONDS
from bot.ui.moderation.naming import lasting, percent, rule_label
from bot.ui.moderation.policy_ids import Page, Press
from bot.ui.moderation.policy_parts import (
    Container,
    button,
    choice,
    dry_run_switch,
    main_switch,
    options,
    panel,
    switch,
    titled,
)
from bot.ui.text import fenced

CHANGES_SHOWN = 5
_DAY_SECONDS = 86400
_SUMMARY = ("enabled", "dry_run", "log", "watch", "channels", "roles", "age", "preset", "words",
            "time_out", "repeat", "raid", "tell")  # fmt: skip
_WORDS_CHARACTERS = 3000
_OPTION_CHARACTERS = 100

Changes = Sequence[tuple[datetime, PolicyChange]]


def home_panel(policy: Policy, changes: Changes, say: Words, *, above: str = "") -> ui.LayoutView:
    """Draw what holds, what was changed last and by whom, and where each thing is changed."""
    container: Container = ui.Container()
    facets = [(FACETS[name].label, FACETS[name]) for name in _SUMMARY]
    lines = [
        say.say("{setting}: {value}", setting=say.say(label), value=facet.value(policy, say))
        for label, facet in facets
    ]
    titled(container, say.say("Moderation settings"), lines, above)
    choice(
        container,
        Press(Page.HOME, "open_rule"),
        "**" + say.say("Rules") + "**\n" + say.say("Choose one to change it."),
        _rule_options(policy, say),
    )
    container.add_item(ui.ActionRow(*_home_buttons(policy, say)))
    container.add_item(
        ui.ActionRow(
            dry_run_switch(Page.HOME, say, on=policy.dry_run),
            main_switch(Page.HOME, say, on=policy.enabled),
        )
    )
    container.add_item(ui.TextDisplay("\n".join(_changes(policy, changes, say))))
    return panel(container)


def _home_buttons(policy: Policy, say: Words) -> list[ui.Button[ui.LayoutView]]:
    add = button(say.say("Add a rule of your own"), Press(Page.HOME, "add_rule"))
    add.disabled = len(policy.custom_rules) >= MAX_CUSTOM_RULES
    return [
        button(say.say("Channels, roles, preset"), Press(Page.SETUP, "show")),
        button(say.say("People and times"), Press(Page.PEOPLE, "show")),
        button(say.say("Blocked words"), Press(Page.WORDS, "show")),
        add,
    ]


def _rule_options(policy: Policy, say: Words) -> list[discord.SelectOption]:
    rules = [(category.value, rule) for category, rule in policy.rules.items()]
    rules += [(custom.id, custom.rule) for custom in policy.custom_rules]
    found = []
    for rule_id, rule in rules:
        summary = (
            say.say(
                "from {threshold} on: {ladder}",
                threshold=percent(rule.threshold),
                ladder=shown_ladder(rule.ladder, say),
            )
            if rule.enabled
            else say.say("not looked for")
        )
        found.append(
            discord.SelectOption(
                label=rule_label(rule_id, policy, say)[:_OPTION_CHARACTERS],
                value=rule_id,
                description=summary[:_OPTION_CHARACTERS],
            )
        )
    return found


def _changes(policy: Policy, changes: Changes, say: Words) -> list[str]:
    lines = ["**" + say.say("Last changes") + "**"]
    lines += [
        say.say(
            "{when}, {who}: {change}",
            when=discord.utils.format_dt(at, "R"),
            who=f"<@{change.actor_id}>",
            change=change_line(change, policy, say),
        )
        for at, change in changes[:CHANGES_SHOWN]
    ]
    if len(lines) == 1:
        lines.append(say.say("None yet."))
    return lines


def people_panel(policy: Policy, say: Words, *, above: str = "") -> ui.LayoutView:
    """Draw what concerns people, and how long things count."""
    container: Container = ui.Container()
    titled(
        container,
        say.say("People and times"),
        [
            _told(policy, say),
            _staff(policy, say),
            _bots(policy, say),
            _special(policy, say),
        ],
        above,
    )
    choice(
        container,
        Press(Page.PEOPLE, "time_out"),
        "**" + say.say("How long is a time-out?") + "**",
        _lengths(TIME_OUTS_SECONDS, policy.time_out_seconds, 1, say),
    )
    choice(
        container,
        Press(Page.PEOPLE, "repeat"),
        "**" + say.say("How long do earlier confirmed cases count?") + "**",
        _lengths(REPEAT_DAYS, policy.repeat_window_days, _DAY_SECONDS, say),
    )
    choice(
        container,
        Press(Page.PEOPLE, "raid"),
        "**" + say.say("How long do copies of a picture join one card?") + "**",
        _lengths(RAID_SECONDS, policy.raid_window_seconds, 1, say),
    )
    container.add_item(
        ui.ActionRow(
            switch(
                (say.say("Tell nobody"), say.say("Tell the person")),
                (Page.PEOPLE, "tell"),
                on=policy.tell_person,
            ),
            switch(
                (say.say("Look at staff too"), say.say("Leave staff alone")),
                (Page.PEOPLE, "staff"),
                on=policy.exempt_staff,
            ),
            switch(
                (say.say("Leave bots alone"), say.say("Look at bots too")),
                (Page.PEOPLE, "bots"),
                on=policy.look_at_bots,
            ),
            switch(
                (say.say("Do not delete special cases"), say.say("Delete special cases")),
                (Page.PEOPLE, "special"),
                on=policy.delete_special,
            ),
        )
    )
    container.add_item(ui.ActionRow(back(say)))
    return panel(container)


def _told(policy: Policy, say: Words) -> str:
    if policy.tell_person:
        return say.say(
            "Whoever posted a picture that was acted on gets a direct message, with a way to "
            "appeal."
        )
    return say.say("Nobody gets a direct message, so nobody can appeal.")


def _staff(policy: Policy, say: Words) -> str:
    if policy.exempt_staff:
        return say.say("The owner, and members who may manage messages, are left alone.")
    return say.say("Everybody is looked at, staff and the owner too.")


def _bots(policy: Policy, say: Words) -> str:
    if policy.look_at_bots:
        return say.say("Bots and webhooks are looked at; their messages can only be deleted.")
    return say.say("Bots and webhooks are left alone.")


def _special(policy: Policy, say: Words) -> str:
    if policy.delete_special:
        return say.say(
            "Sexual content that may show a minor is deleted at once, except in dry run. Nothing "
            "of it is kept; an alert says what to do."
        )
    return say.say(
        "Sexual content that may show a minor stays until a moderator deletes it. Nothing of it "
        "is kept; an alert says what to do."
    )


def _lengths(
    choices: Sequence[int], now: int, unit_seconds: int, say: Words
) -> list[discord.SelectOption]:
    labels = {str(one): lasting(one * unit_seconds, say) for one in sorted({*choices, now})}
    return options(labels, str(now))


def words_panel(policy: Policy, say: Words, *, reads_text: bool, above: str = "") -> ui.LayoutView:
    """Draw the blocked words, in a code block: they are nobody's markup.

    ``reads_text`` is whether anything here reads what is written in pictures.
    """
    container: Container = ui.Container()
    lines = [say.say("A picture in which I read one of these counts as spam.")]
    if not reads_text:
        lines.append(
            say.say(
                "**Not in use:** nothing reads text in pictures here. The operator can switch it "
                "on (extra “builtin”, and moderation.read_text in the settings)."
            )
        )
    if policy.blocked_words:
        count = len(policy.blocked_words)
        lines += [
            say.say("{count} of {most}:", count=count, most=MAX_BLOCKED_WORDS),
            fenced("\n".join(policy.blocked_words), _WORDS_CHARACTERS),
        ]
    else:
        lines.append(say.say("There are none."))
    titled(container, say.say("Blocked words"), lines, above)
    edit = button(say.say("Change the words"), Press(Page.WORDS, "edit_words"), ButtonStyle.primary)
    container.add_item(ui.ActionRow(edit, back(say)))
    return panel(container)


def back(say: Words) -> ui.Button[ui.LayoutView]:
    """Offer the way back to all settings."""
    return button(say.say("All settings"), Press(Page.HOME, "show"))
