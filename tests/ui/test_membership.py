"""Which servers are told of in this process, and that their absence is noted."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.domain.errors import StorageFailed
from bot.ui.membership import is_ours, note_presence
from tests.services.moderation.fakes import NoKeeper

SECOND_OF_FOUR = (7 * 4 + 1) << 22


@dataclass
class Guild:
    id: int


@dataclass
class Client:
    """A client as far as it is asked."""

    shard_id: int | None = None
    shard_count: int | None = None
    shard_ids: list[int] | None = None
    ready: bool = True
    guilds: list[Guild] = field(default_factory=lambda: [Guild(1), Guild(2)])

    def is_ready(self) -> bool:
        return self.ready


@pytest.mark.parametrize(
    ("client", "ours"),
    [
        (Client(), True),
        (Client(shard_count=4), True),
        (Client(shard_count=4, shard_ids=[0, 1]), True),
        (Client(shard_count=4, shard_ids=[2, 3]), False),
        (Client(shard_count=4, shard_id=1), True),
        (Client(shard_count=4, shard_id=0), False),
    ],
)
def test_only_the_shards_of_this_process_are_ours(client: Any, ours: bool) -> None:
    assert is_ours(client, SECOND_OF_FOUR) is ours


class Keeper(NoKeeper):
    def __init__(self, error: StorageFailed | None = None) -> None:
        self.noted: list[tuple[Collection[int], bool]] = []
        self._error = error

    async def note_presence(self, present: Collection[int], is_ours: Callable[[int], bool]) -> int:
        if self._error is not None:
            raise self._error
        self.noted.append((present, is_ours(SECOND_OF_FOUR)))
        return 1


async def test_the_servers_of_a_client_that_is_ready_are_noted() -> None:
    keeper = Keeper()
    client: Any = Client(shard_count=4, shard_id=0)
    await note_presence(client, keeper)
    assert keeper.noted == [({1, 2}, False)]


async def test_a_client_that_is_not_ready_says_nothing_of_its_servers() -> None:
    keeper = Keeper()
    client: Any = Client(ready=False)
    await note_presence(client, keeper)
    assert keeper.noted == []


async def test_a_database_that_is_away_is_no_reason_to_fail() -> None:
    client: Any = Client()
    await note_presence(client, Keeper(StorageFailed("locked")))
