"""Files of blocked pictures: ours and PDQ, whoever wrote them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moderation.fingerprint import BankEntry, BankKind, Views
from bot.domain.moderation.policy import BLOCKED_PICTURE
from bot.ui.i18n import words
from bot.ui.moderation import blocklist_file
from bot.ui.moderation.blocklist import imported
from bot.ui.moderation.blocklist_file import (
    MAX_HASHES,
    Import,
    NotABlocklist,
    Refused,
    read_blocklist,
    write_own,
    write_pdq,
)

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
UNCOMPARED = (
    "What has a PDQ hash alone is kept and exported again, but pictures are not compared with it."
)
GUILD, MODERATOR = 5, 7

digits = st.text("0123456789abcdef", min_size=64, max_size=64)
halves = st.integers(0, 2**64 - 1)
hashes = st.lists(st.tuples(halves, halves), max_size=8)


@st.composite
def entries(draw: st.DrawFn) -> BankEntry:
    views = tuple(half for pair in draw(hashes) for half in pair)
    whole = views[: 2 * draw(st.integers(0, len(views) // 2))]
    return BankEntry(
        0,
        GUILD,
        BankKind.BLOCKED,
        (BLOCKED_PICTURE,),
        draw(digits),
        Views(views, whole, draw(st.none() | digits)),
        added_by=MODERATOR,
        label="theirs",
    )


def read(text: str, name: str = "list.csv") -> Import:
    return read_blocklist(text.encode(), GUILD, MODERATOR, name)


def own(*pictures: object) -> str:
    return json.dumps({"format": "lookout-blocklist", "version": 1, "pictures": pictures})


@given(st.lists(entries(), min_size=1, max_size=5, unique_by=lambda one: one.sha256))
def test_what_is_exported_is_what_is_imported(banked: list[BankEntry]) -> None:
    found = read_blocklist(write_own(banked), GUILD, MODERATOR, "blocklist.json")
    assert found == Import(tuple(banked))


def test_pdq_lines_are_read_with_or_without_quality() -> None:
    other = PDQ[::-1]
    found = read(
        f'hash,quality\n{PDQ.upper()},100\n\n# by hand\n"{other}" , 50 , note\n', "pdq.csv"
    )
    assert [entry.views for entry in found.entries] == [Views(pdq=PDQ), Views(pdq=other)]
    assert {entry.label for entry in found.entries} == {"pdq.csv"}
    assert {(e.guild_id, e.added_by, e.kind) for e in found.entries} == {
        (GUILD, MODERATOR, BankKind.BLOCKED)
    }
    assert found.refused == ()
    assert write_pdq(found.entries).decode() == f"{PDQ},100\n{other},100\n"


def test_lines_that_cannot_be_taken_are_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocklist_file, "MAX_ENTRIES", 2)
    third, fourth = f"{3:064x}", f"{4:064x}"
    text = "\n".join([PDQ, f"{PDQ},100", "not a hash", f"{third},49", third, fourth, PDQ[1:]])
    found = read(text)
    assert len(found.entries) == 2
    assert found.refused == (
        Refused(2, "twice"),
        Refused(3, "malformed"),
        Refused(4, "quality"),
        Refused(6, "too_many"),
        Refused(7, "malformed"),
    )
    assert imported(found, 1, words("en-US")).splitlines() == [
        "Added: 1 picture.",
        "1 was blocked already.",
        "Not in the right form, line or entry 3, 7",
        "Quality under 50, line 4",
        "Twice in the file, line or entry 2",
        "More than 20000 in one file, from 6 on",
        UNCOMPARED,
    ]


@pytest.mark.parametrize(
    "picture",
    [
        "x",
        {},
        {"sha256": "12"},
        {"sha256": 12},
        {"pdq": PDQ[1:]},
        {"hashes": ["zz"]},
        {"hashes": "0123456789abcdef"},
        {"hashes": [None]},
        {"hashes": ["0123456789abcdef"]},
        {"hashes": ["0123456789abcdef"] * (MAX_HASHES + 2)},
        {"hashes": ["0" * 16, "1" * 16, "2" * 16, "3" * 16], "whole": ["2" * 16, "3" * 16]},
        {"sha256": "0" * 64, "whole": ["0123456789abcdef"]},
    ],
)
def test_an_entry_that_does_not_add_up_is_refused(picture: object) -> None:
    assert read(own(picture)) == Import((), (Refused(1, "malformed"),))


def test_a_label_is_a_short_line() -> None:
    named = {"sha256": "0" * 64, "label": "a\nb" + "c" * 200}
    (entry,) = read(own(named)).entries
    assert entry.label.startswith("a bccc")
    assert len(entry.label) <= 100
    (entry,) = read(own({**named, "label": 7}), "their list.json").entries
    assert entry.label == "their list.json"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"\xff\xfe\x00",
        b"{",
        b"{}",
        b'{"format": "lookout-blocklist", "version": 2, "pictures": []}',
        b'{"format": "lookout-blocklist", "version": 1, "pictures": {}}',
        b'{"pictures": ' + b"[" * 100_000,
    ],
)
def test_another_kind_of_file_is_none(data: bytes) -> None:
    with pytest.raises(NotABlocklist):
        read_blocklist(data, GUILD, MODERATOR, "x")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_breaks_the_reader(data: bytes) -> None:
    try:
        found = read_blocklist(data, GUILD, MODERATOR, "x")
    except NotABlocklist:
        return
    assert found.entries or found.refused
