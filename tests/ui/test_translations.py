"""Every sentence, name and description is there in every language we have."""

import re
import string
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog

from bot.ui.i18n import CATALOGUES
from tests.ui.catalogues import (
    as_mo,
    as_po,
    catalogue_path,
    read_catalogue,
    source_messages,
    up_to_date,
)

COMMANDS = {
    *("describe", "alt", "ocr", "ask", "compare", "conversations", "conversation", "settings"),
    *("help", "about", "status", "forget-me"),
    *("moderation", "setup", "case", "history", "stats", "export", "test", "check", "blocklist"),
}
SAME_EVERYWHERE = COMMANDS | {"Markdown", "Lookout {version}"}
MARKS = re.compile(r"\*\*|__|~~|\|\||[`#\n\\]")
NAMED = re.compile(
    r"python -m bot [a-z ]+|qwen3-vl:8b|Ollama|Lottie|HEIC|heif|SVG|CSV|[A-Z]+EG|PNG"
)
QUOTED = re.compile(r"“([^”]+)”")
every_language = pytest.mark.parametrize("name", CATALOGUES.values())


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def translations(found: Catalog) -> Iterator[tuple[str, str]]:
    """Yield source and translation, plural forms one by one."""
    for message in found:
        if isinstance(message.id, tuple):
            for text in message.string or ():
                yield str(message.id[1]), str(text)
        elif message.id:
            yield str(message.id), str(message.string or "")


@every_language
def test_no_sentence_is_missing_doubtful_or_left_over(name: str) -> None:
    found = read_catalogue(name)
    known = {message.id for message in found if message.id}
    wanted = set(source_messages())
    assert sorted(map(str, wanted - known)) == [], "run `make translations` and translate these"
    assert sorted(map(str, known - wanted)) == [], "run `make translations`: these are unused"
    assert [source for source, text in translations(found) if not text.strip()] == []
    assert [message.id for message in found if message.id and message.fuzzy] == []


@every_language
def test_nothing_but_names_is_left_in_english(name: str) -> None:
    same = {source for source, text in translations(read_catalogue(name)) if source == text}
    assert same == SAME_EVERYWHERE


@every_language
def test_translations_fill_in_the_same_values(name: str) -> None:
    wrong = [
        source
        for source, text in translations(read_catalogue(name))
        if fields(source) != fields(text)
    ]
    assert wrong == []


@every_language
def test_translations_keep_markup_commands_and_names_of_formats(name: str) -> None:
    wrong = [
        source
        for source, text in translations(read_catalogue(name))
        if MARKS.findall(source) != MARKS.findall(text)
        or sorted(NAMED.findall(source)) != sorted(NAMED.findall(text))
    ]
    assert wrong == []


@every_language
def test_translations_call_buttons_and_options_by_their_translated_names(name: str) -> None:
    said = dict(translations(read_catalogue(name)))
    named = [(source, label) for source in said for label in QUOTED.findall(source)]
    labels = [(source, label) for source, label in named if label in said]
    assert {label for _, label in labels} >= {"Ask a follow-up", "Try again", "private"}
    assert [source for source, label in labels if said[label] not in said[source]] == []


@every_language
def test_every_plural_form_of_the_language_is_there(name: str) -> None:
    found = read_catalogue(name)
    plurals = [message for message in found if isinstance(message.id, tuple)]
    assert plurals
    assert {len(message.string or ()) for message in plurals} == {found.num_plurals} == {1}


@every_language
def test_files_are_as_make_translations_writes_them(name: str) -> None:
    """So a change shows only the sentences that changed."""
    found = up_to_date(name)
    assert catalogue_path(name, "po").read_bytes() == as_po(found), "run `make translations`"
    assert catalogue_path(name, "mo").read_bytes() == as_mo(found), "run `make translations`"


@every_language
def test_the_head_names_no_person_and_no_date(name: str) -> None:
    head = catalogue_path(name, "po").read_text(encoding="utf-8").split("\n\n")[0]
    assert "Plural-Forms: nplurals=1; plural=0;" in head
    assert "@" not in head
    assert "Date" not in head
