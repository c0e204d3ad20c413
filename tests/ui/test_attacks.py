"""Attacks in titles, in the names of pictures, and in words that are still coming."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from discord import ui

from bot.domain.conversation import Conversation, TurnState
from bot.services.progress import Part, Stage
from bot.ui.conversation.layouts import answering
from bot.ui.conversation.listing import Entry, Page, Position, Scope, confirmation, listed
from bot.ui.conversation.opened import Ending, opened
from bot.ui.i18n import words
from bot.ui.text import one_line
from tests.tasks.attacks import ATTACKS, Attack
from tests.ui.markup import hidden, live
from tests.ui.test_turn_layouts import TURN, kept, render, result, texts

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SAY = words("en-US")
WHEN = "<t:1767355200:R>"
every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


def conversation(title: str) -> Conversation:
    return Conversation(1, 7, 3, 4, False, title[:100], 2, 1, NOON, NOON, NOON, 9)


def drawn(view: ui.LayoutView) -> list[str]:
    return [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]


def turned(text: str) -> list[str]:
    """List the marks that turn the direction of what comes after them."""
    return [char for char in text if unicodedata.bidirectional(char) in {"RLO", "LRO", "RLE"}]


@every_attack
def test_a_pictures_name_stays_a_name(attack: Attack) -> None:
    shown = texts(render(result("Red.", kept(1), kept(2, attack.text))))
    first, second = shown[2].split("\n")
    assert first == "-# Picture 1: cat.png"
    assert second.startswith("-# Picture 2: ")
    assert live(second.removeprefix("-# ")) == []
    assert turned(second) == []


@every_attack
def test_what_was_said_of_a_picture_is_its_alt_text_and_fits(attack: Attack) -> None:
    described, picture = kept(1)
    shown = render(result("Red.", (replace(described, description=attack.text), picture)))
    assert 0 < len(shown.files[0].alt_text) <= 1024


@every_attack
def test_a_title_stays_a_title_in_its_line(attack: Attack) -> None:
    entry = Entry(conversation(attack.text), readable=True)
    page = Page(Position(Scope.MINE), (entry,), older=False)
    _, line, _ = drawn(listed(page, SAY, settings="`/conversation settings`"))
    title, rest = line.removeprefix("**1.** ").rsplit(": 2 questions", 1)
    assert rest == f" and 1 picture, {WHEN}, in <#4>"
    assert live(title) == []
    assert turned(title) == []
    (asked,) = drawn(confirmation(entry, Position(Scope.MINE), SAY))
    assert asked.split("\n")[1] == line.removeprefix("**1.** ")


@every_attack
@pytest.mark.parametrize("spoiler", [True, False])
def test_an_opened_conversation_shows_words_as_words(attack: Attack, *, spoiler: bool) -> None:
    text = attack.text[:1000].replace("\0", "")
    turn = replace(TURN, question=" ".join(text.split()), answer=attack.text)
    view = opened(conversation(text), Ending((turn,), hidden=spoiler), SAY)
    heading, question, answer, *_ = drawn(view)
    title = heading.removeprefix("## ")
    asked = question.split("\n", 1)[1]
    if spoiler:
        assert hidden(title)
        assert hidden(asked)
        assert hidden(answer)
    else:
        assert live(title) == live(asked.removeprefix("> ")) == live(answer) == []


@every_attack
@pytest.mark.parametrize("spoiler", [True, False])
def test_words_that_are_still_coming_are_words(attack: Attack, *, spoiler: bool) -> None:
    part = Part(Stage.LOOKING, text=attack.text)
    (text,) = drawn(answering(part, "en-US", hidden=spoiler, buttons=[]))
    assert hidden(text) if spoiler else live(text) == []
    assert len(text) <= 4000


@every_attack
def test_a_threads_name_and_a_choices_label_are_one_plain_line(attack: Attack) -> None:
    name = one_line(attack.text, 90)
    assert len(name) <= 90
    assert name == " ".join(name.split())
    assert turned(name) == []
    assert "@everyone" not in name


def test_scripts_and_emoji_that_are_joined_stay_joined_in_one_line() -> None:
    joined = "می\u200cخواهم क्\u200dष 👨\u200d👩\u200d👧"
    assert one_line(joined, 90) == joined


def test_a_bar_at_the_end_of_a_spoiler_is_part_of_it() -> None:
    for text in ("a|", "|", "a ||", "a|||"):
        (shown,) = drawn(answering(Part(text=text), "en-US", hidden=True, buttons=[]))
        assert hidden(shown)


def test_the_title_of_a_spoilers_conversation_is_hidden() -> None:
    failed = replace(TURN, state=TurnState.FAILED, answer="")
    heading, *_ = drawn(opened(conversation("Who did it?"), Ending((failed,), hidden=True), SAY))
    assert heading == "## ||Who did it?||"
