"""What a person wrote, as a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import QuestionTooLong
from bot.services.admission import MAX_QUESTION_CHARACTERS
from bot.ui.conversation.words import mentions, question

ME = 1001

WRITTEN = [
    ("plain", "What is this?", "What is this?"),
    ("me first", "<@1001> what is this?", "what is this?"),
    ("me by the older code", "<@!1001>, what is this?", "what is this?"),
    ("me last", "what is this <@1001>", "what is this"),
    ("me between", "what <@1001> is this", "what is this"),
    ("me alone", "<@1001>", ""),
    ("somebody else", "is that <@2002> or <@!3003>?", "is that @someone or @someone?"),
    ("a role", "tell <@&2002>", "tell @role"),
    ("a channel", "as in <#2002>", "as in #channel"),
    ("a guide's channel", "as in <id:customize>", "as in #channel"),
    ("an emoji", "why <:blob_wave:2002>", "why :blob_wave:"),
    ("a moving emoji", "why <a:blob:2002>", "why :blob:"),
    ("a command", "like </ask:2002> or </a b c:2>", "like /ask or /a b c"),
    ("a moment", "taken <t:0:R>?", "taken 1970-01-01 00:00 UTC?"),
    ("a moment no calendar has", "taken <t:9999999999999>?", "taken some day?"),
    ("everybody", "@everyone look", "@everyone look"),
    ("no code", "if a <b and c> d <@x> <:x:>", "if a <b and c> d <@x> <:x:>"),
    ("lines", "<@1001>\nfirst\n\n\n\n second  \n", "first\n\nsecond"),
    ("a code made of the rest", "<@<@1001>2002>", "<@ 2002>"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(text, expected) for _, text, expected in WRITTEN],
    ids=[case for case, *_ in WRITTEN],
)
def test_codes_become_plain_words(text: str, expected: str) -> None:
    assert question(text, ME) == expected


def test_the_longest_message_anybody_may_write_is_taken() -> None:
    assert question("a" * MAX_QUESTION_CHARACTERS, ME) == "a" * MAX_QUESTION_CHARACTERS


def test_a_longer_one_is_refused_with_the_limit() -> None:
    with pytest.raises(QuestionTooLong) as refused:
        question("a" * (MAX_QUESTION_CHARACTERS + 1), ME)
    assert refused.value.max_characters == MAX_QUESTION_CHARACTERS


def test_mentions_do_not_count_towards_the_limit() -> None:
    assert question("<@1001> " * 300 + "why?", ME) == "why?"


@pytest.mark.parametrize(
    ("text", "named"),
    [("<@1001>", True), ("<@!1001> hi", True), ("<@&1001>", False), ("@everyone", False)],
)
def test_only_the_text_itself_mentions(text: str, named: bool) -> None:
    assert mentions(text, ME) is named


PIECES = st.sampled_from(
    ["<", ">", "@", "!", "&", "#", ":", "1001", "2002", "a", " ", "\n", "t", "<@1001>", "<:a:1>"]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_nothing_names_anybody_once_it_is_a_question(text: str) -> None:
    clean = question(text, ME)
    assert not mentions(clean, ME)
    assert "<@2002>" not in clean
    assert clean == clean.strip()


@given(st.text(st.characters(categories=["L", "N", "Zs"]), max_size=200))
def test_words_without_codes_stay(text: str) -> None:
    assert question(text, ME).split() == text.split()
