"""Text on its way to Discord."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.text import (
    bars_parted,
    clip_words,
    fenced,
    neutral,
    neutral_clipped,
    shares,
    spoilered,
)

anything = st.text(max_size=400)
tricky = st.lists(
    st.sampled_from(
        ["@everyone", "@here", "<@123456789012345678>", "<@&1234567890123456>", "</ban:123>",
         "<t:1:R>", "[click](https://evil.example)", "https://evil.example/a_b_c", "discord.gg/x",
         "||", "```", "`", "**", "__", "~~", "> ", "# ", "- ", " ", "\n", "word", "\\"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("A cat on a mat.", "A cat on a mat."),
        ("see https://evil.example/a_b", "see `https://evil.example/a_b`"),
        ("join discord.gg/abc now", "join `discord.gg/abc` now"),
        ("</ban:123> <t:0:R>", "\\</ban:123> \\<t:0:R>"),
        ("||hidden||", "\\|\\|hidden\\|\\|"),
        ("3. third\n5. fifth", "3\\. third\n5\\. fifth"),
        ("1.5 litres - or so", "1.5 litres - or so"),
        ("  - item\n# head", "  \\- item\n\\# head"),
        ("wang@163.com https://a.example/@nhk", "wang@163.com `https://a.example/@nhk`"),
        ("https://(@evil.example/x", "`https://`(@evil.example/x"),
        ("snake_case *stars*", "snake\\_case \\*stars\\*"),
    ],
)
def test_other_peoples_words_are_shown_literally(given_text: str, shown: str) -> None:
    assert neutral(given_text) == shown


@given(tricky | anything)
def test_no_mention_survives(text: str) -> None:
    safe = neutral(text)
    assert not re.search(r"@(?:everyone|here)\b", safe)
    assert not re.search(r"(?<!\\)<(?:@[!&]?|#|/|t:)", safe)


@given(tricky | anything, st.integers(min_value=0, max_value=300))
def test_clipping_keeps_to_its_limit(text: str, limit: int) -> None:
    assert len(clip_words(text, limit)) <= limit
    assert len(neutral_clipped(text, limit)) <= limit


@given(anything, st.integers(min_value=1, max_value=300))
def test_what_fits_is_not_clipped(text: str, limit: int) -> None:
    if len(text) <= limit:
        assert clip_words(text, limit) == text


@pytest.mark.parametrize("text", ["*" * 4000, "__a" * 1300, "Name: ____________\n" * 200])
def test_text_full_of_marks_is_not_cut_more_than_needed(text: str) -> None:
    shown = neutral_clipped(text, 3900)
    assert 3000 < len(shown) <= 3900


def test_clipping_cuts_between_words() -> None:
    assert clip_words("one two three four", 14) == "one two three…"


@given(tricky | anything, st.integers(min_value=20, max_value=300))
def test_a_fence_is_never_broken_from_inside(text: str, limit: int) -> None:
    block = fenced(text, limit)
    assert len(block) <= limit
    assert block.startswith("```\n")
    assert block.endswith("\n```")
    assert "```" not in block[3:-3]


def test_text_in_a_fence_is_exact() -> None:
    assert fenced("a  b\n**c**") == "```\na  b\n**c**\n```"


def test_bars_do_not_end_a_spoiler_early() -> None:
    assert spoilered(bars_parted("a||b|||c")).count("||") == 2


@given(st.lists(st.integers(min_value=0, max_value=5000), min_size=1, max_size=10))
def test_sharing_gives_nobody_more_than_asked_and_wastes_nothing(lengths: list[int]) -> None:
    given_out = shares(lengths, 3500)
    assert sum(given_out) <= 3500
    assert all(got <= asked for got, asked in zip(given_out, lengths, strict=True))
    if sum(lengths) <= 3500:
        assert given_out == lengths
    else:
        assert sum(given_out) > 3500 - len(lengths)


@given(st.integers(0, 9_000), st.integers(0, 9_000))
def test_marks_are_clipped_without_a_long_search(marks: int, letters: int) -> None:
    """Hypothesis stops a case that takes 200 ms; a step for every mark took seconds."""
    shown = neutral_clipped("*" * marks + "a" * letters, 3_900)
    assert len(shown) <= 3_900
    assert len(shown) >= min(2 * marks + letters, 3_890)
