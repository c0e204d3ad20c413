"""What a picture is recognised by: its hash, and short perceptual hashes that copies share."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.moderation.policy import RuleId

MAX_DISTANCE = 10
"""Bits that may differ between the coarse halves of copies' hashes (docs/moderation.md)."""
MAX_FINE_DISTANCE = 12
"""… between their fine halves: screenshots of different chats differ in these alone."""
MAX_ALLOWED_DISTANCE = 4
"""… for a picture to be let through because it was allowed: a copy with a slur is another one."""

Hash64 = int
"""Half of a perceptual hash: 64 bits, unsigned. Hashes are kept as coarse, fine, coarse, fine …"""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What an upload is looked up by.

    ``sha256`` is of the original bytes, in hexadecimal. ``hashes`` holds one hash (two halves) a
    frame, of the picture without its borders; a frame without enough to see (plain, nearly plain)
    has none.
    """

    sha256: str
    hashes: tuple[Hash64, ...] = ()


@dataclass(frozen=True, slots=True)
class Views:
    """What a picture is banked by: hashes of its whole, of crops and of its mirror image.

    Order matters: two halves make a hash. ``whole`` are those of the whole picture, which
    ``hashes`` begins with. ``pdq`` is PDQ's 256-bit hash in hexadecimal, where that extra is
    installed: the form that others exchange.
    """

    hashes: tuple[Hash64, ...] = ()
    whole: tuple[Hash64, ...] = ()
    pdq: str | None = None


def copy_distance(one: Sequence[Hash64], other: Sequence[Hash64]) -> int | None:
    """Return how far apart the nearest two hashes are that copies would have; None for none.

    It is the number of bits in which their coarse halves differ.
    """
    return min(
        (
            apart
            for coarse, fine in zip(one[::2], one[1::2], strict=False)
            for other_coarse, other_fine in zip(other[::2], other[1::2], strict=False)
            if (apart := (coarse ^ other_coarse).bit_count()) <= MAX_DISTANCE
            and (fine ^ other_fine).bit_count() <= MAX_FINE_DISTANCE
        ),
        default=None,
    )


class BankKind(enum.StrEnum):
    """Why a picture is remembered."""

    BLOCKED = "blocked"
    """Moderators of this server blocked it: copies are removed at once."""
    ALLOWED = "allowed"
    """Moderators said that it is no violation of ``rules``."""
    SEEN = "seen"
    """It has a case: copies join it, and are not shown to the model again."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """A remembered picture of one server."""

    id: int
    guild_id: int
    kind: BankKind
    rules: tuple[RuleId, ...]
    sha256: str | None
    views: Views
    case_id: int | None = None
    added_by: int | None = None
    added_at: datetime | None = None
    label: str = ""
    """Where it came from, for imported ones."""


@dataclass(frozen=True, slots=True)
class BankMatch:
    """The remembered picture that an upload is a copy of.

    ``distance`` is how many bits differ (0 to MAX_DISTANCE); 0 also for the very same bytes.
    """

    entry_id: int
    kind: BankKind
    rules: tuple[RuleId, ...]
    distance: int
    exact: bool
    case_id: int | None = None
