"""The buttons under an answer as they are drawn; ``bot.ui.buttons`` hears the clicks."""

from discord import ButtonStyle, ui

from bot.domain.task import Detail, Layout, TaskName
from bot.services.look import LookRequest
from bot.ui.i18n import Words

Control = ui.Button[ui.LayoutView]
NOT_KEPT = 0
"""The id in the buttons of an answer that was not kept (nothing but errors, say)."""


def cancel_button(run_id: int, say: Words) -> Control:
    """Offer to stop an answer that is under way."""
    return ui.Button(label=say.say("Cancel"), custom_id=f"lookout:cancel:{run_id}")


def stop_button(run_id: int, say: Words) -> Control:
    """Offer to let what is written so far be the answer."""
    return ui.Button(label=say.say("Stop here"), custom_id=f"lookout:stop:{run_id}")


def delete_button(
    asker_id: int, say: Words, *, posted_id: int = NOT_KEPT, private: bool = False
) -> Control:
    """Offer to delete an answer."""
    custom_id = _custom_id("delete", posted_id, asker_id, private)
    return ui.Button(label=say.say("Delete"), style=ButtonStyle.danger, custom_id=custom_id)


def answer_buttons(
    request: LookRequest, posted_id: int, say: Words, *, private: bool, may_ask: bool
) -> list[Control]:
    """Offer what makes sense for an answer; only deletion when it was not kept.

    ``may_ask`` is whether there is a model that can be asked about the pictures.
    """
    asker_id = request.asker.person_id
    offered = _offers(request, say) if posted_id != NOT_KEPT else []
    if offered and may_ask:
        offered.append(("ask", say.say("Ask")))
    buttons: list[Control] = [
        ui.Button(label=label, custom_id=_custom_id(action, posted_id, asker_id, private))
        for action, label in offered
    ]
    return [*buttons, delete_button(asker_id, say, posted_id=posted_id, private=private)]


def _offers(request: LookRequest, say: Words) -> list[tuple[str, str]]:
    chosen = request.parameters
    if request.task is TaskName.OCR:
        if chosen.layout is Layout.TABLE:
            return [("plain", say.say("As plain text"))]
        return [("table", say.say("As table"))]
    offers = []
    if chosen.detail is not Detail.BRIEF:
        offers.append(("shorter", say.say("Shorter")))
    if chosen.detail is not Detail.DETAILED:
        offers.append(("longer", say.say("More detail")))
    return [*offers, ("read", say.say("Read text"))]


def _custom_id(action: str, posted_id: int, asker_id: int, private: bool) -> str:
    """Write all that a click must know before anything is looked up."""
    return f"lookout:{action}:{posted_id}:{asker_id}:{'private' if private else 'public'}"
