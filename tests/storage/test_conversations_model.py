"""Whatever is done to it, the database tells the same as a simple model in memory."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.conversation import Retention, Turn, TurnState
from bot.domain.errors import LookoutError
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.keeper import Limits
from tests.services.conversation_fakes import MemoryConversationStore
from tests.storage.conversation_values import DAY, Store, Talk, answer, asked, new_picture
from tests.storage.fakes import HandClock

LIMITS = Limits(depth=4, pictures=6)
LONGEST = Retention(pictures=3 * DAY, text=20 * DAY)
MAX_BYTES = 5000

places = st.integers(0, 11)
"""Which of the turns so far, counted round."""
persons = st.sampled_from([1, 2, 3])
guilds = st.sampled_from([None, 7, 8])
threads = st.sampled_from([100, 200])

step = st.one_of(
    st.tuples(st.just("ask"), persons, guilds, st.none() | st.integers(50, 54)),
    st.tuples(st.just("follow"), persons, places, st.none() | threads),
    st.tuples(st.just("follow"), persons, places, st.none()),
    st.tuples(st.just("in_thread"), persons, threads),
    st.tuples(st.just("again"), places),
    st.tuples(st.just("again"), places),
    st.tuples(st.just("put_back"), places),
    st.tuples(st.just("show"), places, st.integers(1, 3)),
    st.tuples(st.just("answer"), places),
    st.tuples(st.just("end"), places, st.sampled_from([TurnState.FAILED, TurnState.STOPPED])),
    st.tuples(st.just("window"), places, st.integers(0, 3)),
    st.tuples(st.just("thread"), places, threads),
    st.tuples(st.just("tell"), places),
    st.tuples(st.just("forget_turn"), places),
    st.tuples(st.just("delete"), places),
    st.tuples(st.just("delete_person"), persons),
    st.tuples(st.just("delete_guild"), guilds),
    st.tuples(st.just("choose"), persons, st.integers(0, 30), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(1, 200)),
    st.tuples(st.just("expire")),
)


@dataclass
class World:
    """A store and the turns made in it, by their order: ids differ from store to store."""

    talk: Talk
    turns: list[Turn]
    windows: list[int]

    async def act(self, name: str, *arguments: Any) -> object:
        """Take a step; return what it tells, or the class of its refusal."""
        try:
            return await getattr(self, name)(*arguments)
        except LookoutError as error:
            return type(error)

    def chosen(self, place: int) -> Turn:
        return self.turns[place % len(self.turns)]

    async def remember(self, made: Turn | None) -> object:
        if made is not None:
            self.turns.append(made)
        return made is not None

    async def ask(self, person: int, guild: int | None, message: int | None) -> object:
        return await self.remember(
            await self.talk.try_to_ask(asked(person=person, guild=guild, message=message))
        )

    async def follow(self, person: int, place: int, thread: int | None) -> object:
        request = asked(person=person, parent=self.chosen(place), thread=thread)
        return await self.remember(await self.talk.try_to_ask(request))

    async def in_thread(self, person: int, thread: int) -> object:
        return await self.remember(await self.talk.try_to_ask(asked(person=person, thread=thread)))

    async def again(self, place: int) -> object:
        before = self.chosen(place)
        assert before.person_id is not None
        request = asked(person=before.person_id, guild=before.guild_id, replaces=before)
        return await self.remember(await self.talk.try_to_ask(request))

    async def put_back(self, place: int) -> None:
        await self.talk.store.put_back(self.chosen(place).id, 60 + place)

    async def show(self, place: int, which: int) -> object:
        shown = new_picture(b"%d" % which * 2000, f"picture{which}", f"about {which}")
        kept = await self.talk.store.attach(self.chosen(place).id, [shown])
        self.talk.clock.advance(seconds=1)  # which still was used last is never a draw
        return kept

    async def answer(self, place: int) -> None:
        turn = self.chosen(place)
        window = next(iter(self.windows[-1:]), None)
        found = None if window is None else await self.talk.store.window(window)
        ours = found is not None and found.conversation_id == turn.conversation_id
        await self.talk.store.answered(
            turn.id, answer(f"to {place}"), window_id=window if ours else None, again=(1,)
        )

    async def end(self, place: int, state: TurnState) -> None:
        await self.talk.store.ended(self.chosen(place).id, state)

    async def window(self, place: int, first_depth: int) -> None:
        conversation = self.chosen(place).conversation_id
        made = await self.talk.store.open_window(conversation, first_depth, "recap", (1,))
        self.windows.append(made.id)

    async def thread(self, place: int, thread: int) -> None:
        await self.talk.store.open_thread(thread, self.chosen(place).id)

    async def tell(self, place: int) -> None:
        await self.talk.store.told(self.chosen(place).id)

    async def forget_turn(self, place: int) -> object:
        return await self.talk.store.forget_turn(self.chosen(place).id)

    async def delete(self, place: int) -> object:
        return await self.talk.store.delete(self.chosen(place).conversation_id)

    async def delete_person(self, person: int) -> object:
        return await self.talk.store.delete_person(person)

    async def delete_guild(self, guild: int | None) -> object:
        return await self.talk.store.delete_guild(guild or 9)

    async def choose(self, person: int, text: int, pictures: int) -> None:
        chosen = Retention(pictures=pictures * DAY, text=text * DAY)
        await self.talk.store.set_retention(person, chosen)

    async def wait(self, hours: int) -> None:
        self.talk.clock.advance(hours=hours)

    async def expire(self) -> object:
        return await self.talk.store.expire(batch=2)

    async def told(self) -> list[object]:
        """Return everything that can be seen, with places for ids."""
        store, seen = self.talk.store, []
        places: dict[int | None, int | None] = {None: None}
        places.update({turn.id: place for place, turn in enumerate(self.turns)})
        windows = {window: place for place, window in enumerate(self.windows)}
        groups: dict[int, int] = {}

        def named(turn: Turn | None) -> object:
            if turn is None:
                return None
            group = groups.setdefault(turn.conversation_id, len(groups))
            return replace(
                turn,
                id=places[turn.id] or 0,
                parent_id=places[turn.parent_id],
                first_try_id=places[turn.first_try_id],
                conversation_id=group,
                window_id=None if turn.window_id is None else windows[turn.window_id],
                seed=None,
            )

        for turn in self.turns:
            seen.append(named(await store.turn(turn.id)))
            seen.append([named(one) for one in await store.path(turn.id)])
            seen.append(await store.pictures(turn.id))
            seen.append(await store.load(await store.pictures(turn.id)))
            seen.append([named(one) for one in await store.turns(turn.conversation_id)])
            listed = await store.conversation(turn.conversation_id)
            seen.append(
                None
                if listed is None
                else replace(listed, id=0, last_turn_id=places[listed.last_turn_id] or 0)
            )
        for thread in (100, 200):
            seen.append(named(await store.turn_of_thread(thread)))
            seen.append(await store.is_thread(thread))
        seen += [
            named(await store.turn_of_message(message))
            for message in (*range(50, 55), *range(60, 72))
        ]
        seen.append([named(one.turn) for one in await store.pending()])
        for person in (1, 2, 3):
            seen.append(await store.retention(person))
            listed_ids = [one.id for one in await store.of_person(person, limit=20)]
            seen.append([groups.get(one) for one in listed_ids])
        seen.append([groups.get(one.id) for one in await store.of_guild(7, limit=20)])
        return seen


async def compare(template: Path, steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(template, Path(folder) / "lookout.sqlite3")
        async with Database(f"sqlite:///{path}") as database:
            worlds = []
            for make in (in_memory, in_database):
                clock = HandClock()
                talk = Talk(make(clock, database), clock)
                talk.text, talk.pictures = timedelta(days=10), timedelta(days=2)
                worlds.append(World(talk, [await talk.ask(person=1)], []))
            model, real = worlds
            for number, (name, *arguments) in enumerate(steps):
                expected = await model.act(name, *arguments)
                assert await real.act(name, *arguments) == expected, (number, name)
                for world in worlds:
                    world.talk.clock.advance(seconds=1)
            assert await real.told() == await model.told()


def in_memory(clock: HandClock, _: Database) -> Store:
    return MemoryConversationStore(
        now=clock,
        longest=LONGEST,
        picture_store_max_bytes=MAX_BYTES,
        max_depth=LIMITS.depth,
        max_pictures=LIMITS.pictures,
    )


def in_database(clock: HandClock, database: Database) -> Store:
    return SqlConversationStore(
        database,
        longest=LONGEST,
        picture_store_max_bytes=MAX_BYTES,
        limits=LIMITS,
        now=clock,
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=4, max_size=30))
def test_the_database_tells_the_same_as_the_model(
    steps: list[tuple[Any, ...]], migrated_sqlite: Path
) -> None:
    asyncio.run(compare(migrated_sqlite, steps))
