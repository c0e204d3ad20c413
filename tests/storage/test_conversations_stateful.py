"""The random test of conversations once more, over a real database file."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Coroutine, Iterable
from contextlib import closing
from inspect import iscoroutinefunction
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from bot.domain.conversation import TurnState
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from tests.services.books import RETENTION
from tests.services.test_converse_stateful import WEIGHTED, World

Result = TypeVar("Result")

ACTIONS = 60


class Watched:
    """A store that says how many of its methods are under way."""

    def __init__(self, store: SqlConversationStore) -> None:
        self.store = store
        self.busy = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)
        if not iscoroutinefunction(method):
            return method

        async def call(*arguments: Any, **named: Any) -> Any:
            self.busy += 1
            try:
                return await method(*arguments, **named)
            finally:
                self.busy -= 1

        return call


class SqliteWorld(World):
    """The same people over an SQLite file; it is looked into by a connection beside."""

    def __init__(self, path: Path, context_tokens: int, seed: int) -> None:
        self.path = path
        self.database = Database(f"sqlite:///{path}")
        self.beside = sqlite3.connect(path, isolation_level=None)
        super().__init__(context_tokens, 2, Random(seed))
        self.loop.run_until_complete(self.database.__aenter__())

    def new_store(self) -> Watched:
        return Watched(
            SqlConversationStore(
                self.database,
                longest=RETENTION,
                picture_store_max_bytes=2**20,
                now=lambda: self.now,
            )
        )

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do it, and wait until nothing happens by itself any more."""

        async def settled() -> Result:
            try:
                return await work
            finally:
                quiet = 0
                while quiet < 60:
                    await asyncio.sleep(0.0002 if self.store.busy else 0)
                    quiet = 0 if self.store.busy else quiet + 1

        return self.loop.run_until_complete(settled())

    def state(self, turn_id: int) -> TurnState | None:
        found = self.beside.execute("SELECT state FROM turn WHERE id = ?", (turn_id,)).fetchone()
        return None if found is None else TurnState(found[0])

    def brought(self) -> Iterable[str]:
        for (source,) in self.beside.execute("SELECT source FROM turn_picture").fetchall():
            yield json.loads(source[1:])["name"]

    def lose(self, chance: float) -> Iterable[bytes]:
        stills = "SELECT sha256, data FROM picture_blob ORDER BY sha256"
        for sha256, data in self.beside.execute(stills).fetchall():
            if self.random.random() < chance:
                self.beside.execute("DELETE FROM picture_blob WHERE sha256 = ?", (sha256,))
                yield data[1:]

    def restart(self) -> None:
        """Stop what is under way and go on with new objects, as a new process would."""
        self.run(self.end())
        self.run(self.database.__aexit__(None, None, None))
        self.database = Database(f"sqlite:///{self.path}")
        self.run(self.database.__aenter__())
        self.store = self.new_store()
        self.talk.store = self.store
        self.talk.restarted().now = lambda: self.now

    def close(self) -> None:
        with closing(self.beside):
            self.loop.run_until_complete(self.end())
            self.loop.run_until_complete(self.database.__aexit__(None, None, None))
            self.loop.close()


@pytest.mark.parametrize(("context_tokens", "seed"), [(2500, 1), (4000, 2), (9000, 3)])
def test_nothing_is_mixed_over_a_real_database(
    migrated_sqlite: Path, tmp_path: Path, context_tokens: int, seed: int
) -> None:
    path = Path(shutil.copy(migrated_sqlite, tmp_path / "lookout.sqlite3"))
    world = SqliteWorld(path, context_tokens, seed)
    try:
        for number, name in enumerate(Random(seed).choices(WEIGHTED, k=ACTIONS)):
            world.act(name)
            if number % 20 == 19:
                world.act("restart")
    finally:
        world.close()
