"""Copies of a conversation are conversations of their own."""

import asyncio
from pathlib import Path

import pytest

from bench.conversations.copies import STRIDE, add_copies
from bench.conversations.growth import Costs, talking


async def test_a_copy_can_be_followed_up_with_its_own_pictures(
    tmp_path: Path,
) -> None:
    database = tmp_path / "lookout.sqlite3"
    async with talking(database) as talk:
        first, _ = await talk.ask(None, Costs(), picture=True)
        second, _ = await talk.ask(first.id, Costs())
        await asyncio.to_thread(add_copies, database, 1, 3)
        _, original = await talk.ask(second.id, Costs())
        answered, copied = await talk.ask(second.id + 2 * STRIDE, Costs(), person=1 + 2 * STRIDE)
        store = talk.lookout.conversations.store
        conversations = [await store.of_person(1 + n * STRIDE, limit=5) for n in range(4)]

    assert answered.depth == 2
    assert [len(found) for found in conversations] == [1, 1, 1, 1]
    assert copied.tokens == original.tokens
    assert copied.sent_bytes == pytest.approx(original.sent_bytes, rel=0.01)
    pictures = [{unit.key for unit in p.units if unit.tokens > 1} for p in (original, copied)]
    assert len(pictures[0]) == len(pictures[1]) == 1
    assert pictures[0] != pictures[1]
