"""Languages a person can choose from, as Discord knows them."""

from discord import app_commands

from bot.tasks.base import LANGUAGE_NAMES
from bot.ui.asking import Interaction

MAX_CHOICES = 25


def chosen_language(interaction: Interaction, choice: str | None) -> str:
    """Return the chosen language, else the person's own Discord language.

    A name is accepted as well as a code; anything else is handed to the model as it was written.
    """
    if not choice:
        return interaction.locale.value
    wanted = choice.strip().casefold()
    for code, name in LANGUAGE_NAMES.items():
        if wanted in (code.casefold(), name.casefold()):
            return code
    return choice.strip()


async def suggest_languages(
    interaction: Interaction, current: str
) -> list[app_commands.Choice[str]]:
    """Offer languages while a person types; the person's own comes first."""
    typed = current.strip().casefold()
    own = interaction.locale.value
    names = sorted(LANGUAGE_NAMES.items(), key=lambda item: (item[0] != own, item[1]))
    return [
        app_commands.Choice(name=name, value=code)
        for code, name in names
        if typed in name.casefold() or code.casefold().startswith(typed)
    ][:MAX_CHOICES]
