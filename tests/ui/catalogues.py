"""Brings the catalogues up to date with the code: ``python -m tests.ui.catalogues``.

Babel's own commands write dates, addresses and versions into every file, also where no sentence
changed. So its library is used, with a head of our own.
"""

import io
from collections.abc import Callable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bot.ui.i18n import CATALOGUES, DOMAIN

ROOT = Path(__file__).parents[2]
ROOMS = ("bot/ui", "cogs")
KEYWORDS = {"say": (1,), "say_plural": (1, 2), "mark": (1,), "T": (1,)}
HEAD = "# What Lookout says. `make translations` brings this file up to date and compiles it."
MessageId = str | tuple[str, ...]


class DatelessCatalog(Catalog):
    """A catalogue whose head holds only what gettext needs."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The head, a name and a value a line."""
        return [
            ("Language", str(self.locale_identifier)),
            ("MIME-Version", "1.0"),
            ("Content-Type", f"text/plain; charset={self.charset}"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"{self.plural_forms}\n"),
        ]


def source_messages() -> dict[MessageId, list[str]]:
    """Return every sentence that the code can say, and the files that say it."""
    found: dict[MessageId, list[str]] = {}
    for room in ROOMS:
        for name, _, message, _, _ in extract_from_dir(ROOT / room, keywords=KEYWORDS):
            files = found.setdefault(message, [])
            if f"{room}/{name}" not in files:
                files.append(f"{room}/{name}")
    return found


def catalogue_path(name: str, suffix: str) -> Path:
    """Return where a catalogue is kept: ``po`` is written by people, ``mo`` is read by the bot."""
    return ROOT / "bot" / "locale" / name / "LC_MESSAGES" / f"{DOMAIN}.{suffix}"


def read_catalogue(name: str) -> Catalog:
    """Read a catalogue as people left it; empty when there is none yet."""
    path = catalogue_path(name, "po")
    return read_po(io.BytesIO(path.read_bytes() if path.exists() else b""), locale=name)


def up_to_date(name: str) -> DatelessCatalog:
    """Return a catalogue with the code's sentences, in the code's order, as far as translated."""
    before = read_catalogue(name)
    now = DatelessCatalog(locale=name, header_comment=HEAD, fuzzy=False)
    for message, files in source_messages().items():
        known = before.get(message)
        now.add(
            message,
            known.string if known else None,
            locations=[(file, 1) for file in files],
            flags=known.flags if known else (),
            user_comments=known.user_comments if known else (),
        )
    return now


def as_po(found: Catalog) -> bytes:
    """Write a catalogue for people; a location is a file without a line, so that it stays."""
    return _written(lambda file: write_po(file, found, width=0, include_lineno=False))


def as_mo(found: Catalog) -> bytes:
    """Compile a catalogue for the bot."""
    return _written(lambda file: write_mo(file, found))


def _written(write: Callable[[io.BytesIO], None]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def main() -> None:
    """Update and compile every catalogue, and say what is left to translate."""
    for name in CATALOGUES.values():
        found = up_to_date(name)
        catalogue_path(name, "po").parent.mkdir(parents=True, exist_ok=True)
        catalogue_path(name, "po").write_bytes(as_po(found))
        catalogue_path(name, "mo").write_bytes(as_mo(found))
        missing = [message.id for message in found if message.id and not any(message.string or ())]
        print(f"{name}: {len(found)} sentences, {len(missing)} to translate")  # noqa: T201 - a tool


if __name__ == "__main__":
    main()
