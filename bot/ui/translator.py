"""Names and descriptions of commands in the languages we have, for Discord to show."""

from discord import Locale, app_commands

from bot.ui.i18n import CATALOGUES, words


class Translator(app_commands.Translator):
    """Looks strings up in the same catalogues as every other sentence."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the translation; None leaves Discord to show the English text."""
        if locale.value not in CATALOGUES:
            return None
        text = words(locale.value).say(string.message)
        return text if text != string.message else None
