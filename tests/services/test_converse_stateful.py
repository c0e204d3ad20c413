"""Whatever people do at the same time, a prompt holds what its conversation may see and no more."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.conversation import AskRequest, Closer, Place, TurnState
from bot.domain.errors import (
    Expired,
    LookoutError,
    NoPicture,
    NotYours,
    PictureGone,
)
from bot.domain.ports import Asker
from tests.services.books import CHANNEL, ENGINE_ERRORS, GUILDS, PEOPLE, Books, Known
from tests.services.conversing import asks
from tests.services.fakes import ref


class World(Books):
    """People in two servers who ask, follow up, cancel and delete in any order."""

    # What people do.

    def begin(self, request: AskRequest, pictures: set[int], number: int) -> None:
        turn = self.run(self.talk.converse.accept(request))
        assert turn is not None
        parent = None if turn.parent_id is None else self.numbers[turn.parent_id]
        known = Known(number, turn, request, parent, pictures)
        self.known[number] = known
        self.numbers[turn.id] = number
        if parent is not None:
            before = self.known[parent]
            assert before.turn.conversation_id == turn.conversation_id
            assert before.request.private <= request.private
            if before.request.private:
                assert before.request.asker.person_id == request.asker.person_id
            elif not request.private:
                assert before.request.asker.guild_id == request.asker.guild_id

        async def start() -> None:
            known.task = asyncio.create_task(self.answer(known))

        self.run(start())

    async def answer(self, known: Known) -> None:
        with suppress(LookoutError):
            result = await self.talk.converse.answer(
                known.turn.id, known.request, lambda _: None, asyncio.Event()
            )
            assert f"a{known.number}x" in result.turn.answer
        await self.talk.converse.told(known.turn)

    def new_pictures(self, count: int, *, gone: bool) -> tuple[set[int], list[Any]]:
        numbers = set(range(self.pictures + 1, self.pictures + count + 1))
        self.pictures += count
        if gone and numbers:
            self.talk.fetcher.errors[f"p{min(numbers)}x"] = PictureGone()
        return numbers, [ref(f"p{number}x") for number in sorted(numbers)]

    def one(self) -> Known | None:
        """Draw a turn, a new one more likely than an old one."""
        numbers = sorted(self.known)
        if not numbers:
            return None
        near = numbers[-4:] if self.random.random() < 0.7 else numbers
        return self.known[self.random.choice(near)]

    def somebody(self, after: Known | None = None) -> tuple[Asker, bool]:
        """Draw a person and whether they ask in private; mostly one who may follow ``after``."""
        if after is not None and after.request.private and self.random.random() < 0.8:
            return after.request.asker, True
        person = self.random.choice(sorted(PEOPLE.values()))
        guild = self.random.choice([GUILDS["north"]] * 5 + [GUILDS["south"]])
        if after is not None and self.random.random() < 0.9:
            guild = after.request.asker.guild_id or guild
        return Asker(person, guild), self.random.random() < 0.15

    def ask(self) -> None:
        asker, private = self.somebody()
        number = len(self.known) + 1
        gone = self.random.random() < 0.1
        numbers, sources = self.new_pictures(self.random.randint(1, 2), gone=gone)
        request = asks(f"q{number}x?", *sources, asker=asker, private=private, channel_id=CHANNEL)
        self.begin(request, numbers, number)

    def follow_up(self) -> None:
        before = self.one()
        if before is None:
            return
        asker, private = self.somebody(before)
        number = len(self.known) + 1
        numbers, sources = self.new_pictures(self.random.choice([0, 0, 0, 1]), gone=False)
        named = self.random.choice(["", "", " picture 1", " compare 1 and 3"])
        request = asks(
            f"q{number}x{' why' * self.random.randint(1, 80)}{named}?",
            *sources,
            asker=asker,
            private=private,
            after=before.turn,
            channel_id=CHANNEL,
        )
        with suppress(NotYours, Expired, NoPicture):
            self.begin(request, numbers, number)

    def look_closer(self) -> None:
        before = self.one()
        pictures = () if before is None else self.run(self.talk.store.pictures(before.turn.id))
        if before is None or not pictures:
            return
        asker, private = self.somebody(before)
        closer = Closer(self.random.choice(pictures).number, self.random.choice(list(Place)))
        number = len(self.known) + 1
        request = asks(
            f"q{number}x",
            asker=asker,
            private=private,
            after=before.turn,
            closer=closer,
            channel_id=CHANNEL,
        )
        with suppress(NotYours, Expired):
            self.begin(request, set(), number)

    def open_thread(self) -> None:
        before = self.one()
        if before is None:
            return
        with suppress(NotYours, Expired):
            asker = before.request.asker
            turn = self.run(self.talk.converse.may_follow(before.turn.id, asker, private=False))
            self.run(self.talk.store.open_thread(60 + before.number % 3, turn.id))

    def write_in_thread(self) -> None:
        asker, private = self.somebody()
        thread_id = self.random.randint(60, 62)
        number = len(self.known) + 1
        request = asks(
            f"q{number}x?",
            asker=asker,
            thread_id=thread_id,
            private=private,
            channel_id=thread_id,
        )
        with suppress(NotYours, Expired, NoPicture):
            self.begin(request, set(), number)

    def try_again(self) -> None:
        """Ask the same once more: it takes the old one's number and place in the books."""
        old = self.one()
        if old is None or old.task is None or not old.task.done():
            return
        if any(one.parent == old.number for one in self.known.values()):
            return
        with suppress(NotYours, Expired, NoPicture):
            request = self.run(
                self.talk.converse.again(old.turn.id, old.request.asker, asks().address)
            )
            self.begin(request, old.pictures, old.number)

    def engine_answers(self) -> None:
        if not self.engine.held:
            return
        failure = self.random.choice([None] * 6 + list(ENGINE_ERRORS))

        async def go() -> None:
            self.random.choice(self.engine.held).set_result(failure)

        self.run(go())

    def cancel(self) -> None:
        known = self.one()

        async def stop() -> None:
            if known is not None and known.task is not None and not known.task.done():
                known.task.cancel()

        self.run(stop())

    def lose_pictures(self) -> None:
        """Make room in the store of pictures; some originals are gone, too."""
        for data in self.lose(0.3):
            if self.random.random() < 0.3:
                name = data.decode().partition("[")[0]
                self.talk.fetcher.errors[name] = PictureGone()
                self.lost = True

    def forget_turn(self) -> None:
        known = self.one()
        if known is not None:
            self.run(self.talk.store.forget_turn(known.turn.id))
            self.forget_gone()

    def forget_person(self) -> None:
        self.run(self.talk.store.delete_person(self.random.choice(sorted(PEOPLE.values()))))
        self.forget_gone()

    def leave_server(self) -> None:
        self.run(self.talk.store.delete_guild(GUILDS["south"]))
        self.forget_gone()

    def time_passes(self) -> None:
        self.now += timedelta(hours=self.random.choice([1, 15]))
        self.lost = True
        self.run(self.talk.store.expire())
        self.forget_gone()

    def forget_gone(self) -> None:
        for known in self.known.values():
            gone = self.state(known.turn.id) in {None, TurnState.FORGOTTEN}
            known.forgotten = known.forgotten or gone

    def act(self, name: str) -> None:
        getattr(self, name)()
        assert self.wrong == []
        for known in self.known.values():
            if known.task is not None and known.task.done():
                assert known.task.cancelled() or known.task.exception() is None
                assert self.state(known.turn.id) is not TurnState.WAITING

    async def end(self) -> None:
        tasks = [one.task for one in self.known.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert self.talk.converse.gate.state().running == 0

    def close(self) -> None:
        self.run(self.end())
        self.loop.close()


ACTIONS = {
    "ask": 3,
    "follow_up": 12,
    "engine_answers": 14,
    "look_closer": 2,
    "open_thread": 2,
    "write_in_thread": 3,
    "try_again": 2,
    "cancel": 1,
    "lose_pictures": 1,
    "forget_turn": 1,
    "forget_person": 0.3,
    "leave_server": 0.3,
    "time_passes": 0.2,
}
WEIGHTED = [name for name, weight in ACTIONS.items() for _ in range(round(weight * 10))]


@given(
    context_tokens=st.sampled_from([2500, 4000, 9000]),
    parallel=st.integers(1, 2),
    seed=st.integers(0, 2**32),
    actions=st.lists(st.sampled_from(WEIGHTED), min_size=80, max_size=160),
)
@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_nothing_is_mixed_between_conversations_servers_or_people(
    context_tokens: int, parallel: int, seed: int, actions: list[str]
) -> None:
    world = World(context_tokens, parallel, Random(seed))
    try:
        for name in actions:
            world.act(name)
    finally:
        world.close()
