"""The buttons under an answer as they are drawn; ``bot.ui.buttons`` hears the clicks."""

from discord import ButtonStyle, ui

from bot.domain.ports import PostedAnswer
from bot.domain.task import Detail, TaskName
from bot.ui.i18n import Words

Control = ui.Button[ui.LayoutView]
NOT_KEPT = 0
"""The id in the Delete button of an answer that was not kept (nothing but errors, say)."""


def cancel_button(run_id: int, say: Words) -> Control:
    """Offer to stop an answer that is under way."""
    return ui.Button(label=say.say("Cancel"), custom_id=f"lookout:cancel:{run_id}")


def answer_buttons(posted: PostedAnswer | None, say: Words) -> list[Control]:
    """Offer what makes sense for an answer; only deletion when it was not kept."""
    buttons: list[Control] = []
    if posted is not None and posted.task is not TaskName.OCR:
        if posted.parameters.detail is not Detail.BRIEF:
            buttons.append(_button("shorter", posted.id, say.say("Shorter")))
        if posted.parameters.detail is not Detail.DETAILED:
            buttons.append(_button("longer", posted.id, say.say("More detail")))
        buttons.append(_button("read", posted.id, say.say("Read text")))
    posted_id = posted.id if posted is not None else NOT_KEPT
    buttons.append(_button("delete", posted_id, say.say("Delete"), ButtonStyle.danger))
    return buttons


def _button(
    action: str, posted_id: int, label: str, style: ButtonStyle = ButtonStyle.secondary
) -> Control:
    return ui.Button(label=label, style=style, custom_id=f"lookout:{action}:{posted_id}")
