"""A conversation handed over as a file, and in words what is in it."""

from discord import ui

from bot.ui.conversation.bundle import NAME, Bundle
from bot.ui.i18n import Words
from bot.ui.sentences import megabytes


def handed_over(packed: Bundle, max_bytes: int, say: Words) -> ui.LayoutView:
    """Show the file, and say what is in it and what is not."""
    lines = [
        say.say("Here is what I keep of this conversation."),
        say.say("In the ZIP file: conversation.md to read, conversation.json for programs."),
    ]
    if packed.pictures:
        lines.append(
            say.say_plural(
                "With {count} picture, in the folder pictures.",
                "With {count} pictures, in the folder pictures.",
                packed.pictures,
            )
        )
    if packed.missing:
        lines.append(
            say.say_plural(
                "{count} picture is not in it: I no longer keep it, or the file would be larger "
                "than the {limit} that may be sent here.",
                "{count} pictures are not in it: I no longer keep them, or the file would be "
                "larger than the {limit} that may be sent here.",
                packed.missing,
                limit=megabytes(max_bytes),
            )
        )
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n".join(lines)))
    view.add_item(ui.File(f"attachment://{NAME}"))
    view.stop()  # clicks are heard by custom id, not kept in memory
    return view
