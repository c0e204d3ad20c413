"""Blocked pictures as a file: our own form (JSON), and PDQ hashes, the form others exchange.

A line of a PDQ file is a hash of 64 hexadecimal digits, and after a comma its quality (0 to 100);
PDQ's authors advise to leave out what has less than 50 (ThreatExchange, pdq/README). Blocks.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.moderation.fingerprint import BankEntry, BankKind, Views
from bot.domain.moderation.policy import BLOCKED_PICTURE
from bot.ui.text import one_line

MAX_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 20_000
"""How many pictures one file may bring."""
MAX_HASHES = 256
"""Halves of hashes: more than as many frames as we look at have views."""
LABEL_CHARACTERS = 100
LEAST_QUALITY = 50
FORMAT, VERSION = "lookout-blocklist", 1
_SHA256 = _PDQ = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{16}")
_LINE = re.compile(r"\s*\"?([0-9a-fA-F]{64})\"?\s*(?:[,;\t]\s*\"?([0-9]{1,3})\"?\s*(?:[,;\t].*)?)?")
_HEADER = re.compile(r"\s*\"?(?:hash|pdq)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refused:
    """A line (or entry, counted from 1) that cannot be taken, and why.

    ``reason`` is ``malformed``, ``quality``, ``twice`` or ``too_many``.
    """

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Import:
    """What a file holds."""

    entries: tuple[BankEntry, ...] = field(repr=False)
    refused: tuple[Refused, ...] = ()


class NotABlocklist(Exception):
    """The file as a whole is not one of the forms."""


def read_blocklist(data: bytes, guild_id: int, added_by: int, name: str) -> Import:
    """Read a file of either form; entries are labelled with where they came from.

    Raises NotABlocklist.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotABlocklist from error
    label = one_line(name, LABEL_CHARACTERS)
    found = _read_own(text, label) if text.lstrip().startswith("{") else _read_pdq(text, label)
    entries: dict[tuple[str | None, Views], BankEntry] = {}
    refused = []
    for number, one in found:
        if isinstance(one, str):
            refused.append(Refused(number, one))
        elif (one.sha256, one.views) in entries:
            refused.append(Refused(number, "twice"))
        elif len(entries) == MAX_ENTRIES:
            refused.append(Refused(number, "too_many"))
        else:
            entries[one.sha256, one.views] = BankEntry(
                0,
                guild_id,
                BankKind.BLOCKED,
                (BLOCKED_PICTURE,),
                one.sha256,
                one.views,
                added_by=added_by,
                label=one.label,
            )
    if not entries and not refused:
        raise NotABlocklist
    return Import(tuple(entries.values()), tuple(refused))


@dataclass(frozen=True, slots=True)
class _Read:
    sha256: str | None
    views: Views
    label: str


def _read_own(text: str, label: str) -> Iterable[tuple[int, _Read | str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotABlocklist from error
    pictures = document.get("pictures")
    known = document.get("format") == FORMAT and document.get("version") == VERSION
    if not known or not isinstance(pictures, list):
        raise NotABlocklist
    return [(number, _own(one, label)) for number, one in enumerate(pictures, start=1)]


def _own(one: Any, label: str) -> _Read | str:
    """Read one picture of our own form; every field is checked, whoever wrote it."""
    if not isinstance(one, dict):
        return "malformed"
    sha256, pdq = one.get("sha256"), one.get("pdq")
    hashes, whole = one.get("hashes", []), one.get("whole", [])
    if not (_digits(sha256, _SHA256) and _digits(pdq, _PDQ) and _hashes(hashes) and _hashes(whole)):
        return "malformed"
    if hashes[: len(whole)] != whole or not (sha256 or pdq or hashes):
        return "malformed"
    own_label = one.get("label")
    return _Read(
        sha256,
        Views(tuple(int(h, 16) for h in hashes), tuple(int(h, 16) for h in whole), pdq),
        one_line(own_label, LABEL_CHARACTERS)
        if isinstance(own_label, str) and own_label
        else label,
    )


def _digits(value: Any, form: re.Pattern[str]) -> bool:
    return value is None or (isinstance(value, str) and form.fullmatch(value) is not None)


def _hashes(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= MAX_HASHES
        and len(values) % 2 == 0  # two halves make a hash
        and all(value is not None and _digits(value, _HASH) for value in values)
    )


def _read_pdq(text: str, label: str) -> Iterable[tuple[int, _Read | str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or (number == 1 and _HEADER.match(line)) or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            yield number, "malformed"
        elif found[2] is not None and int(found[2]) < LEAST_QUALITY:
            yield number, "quality"
        else:
            yield number, _Read(None, Views(pdq=found[1].lower()), label)


def write_own(entries: Sequence[BankEntry]) -> bytes:
    """Write blocked pictures in our own form, without who blocked them."""
    pictures = [
        {
            "sha256": entry.sha256,
            "hashes": [f"{value:016x}" for value in entry.views.hashes],
            "whole": [f"{value:016x}" for value in entry.views.whole],
            "pdq": entry.views.pdq,
            "label": entry.label,
        }
        for entry in entries
    ]
    document = {"format": FORMAT, "version": VERSION, "pictures": pictures}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def write_pdq(entries: Sequence[BankEntry]) -> bytes:
    """Write the PDQ hashes that there are, a line each."""
    hashes = dict.fromkeys(entry.views.pdq for entry in entries if entry.views.pdq)
    return "".join(f"{one},100\n" for one in hashes).encode()
