"""A server's remembered pictures are found again, and never those of another one."""

import asyncio
from collections.abc import Collection, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import ConfigError, StorageFailed
from bot.domain.moderation.fingerprint import (
    MAX_ALLOWED_DISTANCE,
    MAX_DISTANCE,
    MAX_FINE_DISTANCE,
    BankEntry,
    BankKind,
    BankMatch,
    Fingerprint,
    Hash64,
    Views,
)
from bot.domain.moderation.ports import BankChanges
from bot.media.bank import MemoryBank
from bot.media.bank_index import BankIndex

GUILD = 7
BASE = 0x5A5A_0FF0_3C3C_9669
FINE = 0x1234_5678_9ABC_DEF0


class StoredBank:
    """Implements the part of ``BankStore`` that is read, in memory."""

    def __init__(self) -> None:
        self.log: list[tuple[int, BankEntry | int]] = []
        self.loads = 0
        self.failing = False

    def put(self, *entries: BankEntry) -> None:
        self.log += [(entry.guild_id, entry) for entry in entries]

    def drop(self, entry_id: int, guild_id: int = GUILD) -> None:
        self.log.append((guild_id, entry_id))

    async def revision(self, guild_id: int) -> int:
        if self.failing:
            raise StorageFailed
        return sum(guild == guild_id for guild, _ in self.log)

    async def changes(self, guild_id: int, after: int) -> BankChanges:
        self.loads += 1
        own = [change for guild, change in self.log if guild == guild_id]
        removed = {change for change in own[after:] if isinstance(change, int)}
        added = [change for change in own[after:] if isinstance(change, BankEntry)]
        return BankChanges(len(own), [one for one in added if one.id not in removed], removed)

    async def add(self, entries: Sequence[BankEntry]) -> int:
        self.put(*entries)
        return len(entries)

    async def remove(self, guild_id: int, entry_ids: Collection[int]) -> int:
        for entry_id in entry_ids:
            self.drop(entry_id, guild_id)
        return len(entry_ids)

    async def listed(
        self, guild_id: int, kind: BankKind, *, offset: int = 0, limit: int = 25
    ) -> tuple[int, Sequence[BankEntry]]:
        found = [one for one in (await self.changes(guild_id, 0)).added if one.kind is kind]
        return len(found), found[::-1][offset : offset + limit]


def flipped(value: Hash64, bits: int) -> Hash64:
    """A hash that differs in so many bits."""
    return value ^ (1 << bits) - 1


def entry(
    number: int,
    kind: BankKind = BankKind.BLOCKED,
    *,
    hashes: tuple[Hash64, ...] = (BASE, FINE),
    whole: tuple[Hash64, ...] | None = None,
    sha256: str | None = None,
    rules: tuple[str, ...] = ("scam",),
    guild_id: int = GUILD,
    case_id: int | None = None,
) -> BankEntry:
    views = Views(hashes=hashes, whole=hashes[:2] if whole is None else whole)
    return BankEntry(number, guild_id, kind, rules, sha256, views, case_id=case_id)


def upload(*hashes: Hash64, sha256: str = "0f" * 32) -> Fingerprint:
    return Fingerprint(sha256, hashes)


async def found(store: StoredBank, fingerprint: Fingerprint) -> tuple[BankMatch, ...]:
    return await MemoryBank(store).match(GUILD, fingerprint)


async def test_a_copy_is_found_with_what_the_entry_says() -> None:
    store = StoredBank()
    store.put(entry(3, BankKind.SEEN, rules=("nudity", "custom:1"), case_id=12))
    match = BankMatch(3, BankKind.SEEN, ("nudity", "custom:1"), 6, exact=False, case_id=12)
    assert await found(store, upload(flipped(BASE, 6), FINE)) == (match,)


async def test_nothing_is_found_in_nothing() -> None:
    assert await found(StoredBank(), upload(BASE, FINE)) == ()
    store = StoredBank()
    store.put(entry(1, hashes=()))
    assert await found(store, upload()) == ()
    assert await found(store, upload(BASE, FINE)) == ()


