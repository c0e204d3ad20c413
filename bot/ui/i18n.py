"""The bot's own sentences in the reader's language, by gettext catalogues in ``bot/locale``."""

import functools
import gettext
from importlib import resources

DOMAIN = "lookout"
CATALOGUES = {"ja": "ja", "zh-CN": "zh_CN"}
"""Discord locale to catalogue; every other locale reads English, the source language."""


class Words:
    """Says the bot's sentences in one language. ``{name}`` in a sentence is filled in after."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self._catalogue = _catalogue(CATALOGUES.get(locale))

    def say(self, message: str, /, **values: object) -> str:
        """Translate ``message`` and fill in ``values``."""
        text = self._catalogue.gettext(message)
        return text.format(**values) if values else text

    def say_plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Translate by number; ``{count}`` is filled in too."""
        return self._catalogue.ngettext(one, many, count).format(count=count, **values)


def mark(message: str) -> str:
    """Mark a sentence for the catalogues where it is only named, to be said later."""
    return message


@functools.cache
def words(locale: str) -> Words:
    """Return the Words of a Discord locale."""
    return Words(locale)


@functools.cache
def _catalogue(name: str | None) -> gettext.NullTranslations:
    if name is None:
        return gettext.NullTranslations()
    folder = resources.files("bot") / "locale" / name / "LC_MESSAGES"
    with (folder / f"{DOMAIN}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
