"""The one responder: whatever goes wrong ends here, said once and logged once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import structlog

from bot.domain.errors import UserError, place_of
from bot.ui.controls import delete_button
from bot.ui.i18n import words
from bot.ui.layouts import failure, plain

_log = structlog.get_logger(__name__)


def log_failure(error: BaseException, reference: str) -> None:
    """Write the log's line for a failure: its class and place, never its text."""
    root = error
    while isinstance(root, BaseExceptionGroup):
        root = root.exceptions[0]
    write = _log.info if isinstance(root, UserError) else _log.error
    write(
        "failure",
        reference=reference,
        error=type(root).__name__,
        where=place_of(root),
        status=getattr(root, "status", None),
    )


async def say_alone(interaction: discord.Interaction[discord.Client], text: str) -> None:
    """Tell the person, alone where that is still possible."""
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        button = delete_button(interaction.user.id, words(interaction.locale.value))
        await interaction.edit_original_response(view=plain(text, [button]))
    elif interaction.response.is_done():
        await interaction.followup.send(view=plain(text), ephemeral=True)
    else:
        await interaction.response.send_message(view=plain(text), ephemeral=True)


@asynccontextmanager
async def responding(
    interaction: discord.Interaction[discord.Client], *, below: str = ""
) -> AsyncIterator[None]:
    """Wrap the body of a command or control: nothing it raises goes further.

    So a host bot's own error handlers never hear of our commands. ``below`` is shown under the
    words about a failure.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the responder is where everything ends
        reference = f"{interaction.id & 0xFFFFFFFF:08X}"
        log_failure(error, reference)
        try:
            text = failure(error, interaction.locale.value, reference)
            await say_alone(interaction, f"{text}\n{below}" if below else text)
        except Exception as unsaid:  # noqa: BLE001 - there is no further road to the person
            _log.warning("failure_unsaid", error=type(unsaid).__name__)
