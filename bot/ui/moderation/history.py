"""What a member's history is: how many cases, and a page of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, cast

import discord
from discord import ui

from bot.domain.moderation.case import Case, CaseState
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.ports import CaseQuery
from bot.ui.asking import Interaction
from bot.ui.controls import Control
from bot.ui.errors import responding
from bot.ui.house import House, house_of
from bot.ui.i18n import Words, words
from bot.ui.layouts import plain
from bot.ui.moderation.card_lines import decided_line
from bot.ui.moderation.case_view import card_link
from bot.ui.moderation.naming import rule_name
from bot.ui.moderation.permitted import require_moderator

PAGE_SIZE = 8
Button = ui.Button[ui.LayoutView]


@dataclass(frozen=True, slots=True)
class History:
    """A page of somebody's cases: ``total`` and the counts are of all of them."""

    person_id: int
    offset: int
    total: int
    open: int
    confirmed: int
    cases: Sequence[Case]


async def show_history(
    house: House, interaction: Interaction, person_id: int, offset: int = 0
) -> None:
    """Put a page where the acknowledged interaction's reply is. Raises MissingRight."""
    guild_id = require_moderator(interaction).guild.id
    moderation = house.moderation
    policy = await moderation.policies.get(guild_id)
    since = moderation.clock() - timedelta(days=policy.repeat_window_days)
    query = CaseQuery(guild_id, person_id=person_id)
    total, cases = await moderation.cases.find(query, offset=offset, limit=PAGE_SIZE)
    waiting, _ = await moderation.cases.find(
        CaseQuery(guild_id, person_id=person_id, state=CaseState.OPEN), limit=1
    )
    confirmed = await moderation.cases.confirmed_before(guild_id, person_id, since)
    history = History(person_id, offset, total, waiting, confirmed, cases)
    view = history_page(history, policy, words(interaction.locale.value))
    await interaction.edit_original_response(view=view)


def history_page(history: History, policy: Policy, say: Words) -> ui.LayoutView:
    """Write the counts, and a page of cases, newest first."""
    lines = [
        "## " + say.say("Cases of a member"),
        f"<@{history.person_id}>",
        say.say_plural("{count} case altogether.", "{count} cases altogether.", history.total),
        say.say_plural("{count} is open.", "{count} are open.", history.open),
        say.say_plural(
            "Confirmed within the last {days} days: {count}. It counts as an earlier time.",
            "Confirmed within the last {days} days: {count}. They count as earlier times.",
            history.confirmed,
            days=policy.repeat_window_days,
        ),
        *(_line(case, policy, say) for case in history.cases),
    ]
    return plain("\n".join(lines), _pager(history, say))


def _line(case: Case, policy: Policy, say: Words) -> str:
    line = say.say(
        "**Case {number}**, {when}: {rule}. {decision}",
        number=case.number,
        when=discord.utils.format_dt(case.opened_at, "R"),
        rule=rule_name(case.rule, policy, say),
        decision=_decision(case, say),
    )
    link = card_link(case)
    return f"{line} {link}" if link else line


def _decision(case: Case, say: Words) -> str:
    if case.state is CaseState.OPEN:
        return say.say("Waits for a moderator.")
    return decided_line(case, say)


def _pager(history: History, say: Words) -> list[Control]:
    buttons = []
    if history.offset:
        newer = max(0, history.offset - PAGE_SIZE)
        buttons.append(_button(say.say("Newer"), history.person_id, newer))
    if history.offset + len(history.cases) < history.total:
        older = history.offset + PAGE_SIZE
        buttons.append(_button(say.say("Older"), history.person_id, older))
    return buttons


def _button(label: str, person_id: int, offset: int) -> Control:
    return ui.Button(label=label, custom_id=f"lookout:history:{person_id}:{offset}")


class HistoryButton(
    ui.DynamicItem[Button],
    template=r"lookout:history:(?P<person>[0-9]{1,20}):(?P<offset>[0-9]{1,9})",
):
    """Turns the page of a member's history."""

    def __init__(self, item: Button, person_id: int, offset: int) -> None:
        super().__init__(item)
        self.person_id = person_id
        self.offset = offset

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a press."""
        return cls(cast("Button", item), int(match["person"]), int(match["offset"]))

    async def callback(self, interaction: Interaction) -> None:
        """Show the page."""
        async with responding(interaction):
            await interaction.response.defer()
            house = house_of(interaction.client)
            await show_history(house, interaction, self.person_id, self.offset)
