"""The buttons under a turn as they are drawn; ``bot.ui.conversation.buttons`` hears the clicks."""

from discord import ButtonStyle, ui

from bot.domain.conversation import Turn
from bot.ui.controls import Control
from bot.ui.i18n import Words


def turn_buttons(turn: Turn, say: Words, *, kept: bool, thread: bool) -> list[Control]:
    """Offer what makes sense under an answer; only deletion when nothing of it is ``kept``."""
    if not kept:
        return [_delete(turn, say)]
    follow = _button("followup", say.say("Ask a follow-up"), turn, ButtonStyle.primary)
    offered = [("closer", say.say("Look closer"))]
    if thread:
        offered.append(("thread", say.say("Continue in a thread")))
    offered.append(("again", say.say("Try again")))
    return [
        follow,
        *(_button(action, label, turn) for action, label in offered),
        _delete(turn, say),
    ]


def unanswered_buttons(turn: Turn, say: Words, *, kept: bool = True) -> list[Control]:
    """Offer what makes sense where there is no answer; only deletion when nothing is ``kept``."""
    again = [_button("again", say.say("Try again"), turn)] if kept else []
    return [*again, _delete(turn, say)]


def _delete(turn: Turn, say: Words) -> Control:
    return _button("delete", say.say("Delete"), turn, ButtonStyle.danger)


def _button(
    action: str, label: str, turn: Turn, style: ButtonStyle = ButtonStyle.secondary
) -> Control:
    """Write all that a click must know before anything is looked up."""
    reach = "private" if turn.private else "public"
    custom_id = f"lookout:turn:{action}:{turn.id}:{turn.person_id or 0}:{reach}"
    return ui.Button(label=label, style=style, custom_id=custom_id)