@pytest.mark.parametrize(
    ("kind", "coarse", "fine", "expected"),
    [
        (BankKind.BLOCKED, MAX_DISTANCE, MAX_FINE_DISTANCE, True),
        (BankKind.BLOCKED, MAX_DISTANCE + 1, 0, False),
        (BankKind.BLOCKED, 0, MAX_FINE_DISTANCE + 1, False),
        (BankKind.SEEN, MAX_DISTANCE, MAX_FINE_DISTANCE, True),
        (BankKind.SEEN, MAX_DISTANCE + 1, 0, False),
        (BankKind.ALLOWED, MAX_ALLOWED_DISTANCE, MAX_ALLOWED_DISTANCE, True),
        (BankKind.ALLOWED, MAX_ALLOWED_DISTANCE + 1, 0, False),
        (BankKind.ALLOWED, 0, MAX_ALLOWED_DISTANCE + 1, False),
    ],
)
async def test_a_copy_ends_where_its_kind_says(
    kind: BankKind, coarse: int, fine: int, expected: bool
) -> None:
    store = StoredBank()
    store.put(entry(1, kind))
    matches = await found(store, upload(flipped(BASE, coarse), flipped(FINE, fine)))
    assert [match.distance for match in matches] == ([coarse] if expected else [])


async def test_an_allowed_picture_is_known_by_its_whole_alone() -> None:
    views = (BASE, FINE, ~BASE & (1 << 64) - 1, FINE)
    store = StoredBank()
    store.put(entry(1, BankKind.ALLOWED, hashes=views), entry(2, BankKind.SEEN, hashes=views))
    assert [match.kind for match in await found(store, upload(views[2], FINE))] == [BankKind.SEEN]
    assert len(await found(store, upload(BASE, FINE))) == 2


async def test_the_same_bytes_are_found_without_any_hash_and_before_all_others() -> None:
    store = StoredBank()
    store.put(entry(1, sha256="0f" * 32, hashes=()), entry(2), entry(3, sha256="0e" * 32))
    (match,) = await found(store, upload(BASE, FINE))
    assert (match.entry_id, match.exact, match.distance) == (1, True, 0)
    almost = "0f" * 31 + "0e"
    (match,) = await found(store, upload(BASE, FINE, sha256=almost))
    assert (match.entry_id, match.exact) == (3, False)


async def test_the_nearest_then_the_newest_of_each_kind_is_given_in_order() -> None:
    store = StoredBank()
    near, far = (flipped(BASE, 2), FINE), (flipped(BASE, 8), FINE)
    store.put(
        entry(1, BankKind.SEEN, hashes=near),
        entry(2, BankKind.SEEN, hashes=far),
        entry(3, BankKind.SEEN, hashes=near),
        entry(4, BankKind.ALLOWED),
        entry(5, BankKind.BLOCKED, hashes=far),
    )
    matches = await found(store, upload(BASE, FINE))
    assert [(match.kind, match.entry_id, match.distance) for match in matches] == [
        (BankKind.BLOCKED, 5, 8),
        (BankKind.ALLOWED, 4, 0),
        (BankKind.SEEN, 3, 2),
    ]


async def test_all_rules_that_a_picture_was_allowed_under_are_named() -> None:
    store = StoredBank()
    store.put(
        entry(1, BankKind.ALLOWED, rules=("nudity", "sexual")),
        entry(2, BankKind.ALLOWED, rules=("scam", "nudity")),
    )
    (match,) = await found(store, upload(BASE, FINE))
    assert (match.entry_id, match.rules) == (2, ("scam", "nudity", "sexual"))


async def test_one_known_frame_blocks_an_animation_and_hides_nothing_of_it() -> None:
    other = ~BASE & (1 << 64) - 1
    store = StoredBank()
    store.put(entry(1), entry(2, BankKind.ALLOWED), entry(3, BankKind.SEEN))
    matches = await found(store, upload(BASE, FINE, other, FINE))
    assert [match.kind for match in matches] == [BankKind.BLOCKED]
    store.put(entry(4, BankKind.SEEN, hashes=(BASE, FINE, other, FINE)))
    matches = await found(store, upload(BASE, FINE, flipped(other, 4), FINE))
    assert [(match.entry_id, match.distance) for match in matches] == [(1, 0), (4, 4)]


