"""The list of conversations as it is drawn, at its largest."""

from datetime import UTC, datetime

import pytest
from discord import ui

from bot.domain.conversation import Conversation
from bot.domain.conversation_ports import Forgotten
from bot.ui.conversation.listing import (
    PAGE_SIZE,
    Entry,
    Page,
    Position,
    Scope,
    confirmation,
    deleted,
    listed,
)
from bot.ui.i18n import words

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LARGEST = 2**63 - 1


def conversation(title: str, *, private: bool = False) -> Conversation:
    return Conversation(
        LARGEST, 7, LARGEST, LARGEST, private, title, 10**6, 10**6, NOON, NOON, NOON, LARGEST
    )


def custom_ids(view: ui.LayoutView) -> list[str]:
    return [item.custom_id for item in view.walk_children() if isinstance(item, ui.Button)]  # type: ignore[misc]


@pytest.mark.parametrize("locale", ["en-US", "ja", "zh-CN"])
@pytest.mark.parametrize("character", ["*", "w", "[", "字", "@everyone ", "https://a.b/ "])
def test_the_largest_page_is_within_discords_limits(locale: str, character: str) -> None:
    title = (character * 100)[:100]
    entries = tuple(Entry(conversation(title), readable=True) for _ in range(PAGE_SIZE))
    page = Page(Position(Scope.SERVER, 10**6), entries, older=True)
    say = words(locale)
    view = listed(page, say, settings="`/conversation settings`", above=deleted(FORGOTTEN, say))
    assert len(list(view.walk_children())) <= 40
    assert view.content_length() <= 4000
    assert all(len(custom_id) <= 100 for custom_id in custom_ids(view))


FORGOTTEN = Forgotten(1, 10**6, 10**6)


def test_a_confirmation_names_no_title_that_may_not_be_read() -> None:
    entry = Entry(conversation("secret"), readable=False)
    view = confirmation(entry, Position(Scope.SERVER), words("en-US"))
    text = "".join(
        item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)
    )
    assert "secret" not in text
    assert "Title not shown" in text


def test_a_title_without_words_is_named() -> None:
    page = Page(Position(Scope.MINE), (Entry(conversation(" "), readable=True),), older=False)
    view = listed(page, words("en-US"), settings="x")
    text = "".join(
        item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)
    )
    assert "Without a title: 1000000 questions" in text
