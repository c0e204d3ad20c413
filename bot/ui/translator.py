"""Names and descriptions of commands in the languages we have, for Discord to show.

The catalogues leave the names of slash commands as they are in English. Discord writes a clickable
mention of a command with the name it is given, and a click does nothing when that is a translated
one (discord-api-docs, issues 5462 and 5518), so a help page could only name commands that its
reader does not see. Everything else that stands beside the name is translated.
"""

from discord import Locale, app_commands

from bot.ui.i18n import CATALOGUES, mark, words

OPTION_NAMES = (
    mark("picture"),
    mark("picture2"),
    mark("picture3"),
    mark("picture4"),
    mark("detail"),
    mark("focus"),
    mark("layout"),
    mark("language"),
    mark("as_file"),
    mark("private"),
    mark("question"),
    mark("server"),
    mark("number"),
    mark("member"),
    mark("days"),
)
"""The names of our commands' options: discord.py has them translated without a mark of ours."""


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
