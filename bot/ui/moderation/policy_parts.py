"""What the panels are made of: titled selects, buttons, and a place for what has just happened."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord
from discord import ButtonStyle, ui

from bot.domain.moderation.policy import MAX_EXEMPT_ROLES
from bot.ui.controls import Control
from bot.ui.i18n import Words
from bot.ui.layouts import TEXT_LIMIT
from bot.ui.moderation.policy_ids import NO_RULE, Page, Press

MAX_CHOSEN = 25
"""As many as one of Discord's selects gives back."""
_LABEL_CHARACTERS = 100
Container = ui.Container[ui.LayoutView]
_WATCHABLE = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
    discord.ChannelType.media,
    discord.ChannelType.category,
]


def panel(container: Container) -> ui.LayoutView:
    """Make a view of a panel: presses are heard by custom id, not kept in memory."""
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    view.stop()
    return view


def titled(container: Container, heading: str, lines: Iterable[str], above: str = "") -> None:
    """Begin a panel with its heading; ``above`` says what has just happened."""
    parts = [*([above] if above else []), f"## {heading}", *lines]
    container.add_item(ui.TextDisplay("\n".join(parts)[:TEXT_LIMIT]))


def choice(
    container: Container,
    press: Press,
    title: str,
    options: Sequence[discord.SelectOption],
) -> None:
    """Add one choice out of a few, with a line that says what it is about."""
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=press.custom_id, options=list(options), placeholder=_plain(title)
    )
    _add(container, title, select)


def options(
    labels: Mapping[str, str], now: str, descriptions: Mapping[str, str] | None = None
) -> list[discord.SelectOption]:
    """Offer values by their labels; what holds ``now`` is chosen."""
    return [
        discord.SelectOption(
            label=label[:_LABEL_CHARACTERS],
            value=value,
            description=(descriptions or {}).get(value, "")[:_LABEL_CHARACTERS] or None,
            default=value == now,
        )
        for value, label in labels.items()
    ]


def log_choice(
    container: Container, press: Press, title: str, guild: discord.Guild, channel_id: int | None
) -> None:
    """Add the choice of the log channel."""
    select: ui.ChannelSelect[ui.LayoutView] = ui.ChannelSelect(
        custom_id=press.custom_id,
        channel_types=[discord.ChannelType.text],
        placeholder=_plain(title),
        default_values=_known_channels(guild, () if channel_id is None else (channel_id,)),
    )
    _add(container, title, select)


def channels_choice(
    press: Press, placeholder: str, guild: discord.Guild, ids: Sequence[int]
) -> ui.ActionRow[ui.LayoutView]:
    """Offer several channels, or categories of them."""
    return ui.ActionRow(
        ui.ChannelSelect(
            custom_id=press.custom_id,
            channel_types=_WATCHABLE,
            placeholder=placeholder,
            min_values=0,
            max_values=MAX_CHOSEN,
            default_values=_known_channels(guild, ids),
        )
    )


def roles_choice(
    container: Container,
    press: Press,
    title: str,
    guild: discord.Guild,
    ids: Sequence[int],
) -> None:
    """Add the choice of the exempt roles."""
    kind = discord.SelectDefaultValueType.role
    select: ui.RoleSelect[ui.LayoutView] = ui.RoleSelect(
        custom_id=press.custom_id,
        placeholder=_plain(title),
        min_values=0,
        max_values=MAX_EXEMPT_ROLES,
        default_values=[
            discord.SelectDefaultValue(id=one, type=kind)
            for one in ids[:MAX_EXEMPT_ROLES]
            if guild.get_role(one) is not None
        ],
    )
    _add(container, title, select)


def button(label: str, press: Press, style: ButtonStyle = ButtonStyle.secondary) -> Control:
    """Offer something to press."""
    return ui.Button(label=label, style=style, custom_id=press.custom_id)


def switch(
    labels: tuple[str, str],
    press: tuple[Page, str],
    *,
    on: bool,
    rule_id: str = NO_RULE,
    styles: tuple[ButtonStyle, ButtonStyle] = (ButtonStyle.secondary, ButtonStyle.secondary),
) -> Control:
    """Offer to switch off what is on, or on what is off: the labels and styles for each."""
    page, what = press
    wanted = Press(page, what, rule_id, "off" if on else "on")
    index = 0 if on else 1
    return button(labels[index], wanted, styles[index])


def dry_run_switch(page: Page, say: Words, *, on: bool) -> Control:
    """Offer to leave, or go back to, only saying what would be done."""
    labels = (say.say("End dry run"), say.say("Back to dry run"))
    return switch(labels, (page, "dry_run"), on=on)


def main_switch(page: Page, say: Words, *, on: bool) -> Control:
    """Offer to begin, or end, looking at pictures."""
    if on:
        return button(say.say("Switch off"), Press(page, "disable"), ButtonStyle.danger)
    return button(say.say("Switch on"), Press(page, "enable"), ButtonStyle.success)


def _add(container: Container, title: str, select: ui.Item[Any]) -> None:
    container.add_item(ui.TextDisplay(title))
    container.add_item(ui.ActionRow(select))


def _plain(title: str) -> str:
    return title.partition("\n")[0].replace("*", "")[:150]


def _known_channels(guild: discord.Guild, ids: Sequence[int]) -> list[discord.SelectDefaultValue]:
    """Name those that are still there: Discord takes no others."""
    kind = discord.SelectDefaultValueType.channel
    return [
        discord.SelectDefaultValue(id=one, type=kind)
        for one in ids[:MAX_CHOSEN]
        if guild.get_channel(one) is not None
    ]
