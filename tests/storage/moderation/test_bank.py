"""Remembered pictures: every change can be followed, whatever the size."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.domain.moderation.fingerprint import BankEntry, BankKind, Fingerprint, Views
from bot.domain.moderation.ports import BankChanges
from bot.media.bank import MemoryBank
from bot.storage.database import Database
from bot.storage.moderation import bank as bank_module
from bot.storage.moderation.bank import SqlBankStore, batches
from bot.storage.moderation.case_rows import packed, unpacked
from bot.storage.moderation_tables import BankEntryRow
from tests.storage.fakes import HandClock
from tests.storage.moderation.case_values import GUILD, MODERATOR, Server, hashes_of


def entry(
    picture: int,
    *,
    guild: int = GUILD,
    kind: BankKind = BankKind.BLOCKED,
    sha256: bool = True,
    pdq: bool = False,
) -> BankEntry:
    hashes = hashes_of(picture)
    return BankEntry(
        id=0,
        guild_id=guild,
        kind=kind,
        rules=("scam", "custom:3"),
        sha256=f"{picture:064x}" if sha256 else None,
        views=Views(hashes, hashes[:2], f"{picture:064x}" if pdq else None),
        added_by=MODERATOR,
        label="a list of others",
    )


@pytest.fixture
def bank(database: Database) -> SqlBankStore:
    return SqlBankStore(database, clock=HandClock())


async def follow(bank: SqlBankStore, after: int = 0, guild: int = GUILD) -> list[BankChanges]:
    """Read on until there is nothing more."""
    pages = []
    while (page := await bank.changes(guild, after)).revision != after:
        pages.append(page)
        after = page.revision
    assert not page.added
    assert not page.removed_ids
    return pages


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_hashes_survive_being_bytes(hashes: list[int]) -> None:
    assert unpacked(packed(hashes)) == tuple(hashes)
    assert packed(hashes) == b"".join(one.to_bytes(8, "big") for one in hashes)


@given(st.lists(st.integers()), st.integers(1, 9))
def test_batches_are_all_of_it_in_order(items: list[int], size: int) -> None:
    parts = list(batches(items, size))
    assert [item for part in parts for item in part] == items
    assert all(1 <= len(part) <= size for part in parts)


async def test_an_empty_bank_has_no_revision(bank: SqlBankStore) -> None:
    assert await bank.revision(GUILD) == 0
    assert await bank.changes(GUILD, 0) == BankChanges(0, [], [])
    assert await bank.listed(GUILD, BankKind.BLOCKED) == (0, [])


async def test_an_entry_comes_back_as_it_was_added(bank: SqlBankStore) -> None:
    given_entry = replace(entry(1, pdq=True), added_at=None)
    assert await bank.add([given_entry]) == 1

    (kept,) = (await bank.changes(GUILD, 0)).added

    assert kept == replace(given_entry, id=kept.id, added_at=HandClock().now)
    assert await bank.listed(GUILD, BankKind.BLOCKED) == (1, [kept])
    assert await bank.listed(GUILD, BankKind.ALLOWED) == (0, [])


@pytest.mark.parametrize(("sha256", "pdq"), [(True, False), (False, True), (False, False)])
async def test_what_is_known_is_not_added_again(
    bank: SqlBankStore, sha256: bool, pdq: bool
) -> None:
    entries = [entry(number, sha256=sha256, pdq=pdq) for number in (1, 2, 1)]
    assert await bank.add(entries) == 2
    assert await bank.add([*entries, entry(3, sha256=sha256, pdq=pdq)]) == 1
    revision = await bank.revision(GUILD)
    assert await bank.add(entries) == 0
    assert await bank.revision(GUILD) == revision


async def test_another_kind_other_rules_and_another_server_are_others(bank: SqlBankStore) -> None:
    others = [
        entry(1),
        entry(1, kind=BankKind.ALLOWED),
        replace(entry(1), rules=("spam",)),
        entry(1, guild=GUILD + 1),
        entry(1, sha256=False),
        entry(1, pdq=True),
    ]
    assert await bank.add(others) == len(others)
    assert (await bank.listed(GUILD, BankKind.BLOCKED))[0] == 4
    assert await bank.revision(GUILD + 1) == 1


async def test_what_was_removed_can_be_added_again_and_leaves_no_hash(
    bank: SqlBankStore, database: Database
) -> None:
    await bank.add([entry(1), entry(2)])
    first, second = (await bank.changes(GUILD, 0)).added
    known = await bank.revision(GUILD)

    assert await bank.remove(GUILD + 1, [first.id]) == 0
    assert await bank.remove(GUILD, [first.id, 999]) == 1
    assert await bank.remove(GUILD, [first.id]) == 0

    news = await bank.changes(GUILD, known)
    assert (news.added, news.removed_ids) == ([], [first.id])
    async with database.reading() as session:
        row = (await session.scalars(select(BankEntryRow).filter_by(id=first.id))).one()
    assert (row.sha256, row.hashes, row.pdq, row.rules, row.label) == (None, b"", None, "", "")
    assert row.added_by is row.case_id is None
    assert await bank.add([entry(1)]) == 1
    _, listed = await bank.listed(GUILD, BankKind.BLOCKED)
    assert [one.sha256 for one in listed] == [first.sha256, second.sha256]


async def test_much_comes_in_pages_that_are_all_of_it(
    bank: SqlBankStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank_module, "CHANGES_AT_ONCE", 4)
    monkeypatch.setattr(bank_module, "ADDED_AT_ONCE", 3)
    assert await bank.add([entry(number) for number in range(10)]) == 10
    pages = await follow(bank)
    ids = [one.id for page in pages for one in page.added]
    assert len(ids) == len(set(ids)) == 10
    assert [len(page.added) for page in pages] == [4, 4, 2]
    assert pages[-1].revision == await bank.revision(GUILD)

    assert await bank.remove(GUILD, ids[:7]) == 7

    news = await follow(bank, pages[-1].revision)
    assert sorted(one for page in news for one in page.removed_ids) == sorted(ids[:7])
    left = [one.id for page in await follow(bank) for one in page.added]
    assert left == ids[7:]


async def test_pages_of_a_list_are_newest_first(bank: SqlBankStore) -> None:
    await bank.add([entry(number) for number in range(5)])
    count, page = await bank.listed(GUILD, BankKind.BLOCKED, offset=1, limit=2)
    assert count == 5
    assert [one.sha256 for one in page] == [f"{number:064x}" for number in (3, 2)]


async def test_a_bank_that_was_forgotten_begins_anew(server: Server) -> None:
    await server.bank.add([entry(number) for number in range(5)])
    known = await server.bank.revision(GUILD)
    await server.keeper.delete_guild(GUILD)

    assert (await server.bank.changes(GUILD, known)).revision < known
    await server.bank.add([entry(7)])
    news = await server.bank.changes(GUILD, known)
    assert news.revision < known
    assert [one.sha256 for one in news.added] == [f"{7:064x}"]


async def test_whoever_follows_while_others_change_it_misses_nothing(
    bank: SqlBankStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank_module, "CHANGES_AT_ONCE", 3)
    held: dict[int, str | None] = {}
    done = asyncio.Event()

    async def change(first: int) -> None:
        for number in range(first, first + 12, 3):
            await bank.add([entry(one) for one in range(number, number + 3)])
            _, newest = await bank.listed(GUILD, BankKind.BLOCKED, limit=4)
            await bank.remove(GUILD, [newest[-1].id])

    async def copy() -> None:
        after, last = 0, False
        while True:
            page = await bank.changes(GUILD, after)
            held.update({one.id: one.sha256 for one in page.added})
            for entry_id in page.removed_ids:
                held.pop(entry_id, None)
            if page.revision == after:
                if last:
                    return
                last = done.is_set()
            after = page.revision

    async with asyncio.TaskGroup() as group:
        group.create_task(copy())
        async with asyncio.TaskGroup() as changing:
            for first in (0, 100, 200):
                changing.create_task(change(first))
        done.set()

    count, listed = await bank.listed(GUILD, BankKind.BLOCKED, limit=99)
    assert count == len(held)
    assert held == {one.id: one.sha256 for one in listed}


async def test_an_index_in_memory_follows_every_page_and_begins_anew(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank_module, "CHANGES_AT_ONCE", 3)
    memory = MemoryBank(server.bank)

    async def known() -> list[int]:
        matches = [
            await memory.match(GUILD, Fingerprint("f" * 64, hashes_of(number)[:2]))
            for number in range(10)
        ]
        return [number for number, match in enumerate(matches) if match]

    await server.bank.add([entry(number) for number in range(8)])
    assert await known() == list(range(8))
    _, (newest, *_) = await server.bank.listed(GUILD, BankKind.BLOCKED)
    await server.bank.remove(GUILD, [newest.id])
    assert await known() == list(range(7))
    await server.keeper.delete_guild(GUILD)
    await server.bank.add([entry(9)])
    assert await known() == [9]
