"""The second click: what is about to happen in words, and a button that does it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self, cast

from discord import ButtonStyle, ui

from bot.domain.moderation.case import Case, CaseState, Decision
from bot.domain.moderation.policy import Policy
from bot.ui.asking import Interaction
from bot.ui.errors import responding
from bot.ui.house import house_of
from bot.ui.i18n import Words
from bot.ui.layouts import plain
from bot.ui.moderation.naming import lasting
from bot.ui.moderation.pressing import Press, decide, faster, outcome, pressed, refused
from bot.ui.moderation.rights import control_of

Button = ui.Button[ui.LayoutView]
DESTRUCTIVE = frozenset(
    {Decision.DELETE, Decision.TIME_OUT, Decision.KICK, Decision.BAN, Decision.BLOCK}
)
"""What asks once more before it is done."""
_ABOUT_PEOPLE = frozenset({Decision.TIME_OUT, Decision.KICK, Decision.BAN})
LONGEST_TIME_OUT_SECONDS = 28 * 86400
"""discord-api-docs, Modify Guild Member."""
_TIME_OUT_SECONDS = (600, 3600, 86400, 7 * 86400, LONGEST_TIME_OUT_SECONDS)
_MENTIONED_PEOPLE = 5
_BUTTONS_A_ROW = 5
_CANCEL = "cancel"


def confirmation(
    case: Case,
    decision: Decision,
    policy: Policy,
    people: Sequence[int],
    say: Words,
    *,
    again: bool = False,
) -> ui.LayoutView:
    """Say what would happen, and offer to do it or to leave it.

    ``again`` is for when more people turned out to be concerned than were asked about.
    """
    lines = [f"**{_question(case, decision, people, say)}**"]
    if again:
        lines.insert(0, say.say("Meanwhile others posted the picture too, so I ask again."))
    if policy.tell_person and people:
        lines.append(say.say("Whoever is concerned is told in a direct message, and may appeal."))
    if decision is Decision.KICK:
        lines.append(say.say("“Undo” does not bring back who was kicked; they may join again."))
    elif decision is not Decision.BAN:
        lines.append(say.say("“Undo” does not bring deleted messages back."))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n".join(lines)))
    buttons = [*_choices(case, decision, policy, say), _cancel(case, say)]
    for first in range(0, len(buttons), _BUTTONS_A_ROW):
        view.add_item(ui.ActionRow(*buttons[first : first + _BUTTONS_A_ROW]))
    view.stop()
    return view


def _question(case: Case, decision: Decision, people: Sequence[int], say: Words) -> str:
    count = case.sighting_count
    who = _named(people, say)
    match decision:
        case Decision.TIME_OUT:
            return say.say("Delete the picture and time out {people}: for how long?", people=who)
        case Decision.KICK:
            return say.say("Delete the picture and kick {people}?", people=who)
        case Decision.BAN:
            return say.say("Delete the picture and ban {people}?", people=who)
        case Decision.BLOCK:
            return say.say_plural(
                "Delete the picture, and remove its copies at once from now on?",
                "Delete all {count} copies, and remove further ones at once from now on?",
                count,
            )
        case _:
            return say.say_plural("Delete the picture?", "Delete all {count} copies?", count)


def _named(people: Sequence[int], say: Words) -> str:
    named = ", ".join(f"<@{person_id}>" for person_id in people[:_MENTIONED_PEOPLE])
    left = len(people) - _MENTIONED_PEOPLE
    if left <= 0:
        return named
    return say.say_plural("{named} and {count} more", "{named} and {count} more", left, named=named)


def _choices(case: Case, decision: Decision, policy: Policy, say: Words) -> list[Button]:
    if decision is not Decision.TIME_OUT:
        label = {
            Decision.DELETE: say.say("Yes, delete"),
            Decision.KICK: say.say("Yes, kick"),
            Decision.BAN: say.say("Yes, ban"),
            Decision.BLOCK: say.say("Yes, block"),
        }[decision]
        return [_button(decision.value, label, case, ButtonStyle.danger)]
    usual = min(policy.time_out_seconds, LONGEST_TIME_OUT_SECONDS)
    return [
        _button(
            decision.value,
            lasting(seconds, say),
            case,
            ButtonStyle.danger if seconds == usual else ButtonStyle.secondary,
            seconds=seconds,
        )
        for seconds in sorted({*_TIME_OUT_SECONDS, usual})
    ]


def _cancel(case: Case, say: Words) -> Button:
    return _button(_CANCEL, say.say("Cancel"), case, ButtonStyle.secondary)


def _button(action: str, label: str, case: Case, style: ButtonStyle, *, seconds: int = 0) -> Button:
    button_id = f"lookout:sure:{action}:{case.id}:{seconds}:{case.people_count}"
    return ui.Button(label=label, style=style, custom_id=button_id)


class SureButton(
    ui.DynamicItem[Button],
    template=r"lookout:sure:(?P<action>delete|time_out|kick|ban|block|cancel)"
    r":(?P<case>[0-9]{1,19}):(?P<seconds>[0-9]{1,8}):(?P<people>[0-9]{1,9})",
):
    """Does what was asked about, if it is still open and the presser still may.

    How many people it was about stands in the custom id: nobody is sent away unasked who posted
    the picture between the two clicks.
    """

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self.action = match["action"]
        self.case_id = int(match["case"])
        self.seconds = int(match["seconds"])
        self.people = int(match["people"])

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), match)

    async def callback(self, interaction: Interaction) -> None:
        """Decide, and say in place of the question what came of it."""
        house = house_of(interaction.client)
        async with responding(interaction):
            await interaction.response.defer()
            press = await pressed(house, interaction, self.case_id)
            if press is None:
                return
            await interaction.edit_original_response(view=await self._answer(press))

    async def _answer(self, press: Press) -> ui.LayoutView:
        if self.action == _CANCEL:
            return plain(press.say.say("Nothing was done."))
        if press.case.state is CaseState.DECIDED:
            return plain(faster(press.case, press.say))
        decision = Decision(self.action)
        refusal = await refused(press, control_of(decision, press.subject))
        if refusal:
            return plain(refusal)
        asked_about = self.people if decision in _ABOUT_PEOPLE else None
        decided = await decide(
            press, decision, lasts_seconds=self.seconds, people_count=asked_about
        )
        if asked_about is None or decided is None or decided.case.state is CaseState.DECIDED:
            return plain(outcome(decided, press.policy, press.say))
        people = await press.house.moderation.cases.people(self.case_id)
        return confirmation(decided.case, decision, press.policy, people, press.say, again=True)
