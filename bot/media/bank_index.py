"""Hashes of one server's remembered pictures as plain arrays: faster than any tree up to millions.

Two pictures are copies when both halves of their hashes differ in few bits. The coarse halves are
all compared (exclusive or, and count the ones); the fine ones where that leaves something.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.domain.moderation.fingerprint import (
    MAX_ALLOWED_DISTANCE,
    MAX_DISTANCE,
    MAX_FINE_DISTANCE,
    BankEntry,
    BankKind,
    BankMatch,
    Fingerprint,
    Hash64,
)
from bot.domain.moderation.policy import RuleId

_Array = npt.NDArray[Any]

_KINDS = (BankKind.BLOCKED, BankKind.ALLOWED, BankKind.SEEN)
_REMOVED = len(_KINDS)
_NO_CASE = -1
_CHUNK_ROWS = 1 << 16
"""What is compared at once stays within a processor's cache."""
_FIRST_CAPACITY = 64


class _Column:
    """An array that grows at its end: doubled when full, so that adding costs the same for ever."""

    def __init__(self, kind: npt.DTypeLike, width: int = 1) -> None:
        self._array: _Array = np.empty((_FIRST_CAPACITY, width)[: 1 + (width > 1)], kind)
        self._length = 0

    @property
    def values(self) -> _Array:
        """What it holds. Values keep their place, and this stays as it is when more are added."""
        return self._array[: self._length]

    def extend(self, values: _Array) -> None:
        end = self._length + len(values)
        if end > len(self._array):
            larger = np.empty(
                (max(end, 2 * len(self._array)), *self._array.shape[1:]), values.dtype
            )
            larger[: self._length] = self.values
            self._array = larger
        self._array[self._length : end] = values
        self._length = end