async def test_changes_are_seen_at_once_and_loaded_once() -> None:
    store = StoredBank()
    bank = MemoryBank(store)
    store.put(entry(1))
    for _ in range(3):
        assert len(await bank.match(GUILD, upload(BASE, FINE))) == 1
    assert store.loads == 1
    store.put(entry(2, BankKind.ALLOWED))
    assert len(await bank.match(GUILD, upload(BASE, FINE))) == 2
    store.drop(1)
    (match,) = await bank.match(GUILD, upload(BASE, FINE))
    assert match.kind is BankKind.ALLOWED
    assert store.loads == 3


async def test_a_server_does_not_see_what_another_one_remembers() -> None:
    store = StoredBank()
    store.put(entry(1, guild_id=8, sha256="0f" * 32))
    assert await found(store, upload(BASE, FINE)) == ()


async def test_servers_that_are_not_asked_about_are_let_go() -> None:
    store = StoredBank()
    bank = MemoryBank(store, max_rows=2_500)
    for guild_id in (1, 2, 3, 1, 3):
        store.put(entry(guild_id, guild_id=guild_id))
    assert [len(await bank.match(guild, upload(BASE, FINE))) for guild in (1, 2, 1, 3)] == [1] * 4
    assert store.loads == 3
    assert len(await bank.match(1, upload(BASE, FINE))) == 1  # was used after the second one
    assert store.loads == 3
    assert len(await bank.match(2, upload(BASE, FINE))) == 1
    assert store.loads == 4


async def test_many_at_once_load_once() -> None:
    store = StoredBank()
    store.put(*(entry(number) for number in range(1, 200)))
    bank = MemoryBank(store)
    matches = await asyncio.gather(*(bank.match(GUILD, upload(BASE, FINE)) for _ in range(20)))
    assert {match[0].entry_id for match in matches} == {199}
    assert store.loads == 1


async def test_a_large_bank_is_searched_in_a_thread() -> None:
    store = StoredBank()
    far = tuple(half for n in range(20) for half in (n << 40, n))
    store.put(*(entry(number, hashes=far) for number in range(1, 2_000)), entry(2_000))
    (match,) = await found(store, upload(BASE, FINE))
    assert match.entry_id == 2_000


async def test_storage_that_fails_is_said_and_forgotten() -> None:
    store = StoredBank()
    store.put(entry(1))
    bank = MemoryBank(store)
    store.failing = True
    with pytest.raises(StorageFailed):
        await bank.match(GUILD, upload(BASE, FINE))
    store.failing = False
    assert len(await bank.match(GUILD, upload(BASE, FINE))) == 1


async def test_half_a_hash_is_none() -> None:
    store = StoredBank()
    store.put(entry(1, hashes=(BASE,)), entry(2, hashes=(BASE, FINE, BASE)))
    (match,) = await found(store, upload(BASE, FINE, BASE))
    assert match.entry_id == 2


async def test_an_entry_that_cannot_be_loaded_does_not_leave_half_a_bank() -> None:
    store = StoredBank()
    bank = MemoryBank(store)
    store.put(entry(1))
    assert len(await bank.match(GUILD, upload(BASE, FINE))) == 1
    store.put(entry(2, sha256="no digest"))
    with pytest.raises(ValueError, match="hexadecimal"):
        await bank.match(GUILD, upload(BASE, FINE))
    del store.log[-1]
    assert len(await bank.match(GUILD, upload(BASE, FINE))) == 1


def test_without_numpy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="moderation"):
        MemoryBank(StoredBank())


