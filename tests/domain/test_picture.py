"""What can be read off a picture's link."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.picture import link_expires_at

FILE = "https://cdn.discordapp.com/attachments/1/2/a.png"
QUERY_NAMES = st.text(max_size=5).filter(lambda name: name != "ex")


def test_a_signed_link_says_when_it_dies() -> None:
    assert link_expires_at(f"{FILE}?ex=65d903de&is=65c68ede&hm=2481f3") == 1_708_721_118.0


@pytest.mark.parametrize(
    "url",
    [
        "",
        FILE,
        f"{FILE}?ex=",
        f"{FILE}?ex=tomorrow",
        f"{FILE}?ex=-1",
        f"{FILE}?ex=0x65d903de",
        f"{FILE}?ex=fffffffff",
        f"{FILE}?hex=65d903de",
        "https://cdn.discordapp.com/ex=65d903de/a.png",
        "https://[?",
    ],
)
def test_any_other_link_does_not_say(url: str) -> None:
    assert link_expires_at(url) is None


@given(
    st.integers(0, 2**32 - 1),
    st.dictionaries(QUERY_NAMES, st.text(max_size=9), max_size=3),
    st.dictionaries(QUERY_NAMES, st.text(max_size=9), max_size=3),
    st.sampled_from(["", "#", "#top"]),
)
def test_the_time_is_found_wherever_it_stands_in_the_query(
    seconds: int, before: dict[str, str], after: dict[str, str], fragment: str
) -> None:
    query = [*before.items(), ("ex", f"{seconds:x}"), *after.items()]

    assert link_expires_at(f"{FILE}?{urlencode(query)}{fragment}") == seconds


@given(st.from_regex(r"\Ahttps://[a-z.]{1,9}/\?[ex=&0-9a-fA-FxX+_-]{0,40}\Z"))
def test_what_is_read_is_what_a_parser_of_queries_reads(url: str) -> None:
    expires_at = link_expires_at(url)

    if expires_at is not None:
        assert f"{int(expires_at):x}" in {
            value.lower().lstrip("0") or "0" for value in parse_qs(urlsplit(url).query)["ex"]
        }