class BankIndex:
    """The remembered pictures of one server. Not for several threads at once."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._ids = _Column(np.int64)
        self._kinds = _Column(np.uint8)
        self._cases = _Column(np.int64)
        self._rules = _Column(np.int32)
        self._digests = _Column(np.uint64, 4)
        self._digest_starts = _Column(np.uint64)
        self._coarse = _Column(np.uint64)
        self._fine = _Column(np.uint64)
        self._entries = _Column(np.int32)
        """Whose the hashes are: places in the columns above."""
        self._rule_sets: dict[tuple[RuleId, ...], int] = {}

    @property
    def rows(self) -> int:
        """How many hashes are compared with, those of removed pictures included."""
        return len(self._coarse.values)

    def apply(self, added: Sequence[BankEntry], removed_ids: Collection[int]) -> None:
        """Take pictures in and out. One that is added again replaces itself."""
        gone = {*removed_ids, *(entry.id for entry in added)}
        kinds = self._kinds.values
        if gone and len(kinds):
            kinds[np.isin(self._ids.values, np.fromiter(gone, np.int64, len(gone)))] = _REMOVED
        self._add([entry for entry in added if entry.id not in removed_ids])
        removed = np.count_nonzero(self._kinds.values == _REMOVED)
        if removed > _CHUNK_ROWS and 2 * removed > len(self._kinds.values):
            self._compact()

    def _add(self, entries: Sequence[BankEntry]) -> None:
        first = len(self._ids.values)
        hashes = [_wanted(entry) for entry in entries]
        rules = [self._rule_sets.setdefault(one.rules, len(self._rule_sets)) for one in entries]
        digests = np.array([_digest(entry.sha256) for entry in entries], np.uint64).reshape(-1, 4)
        halves = np.array([half for found in hashes for half in found], np.uint64)
        counts = [len(found) // 2 for found in hashes]
        self._ids.extend(np.array([entry.id for entry in entries], np.int64))
        self._kinds.extend(np.array([_KINDS.index(entry.kind) for entry in entries], np.uint8))
        cases = [_NO_CASE if entry.case_id is None else entry.case_id for entry in entries]
        self._cases.extend(np.array(cases, np.int64))
        self._rules.extend(np.array(rules, np.int32))
        self._digests.extend(digests)
        self._digest_starts.extend(digests[:, 0])
        self._coarse.extend(halves[::2])
        self._fine.extend(halves[1::2])
        owners = np.arange(first, first + len(entries), dtype=np.int32)
        self._entries.extend(np.repeat(owners, counts))

    def _compact(self) -> None:
        """Leave removed pictures out for good."""
        old = vars(self).copy()
        kept = old["_kinds"].values != _REMOVED
        places = (np.cumsum(kept) - 1).astype(np.int32)
        rows = kept[old["_entries"].values]
        self._clear()
        self._rule_sets = old["_rule_sets"]
        for name in ("_ids", "_kinds", "_cases", "_rules", "_digests", "_digest_starts"):
            getattr(self, name).extend(old[name].values[kept])
        for name in ("_coarse", "_fine"):
            getattr(self, name).extend(old[name].values[rows])
        self._entries.extend(places[old["_entries"].values[rows]])

    def match(self, fingerprint: Fingerprint) -> tuple[BankMatch, ...]:
        """Return the best match of each kind: BLOCKED, ALLOWED and SEEN, in that order.

        The very same bytes match best, then what differs least, then what was added last. One
        frame that is a copy makes a picture BLOCKED. It is ALLOWED or SEEN when all that can be
        recognised in it is: else one known frame would hide the others. ALLOWED names the rules
        of all pictures that match.
        """
        exact = self._exact(fingerprint.sha256)
        frames = [self._near(*halves) for halves in _pairs(fingerprint.hashes)]
        worst, best = _over_all(frames), _over_any(frames)
        rule_sets = list(self._rule_sets)
        found = []
        for code, kind in enumerate(_KINDS):
            near = {
                place: distance
                for place, distance in (best if kind is BankKind.BLOCKED else worst).items()
                if self._kinds.values[place] == code
            }
            same = [place for place in exact if self._kinds.values[place] == code]
            near.update(dict.fromkeys(same, 0))
            if not near:
                continue
            chosen = min(near, key=lambda place: (place not in same, near[place], -place))
            rules = [*rule_sets[self._rules.values[chosen]]]
            if kind is BankKind.ALLOWED:
                rules += [rule for place in near for rule in rule_sets[self._rules.values[place]]]
            case_id = int(self._cases.values[chosen])
            found.append(
                BankMatch(
                    entry_id=int(self._ids.values[chosen]),
                    kind=kind,
                    rules=tuple(dict.fromkeys(rules)),
                    distance=near[chosen],
                    exact=chosen in same,
                    case_id=None if case_id == _NO_CASE else case_id,
                )
            )
        return tuple(found)

    def _exact(self, sha256: str) -> list[int]:
        """Return the places of entries with these very bytes."""
        digest = np.array(_digest(sha256), np.uint64)
        places = np.flatnonzero(self._digest_starts.values == digest[0])
        same = (self._digests.values[places] == digest).all(axis=1)
        return [int(place) for place in places[same]]

    def _near(self, coarse: Hash64, fine: Hash64) -> dict[int, int]:
        """Return the places of entries that a hash is a copy of, with the least distance each."""
        found: dict[int, int] = {}
        for start, distances in self._distances(np.uint64(coarse)):
            rows = np.flatnonzero(distances <= MAX_DISTANCE)
            if not len(rows):
                continue
            apart = distances[rows]
            rows = rows + start
            fine_apart = np.bitwise_count(self._fine.values[rows] ^ np.uint64(fine))
            places = self._entries.values[rows]
            allowed = self._kinds.values[places] == _KINDS.index(BankKind.ALLOWED)
            near = fine_apart <= np.where(allowed, MAX_ALLOWED_DISTANCE, MAX_FINE_DISTANCE)
            near &= apart <= np.where(allowed, MAX_ALLOWED_DISTANCE, MAX_DISTANCE)
            for place, distance in zip(places[near].tolist(), apart[near].tolist(), strict=True):
                found[place] = min(distance, found.get(place, distance))
        return found

    def _distances(self, coarse: np.uint64) -> Iterator[tuple[int, _Array]]:
        rows = self._coarse.values
        differing = np.empty(min(len(rows), _CHUNK_ROWS), np.uint64)
        counted = np.empty(len(differing), np.uint8)
        for start in range(0, len(rows), _CHUNK_ROWS):
            chunk = rows[start : start + _CHUNK_ROWS]
            np.bitwise_xor(chunk, coarse, out=differing[: len(chunk)])
            yield start, np.bitwise_count(differing[: len(chunk)], out=counted[: len(chunk)])


def _wanted(entry: BankEntry) -> tuple[Hash64, ...]:
    """Return the hashes that copies are to be compared with."""
    halves = entry.views.whole if entry.kind is BankKind.ALLOWED else entry.views.hashes
    return halves[: len(halves) & ~1]  # imported ones may be cut anywhere


def _pairs(halves: Sequence[Hash64]) -> Iterator[tuple[Hash64, Hash64]]:
    return zip(halves[::2], halves[1::2], strict=False)


def _digest(sha256: str | None) -> list[int]:
    """Return a SHA-256 as four numbers; zeros for none."""
    data = bytes.fromhex(sha256) if sha256 else bytes(32)
    return [int.from_bytes(data[start : start + 8], "big") for start in range(0, 32, 8)]


def _over_any(frames: Sequence[dict[int, int]]) -> dict[int, int]:
    """Return the least distance of any frame."""
    least: dict[int, int] = {}
    for frame in frames:
        for place, distance in frame.items():
            least[place] = min(distance, least.get(place, distance))
    return least


def _over_all(frames: Sequence[dict[int, int]]) -> dict[int, int]:
    """Return the greatest distance of the frames, of entries that each of them is a copy of."""
    if not frames:
        return {}
    common = set(frames[0]).intersection(*frames[1:])
    return {place: max(frame[place] for frame in frames) for place in common}