masks = st.integers(0, 14).map(lambda bits: (1 << bits) - 1)
bases = st.sampled_from([BASE, ~BASE & (1 << 64) - 1, 0, (1 << 64) - 1])
hash_pairs = st.tuples(bases, masks, bases, masks).map(
    lambda parts: (parts[0] ^ parts[1], parts[2] ^ parts[3])
)
digests = st.sampled_from([None, "00" * 31 + "01", "0f" * 32, "0f" * 31 + "0e"])
entries = st.builds(
    lambda number, kind, pairs, digest, rules: entry(
        number,
        kind,
        hashes=tuple(half for pair in pairs for half in pair),
        sha256=digest,
        rules=tuple(rules),
    ),
    st.integers(1, 12),
    st.sampled_from([BankKind.BLOCKED, BankKind.ALLOWED, BankKind.SEEN]),
    st.lists(hash_pairs, max_size=3),
    digests,
    st.lists(st.sampled_from(["scam", "nudity"]), min_size=1, max_size=2, unique=True),
)
steps = st.lists(
    st.tuples(
        st.lists(entries, max_size=4, unique_by=lambda one: one.id),
        st.sets(st.integers(1, 12), max_size=2),
    ),
    max_size=5,
)


def near(query: Sequence[Hash64], one: BankEntry) -> list[int | None]:
    """How far each frame is from an entry; None for one that is no copy."""
    allowed = one.kind is BankKind.ALLOWED
    halves = one.views.whole if allowed else one.views.hashes
    limits = (MAX_ALLOWED_DISTANCE,) * 2 if allowed else (MAX_DISTANCE, MAX_FINE_DISTANCE)
    distances: list[int | None] = []
    for coarse, fine in zip(query[::2], query[1::2], strict=True):
        within = [
            (coarse ^ halves[place]).bit_count()
            for place in range(0, len(halves), 2)
            if (coarse ^ halves[place]).bit_count() <= limits[0]
            and (fine ^ halves[place + 1]).bit_count() <= limits[1]
        ]
        distances.append(min(within, default=None))
    return distances


@settings(max_examples=200)
@given(steps=steps, query=st.lists(hash_pairs, max_size=3), digest=digests)
def test_the_index_finds_what_looking_at_everything_finds(
    steps: list[tuple[list[BankEntry], set[int]]],
    query: list[tuple[Hash64, Hash64]],
    digest: str | None,
) -> None:
    index = BankIndex()
    held: dict[int, BankEntry] = {}
    for added, removed in steps:
        index.apply(added, removed)
        for one in added:
            held.pop(one.id, None)
        held.update((one.id, one) for one in added)
        for number in removed:
            held.pop(number, None)
    fingerprint = upload(*(half for pair in query for half in pair), sha256=digest or "ff" * 32)
    expected: dict[BankKind, tuple[bool, int]] = {}
    for one in held.values():
        distances = near(fingerprint.hashes, one)
        known = [distance for distance in distances if distance is not None]
        exact = one.sha256 == fingerprint.sha256
        if exact:
            score = (False, 0)
        elif one.kind is BankKind.BLOCKED and known:
            score = (True, min(known))
        elif known and len(known) == len(distances):
            score = (True, max(known))
        else:
            continue
        expected[one.kind] = min(score, expected.get(one.kind, score))
    matches = index.match(fingerprint)
    order = [BankKind.BLOCKED, BankKind.ALLOWED, BankKind.SEEN]
    assert [match.kind for match in matches] == [kind for kind in order if kind in expected]
    for match in matches:
        assert (not match.exact, match.distance) == expected[match.kind]
        assert held[match.entry_id].kind is match.kind
        assert set(held[match.entry_id].rules) <= set(match.rules)


def test_adding_one_by_one_copies_little() -> None:
    index = BankIndex()
    arrays = [index._coarse._array]
    for number in range(1, 5_001):
        index.apply([entry(number, hashes=(number, number))], ())
        if index._coarse._array is not arrays[-1]:
            arrays.append(index._coarse._array)
    assert [len(array) for array in arrays] == [64 << doubled for doubled in range(8)]
    assert index.rows == 5_000


def test_removed_pictures_are_left_out_for_good() -> None:
    index = BankIndex()
    count = 140_000
    index.apply(
        [entry(number, hashes=(number, 0), rules=(str(number % 3),)) for number in range(1, count)],
        (),
    )
    index.apply([], range(1, 100_000))
    assert index.rows == count - 100_000
    (match,) = index.match(upload(139_999, 0))
    assert (match.entry_id, match.rules) == (139_999, (str(139_999 % 3),))
    assert {match.entry_id for match in index.match(upload(5, 0))} & set(range(1, 100_000)) == set()
