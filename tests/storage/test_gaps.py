"""What was deleted is gone from the gaps of SQLite's pages, too."""

import asyncio
import os
import secrets
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bot.domain.conversation import Turn, TurnState
from bot.domain.errors import ConversationFull, Expired
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from tests.storage.conversation_values import LONGEST, Talk, answer, asked, new_picture, source
from tests.storage.fakes import HandClock


class Book:
    """A database in which much is said, all of it in words that can be found again."""

    def __init__(self, database: Database, random: Random) -> None:
        clock = HandClock()
        self.store = SqlConversationStore(
            database, longest=LONGEST, picture_store_max_bytes=2**24, now=clock
        )
        self._clock = clock
        self._talk = Talk(self.store, clock)
        self._random = random
        self.turns: list[Turn] = []
        self.said: dict[int, list[bytes]] = {}

    async def fill(self, turns: int) -> None:
        """Talk, and let single turns be forgotten meanwhile."""
        for _ in range(turns):
            try:
                await self._one_turn()
            except (ConversationFull, Expired):
                continue
            self._clock.advance(seconds=1)
            if self._random.random() < 0.15 and len(self.turns) > 3:
                await self.store.forget_turn(self._random.choice(self.turns).id)

    async def _one_turn(self) -> None:
        choose = self._random.choice
        parent = choose(self.turns) if self.turns and self._random.random() < 0.7 else None
        question, reply, name, recap, token = (secrets.token_hex(8) for _ in range(5))
        pixels = os.urandom(choose([40, 500, 5_000, 20_000]))
        request = asked(
            question * choose([1, 10, 200]),
            person=choose([1, 2, 3]),
            parent=parent,
            sources=[source(name)],
        )
        address = replace(request.address, token=token, application_id=9)
        turn = await self._talk.ask(replace(request, address=address))
        if self._random.random() < 0.5:
            await self.store.attach(turn.id, [new_picture(pixels, name, reply)], preface=recap)
        window = await self.store.open_window(
            turn.conversation_id, turn.depth + 1, recap * choose([1, 50]), ()
        )
        await self.store.answered(
            turn.id, answer(reply * choose([1, 30, 300])), window_id=window.id, again=()
        )
        self.turns.append(turn)
        words = [text.encode() for text in (question, reply, name, recap, token)]
        self.said[turn.id] = [*words, pixels[:32], pixels[-32:]]

    async def left(self, folder: Path) -> set[bytes]:
        """Return what the files still hold of turns that are gone."""
        kept = [await self.store.turn(turn.id) for turn in self.turns]
        gone = [
            turn
            for turn, now in zip(self.turns, kept, strict=True)
            if now is None or now.state is TurnState.FORGOTTEN
        ]
        assert len(gone) > 20
        data = await asyncio.to_thread(_all_bytes, folder)
        assert any(said in data for now in kept if now for said in self.said[now.id])
        return {said for turn in gone for said in self.said[turn.id] if said in data}


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("seed", [5, 6])
async def test_a_person_who_is_forgotten_is_in_no_gap_either(tmp_path: Path, seed: int) -> None:
    async with Database(f"sqlite:///{tmp_path}/lookout.sqlite3") as database:
        await database.upgrade()
        book = Book(database, Random(seed))
        await book.fill(150)
        await book.store.delete_person(2)
        assert await book.left(tmp_path) == set()


@pytest.mark.parametrize("seed", [5])
async def test_tidying_closes_the_gaps_that_single_deletions_left(
    tmp_path: Path, seed: int
) -> None:
    async with Database(f"sqlite:///{tmp_path}/lookout.sqlite3") as database:
        await database.upgrade()
        book = Book(database, Random(seed))
        await book.fill(150)
        for turn in Random(seed).sample(book.turns, len(book.turns) // 2):
            await book.store.forget_turn(turn.id)
        assert await database.close_gaps()
        assert await book.left(tmp_path) == set()


async def test_a_file_in_which_nothing_was_deleted_is_left_alone(tmp_path: Path) -> None:
    async with Database(f"sqlite:///{tmp_path}/lookout.sqlite3") as database:
        await database.upgrade()
        assert await database.close_gaps()  # what was before is not known
        before = (tmp_path / "lookout.sqlite3").stat().st_mtime_ns
        assert await database.close_gaps()
        assert (tmp_path / "lookout.sqlite3").stat().st_mtime_ns == before
