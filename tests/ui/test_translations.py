"""Every sentence, name and description is there in every language we have."""

import io
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.ui.i18n import CATALOGUES, DOMAIN

ROOT = Path(__file__).parents[2]
KEYWORDS = {"say": (1,), "say_plural": (1, 2), "mark": (1,), "T": (1,)}
COMMAND_NAME = re.compile(r"^[-_'\w]{1,32}$")


def source_messages() -> set[str | tuple[str, ...]]:
    """Collect every sentence that the code can say."""
    found: set[str | tuple[str, ...]] = set()
    for room in ("bot/ui", "cogs"):
        for _, _, message, _, _ in extract_from_dir(ROOT / room, keywords=KEYWORDS):
            found.add(message)
    return found


def catalogue(name: str) -> Catalog:
    path = ROOT / "bot" / "locale" / name / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        return read_po(file)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def translations(found: Catalog) -> Iterator[tuple[str, str]]:
    """Yield source and translation, plural forms one by one."""
    for message in found:
        if isinstance(message.id, tuple):
            for text in message.string or ():
                yield str(message.id[1]), str(text)
        elif message.id:
            yield str(message.id), str(message.string)


@pytest.mark.parametrize("name", CATALOGUES.values())
def test_no_sentence_is_missing_doubtful_or_left_over(name: str) -> None:
    found = catalogue(name)
    known = {message.id for message in found if message.id}
    wanted = source_messages()
    assert sorted(map(str, wanted - known)) == [], "run `make translations` and translate these"
    assert sorted(map(str, known - wanted)) == [], "run `make translations`: these are unused"
    assert [source for source, text in translations(found) if not text.strip()] == []
    assert [message.id for message in found if message.id and message.fuzzy] == []


@pytest.mark.parametrize("name", CATALOGUES.values())
def test_translations_fill_in_the_same_values(name: str) -> None:
    wrong = [
        source for source, text in translations(catalogue(name)) if fields(source) != fields(text)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", CATALOGUES.values())
def test_the_compiled_catalogue_is_up_to_date(name: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(name))
    kept = ROOT / "bot" / "locale" / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
    assert kept.read_bytes() == compiled.getvalue(), "run `make translations`"


@pytest.mark.parametrize("name", CATALOGUES.values())
def test_translated_commands_obey_discords_rules(name: str) -> None:
    """Names follow Discord's pattern and case; descriptions keep to 100 characters."""
    found = {m.id: str(m.string) for m in catalogue(name) if isinstance(m.id, str) and m.id}
    for source in ("describe", "alt", "ocr", "help", "about", "status", "forget-me"):
        assert COMMAND_NAME.fullmatch(found[source]), source
        assert found[source] == found[source].lower()
    marked = {
        message for _, _, message, _, _ in extract_from_dir(ROOT / "cogs", keywords={"T": (1,)})
    }
    assert marked
    assert [text for text in marked if len(found[str(text)]) > 100] == []
