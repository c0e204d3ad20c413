"""The guided panel that switches moderation on: seven steps, and whether it could work."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.domain.moderation.policy import MAX_EXEMPT_ROLES, AgeRestricted, Policy, Watch
from bot.ui.i18n import Words
from bot.ui.moderation.changes import AGE_NAMES, WATCH_NAMES
from bot.ui.moderation.checks import Check, check_lines
from bot.ui.moderation.naming import PRESET_MEANINGS, PRESET_NAMES
from bot.ui.moderation.policy_ids import Page, Press
from bot.ui.moderation.policy_parts import (
    Container,
    button,
    channels_choice,
    choice,
    dry_run_switch,
    log_choice,
    main_switch,
    options,
    panel,
    roles_choice,
    titled,
)


def setup_panel(
    guild: discord.Guild, policy: Policy, checks: Sequence[Check], say: Words, *, above: str = ""
) -> ui.LayoutView:
    """Draw every step as it stands now, then what is ready and what is missing."""
    container: Container = ui.Container()
    titled(
        container,
        say.say("Set up moderation"),
        [
            say.say("I look at uploaded pictures and put what your rules name before moderators."),
            _standing(policy, say),
        ],
        above,
    )
    _log_step(container, guild, policy, say)
    _watch_step(container, guild, policy, say)
    roles_choice(
        container,
        Press(Page.SETUP, "roles"),
        "\n".join(_roles_title(policy, say)),
        guild,
        policy.exempt_role_ids,
    )
    choice(
        container,
        Press(Page.SETUP, "age"),
        "**" + say.say("4. How do age-restricted channels differ?") + "**",
        options(
            {age: _sentence(say.say(AGE_NAMES[age])) for age in AgeRestricted},
            policy.age_restricted,
        ),
    )
    choice(
        container,
        Press(Page.SETUP, "preset"),
        "**"
        + say.say("5. Which rules to begin with?")
        + "**\n"
        + say.say("Choosing one replaces the rules of all categories; your own rules stay."),
        options(
            {name: say.say(label) for name, label in PRESET_NAMES.items()},
            policy.preset,
            {name: say.say(meaning) for name, meaning in PRESET_MEANINGS.items()},
        ),
    )
    container.add_item(ui.TextDisplay(_ending(policy, checks, say)))
    container.add_item(
        ui.ActionRow(
            dry_run_switch(Page.SETUP, say, on=policy.dry_run),
            main_switch(Page.SETUP, say, on=policy.enabled),
            button(say.say("Check again"), Press(Page.SETUP, "show")),
            button(say.say("All settings"), Press(Page.HOME, "show")),
        )
    )
    return panel(container)


def _standing(policy: Policy, say: Words) -> str:
    if not policy.enabled:
        return say.say("Moderation is **off**: no picture is looked at.")
    if policy.dry_run:
        return say.say(
            "Moderation is **on**, in dry run: cards say what I would do, and I do nothing by "
            "myself."
        )
    return say.say("Moderation is **on**: I act by your rules.")


def _log_step(container: Container, guild: discord.Guild, policy: Policy, say: Words) -> None:
    title = "\n".join(
        [
            "**" + say.say("1. Where do the cards go?") + "**",
            say.say("A channel that moderators alone can see."),
        ]
    )
    log_choice(container, Press(Page.SETUP, "log"), title, guild, policy.log_channel_id)
    if guild.me.guild_permissions.manage_channels:
        label = say.say("Create a private channel")
        container.add_item(ui.ActionRow(button(label, Press(Page.SETUP, "new_log"))))


def _watch_step(container: Container, guild: discord.Guild, policy: Policy, say: Words) -> None:
    choice(
        container,
        Press(Page.SETUP, "watch"),
        "**" + say.say("2. Which channels are looked at?") + "**",
        options({watch: _sentence(say.say(WATCH_NAMES[watch])) for watch in Watch}, policy.watch),
    )
    placeholder = say.say("The chosen channels or categories, up to 25")
    press = Press(Page.SETUP, "channels")
    container.add_item(channels_choice(press, placeholder, guild, policy.channel_ids))


def _roles_title(policy: Policy, say: Words) -> list[str]:
    lines = [
        "**" + say.say("3. Whose pictures are left alone?") + "**",
        say.say("Members with one of up to {count} roles.", count=MAX_EXEMPT_ROLES),
    ]
    if policy.exempt_staff:
        lines.append(say.say("The owner, and who may manage messages, are left alone anyway."))
    return lines


def _ending(policy: Policy, checks: Sequence[Check], say: Words) -> str:
    dry = (
        say.say("Dry run is on. Watch the cards for some days, then end it.")
        if policy.dry_run
        else say.say("Dry run is off: what the rules allow is done at once.")
    )
    return "\n".join(
        [
            "**" + say.say("6. Dry run") + "**",
            dry,
            "**" + say.say("7. Switch it on") + "**",
            *check_lines(checks, say),
        ]
    )


def _sentence(words: str) -> str:
    """Begin a label with a capital."""
    return words[:1].upper() + words[1:]
