"""Hears the clicks on cards; their custom ids hold all they need, so they outlive a restart."""

from __future__ import annotations

import re
from typing import Any, Self, cast

from discord import ui

from bot.domain.moderation.case import CaseState, Decision
from bot.ui.asking import Interaction
from bot.ui.errors import responding
from bot.ui.house import house_of
from bot.ui.layouts import plain
from bot.ui.moderation.appeals import AppealButton
from bot.ui.moderation.card import moment_of
from bot.ui.moderation.confirming import DESTRUCTIVE, SureButton, confirmation
from bot.ui.moderation.pressing import Press, decide, faster, gone, outcome, pressed, refused
from bot.ui.moderation.reveal import never_shown, revealed
from bot.ui.moderation.rights import Control, control_of, undo_of

Button = ui.Button[ui.LayoutView]
_REVEAL, _UNDO = "reveal", "undo"
_NEVER_SPECIAL = frozenset({"not_violation", "block", _REVEAL})


class CaseButton(
    ui.DynamicItem[Button],
    template=r"lookout:case:(?P<action>keep|delete|time_out|kick|ban|not_violation|block|reveal"
    r"|undo-(?P<moment>[0-9]{1,15})):(?P<case>[0-9]{1,19})",
):
    """One control of a card. Whoever presses is answered alone; the card is drawn anew by itself.

    All rights are read from Discord with this very click.
    """

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self.moment = match["moment"]
        self.action = match["action"] if self.moment is None else _UNDO
        self.case_id = int(match["case"])

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild from a click."""
        return cls(cast("Button", item), match)

    async def callback(self, interaction: Interaction) -> None:
        """Do what the label says, at once or after one more question."""
        house = house_of(interaction.client)
        async with responding(interaction):
            await interaction.response.defer(thinking=True, ephemeral=True)
            press = await pressed(house, interaction, self.case_id)
            if press is not None:
                await interaction.edit_original_response(view=await self._answer(press))

    async def _answer(self, press: Press) -> ui.LayoutView:
        if press.case.special and self.action in _NEVER_SPECIAL:
            return plain(never_shown(press.say))
        if self.action == _REVEAL:
            return await revealed(press)
        refusal = await refused(press, self._control(press))
        if refusal:
            return plain(refusal)
        if self.action == _UNDO:
            return plain(await self._undo(press))
        return await _decided(press, Decision(self.action))

    def _control(self, press: Press) -> Control:
        if self.action == _UNDO:
            return undo_of(press.case.decision)
        return control_of(Decision(self.action), press.subject)

    async def _undo(self, press: Press) -> str:
        case = press.case
        if case.decided_at is None:
            return press.say.say("This case is open: there is no decision to take back.")
        if str(moment_of(case.decided_at)) != self.moment:
            return faster(case, press.say)
        cases = press.house.moderation.cases
        undone = await cases.undo(case.id, press.presser.id, case.decided_at)
        if undone is None:
            return gone(press.say)
        if not undone.fresh:
            return faster(undone.case, press.say)
        return press.say.say(
            "Taken back: the case is open again. Time-outs end and bans are lifted; deleted "
            "messages stay deleted."
        )


async def _decided(press: Press, decision: Decision) -> ui.LayoutView:
    if press.case.state is CaseState.DECIDED:
        return plain(faster(press.case, press.say))
    if decision in DESTRUCTIVE:
        return confirmation(press.case, decision, press.policy, press.people, press.say)
    return plain(outcome(await decide(press, decision), press.policy, press.say))


BUTTONS = (CaseButton, SureButton, AppealButton)
"""What hears clicks on cards, questions and messages from before a restart."""
