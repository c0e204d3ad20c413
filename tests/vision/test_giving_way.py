"""What is done in the background at the gate gives way to people, and only to them."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Interrupted, QueueFull
from bot.domain.ports import Asker, Priority
from bot.services.moderation.giving_way import GaveWay, background_turn
from bot.vision.gate import Gate, Limits

SERVER = Asker(person_id=1)


def _gate(parallel: int = 1, queue_limit: int = 8) -> Gate:
    return Gate(parallel=parallel, queue_limit=queue_limit, limits=Limits())


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Background:
    """Somebody in the background who gives way, and where they are."""

    def __init__(self, gate: Gate, *, may_give_way: bool = True) -> None:
        self.inside = self.gave_way = self.finished = False
        self.finish = asyncio.Event()
        self.task = asyncio.create_task(self._work(gate, may_give_way=may_give_way))

    async def _work(self, gate: Gate, *, may_give_way: bool) -> None:
        try:
            async with background_turn(gate, SERVER, may_give_way=may_give_way):
                self.inside = True
                await self.finish.wait()
                self.finished = True
        except GaveWay:
            self.gave_way = True
        finally:
            self.inside = False


async def _person(gate: Gate, leave: asyncio.Event) -> None:
    async with gate.admit(Asker(person_id=9)):
        await leave.wait()


async def test_a_person_who_has_to_wait_is_let_in_at_once_where_the_background_is() -> None:
    gate, leave = _gate(), asyncio.Event()
    background = Background(gate)
    await _settle()
    assert background.inside
    person = asyncio.create_task(_person(gate, leave))
    await _settle()
    assert background.gave_way
    assert (gate.state().running, gate.state().waiting) == (1, 0)
    leave.set()
    await person
    assert gate.state().running == 0


async def test_nobody_gives_way_while_there_is_a_place() -> None:
    gate, leave = _gate(parallel=2), asyncio.Event()
    background = Background(gate)
    await _settle()
    person = asyncio.create_task(_person(gate, leave))
    await _settle()
    assert background.inside
    leave.set()
    background.finish.set()
    await asyncio.gather(person, background.task)
    assert background.finished


async def test_the_background_does_not_give_way_to_the_background() -> None:
    gate = _gate()
    first = Background(gate)
    await _settle()
    second = Background(gate)
    await _settle()
    assert first.inside
    assert not second.inside
    first.finish.set()
    second.finish.set()
    await asyncio.gather(first.task, second.task)


async def test_one_gives_way_for_each_person_the_one_who_came_last_first() -> None:
    gate, leave = _gate(parallel=3), asyncio.Event()
    several = [Background(gate) for _ in range(3)]
    await _settle()
    person = asyncio.create_task(_person(gate, leave))
    await _settle()
    assert [one.gave_way for one in several] == [False, False, True]
    another = asyncio.create_task(_person(gate, leave))
    await _settle()
    assert [one.gave_way for one in several] == [False, True, True]
    leave.set()
    several[0].finish.set()
    await asyncio.gather(person, another, *(one.task for one in several))


async def test_who_may_not_give_way_is_left_to_finish() -> None:
    gate, leave = _gate(), asyncio.Event()
    background = Background(gate, may_give_way=False)
    await _settle()
    person = asyncio.create_task(_person(gate, leave))
    await _settle()
    assert background.inside
    background.finish.set()
    leave.set()
    await asyncio.gather(person, background.task)
    assert background.finished


async def test_a_person_s_own_request_is_never_asked_to_give_way() -> None:
    gate, leave, wanted = _gate(), asyncio.Event(), []
    async with gate.admit(SERVER, on_wanted=lambda: wanted.append(1)):
        person = asyncio.create_task(_person(gate, leave))
        await _settle()
    leave.set()
    await person
    assert not wanted


async def test_a_turn_in_the_background_passes_on_what_goes_wrong_in_it() -> None:
    gate = _gate(queue_limit=0)
    with pytest.raises(TimeoutError):
        async with background_turn(gate, SERVER):
            raise TimeoutError
    leave = asyncio.Event()
    person = asyncio.create_task(_person(gate, leave))
    await _settle()
    with pytest.raises(QueueFull):
        async with background_turn(gate, SERVER):
            raise AssertionError
    leave.set()
    await person
    gate.close()
    with pytest.raises(Interrupted):
        async with background_turn(gate, SERVER):
            raise AssertionError


@given(
    st.integers(1, 3),
    st.lists(st.sampled_from(["background", "person", "cancel", "leave"]), max_size=30),
)
def test_whoever_comes_and_goes_places_are_neither_lost_nor_given_twice(
    parallel: int, events: list[str]
) -> None:
    async def scenario() -> None:
        gate = _gate(parallel, queue_limit=100)
        inside = most = 0
        leaving: list[asyncio.Event] = []
        tasks: list[asyncio.Task[None]] = []

        async def stay(event: asyncio.Event) -> None:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            try:
                await event.wait()
            finally:
                inside -= 1

        async def background(event: asyncio.Event) -> None:
            with contextlib.suppress(GaveWay):
                async with background_turn(gate, SERVER):
                    await stay(event)

        async def person(event: asyncio.Event) -> None:
            async with gate.admit(Asker(9), priority=Priority.INTERACTIVE):
                await stay(event)

        for what in events:
            if what in {"background", "person"}:
                leaving.append(asyncio.Event())
                work = background if what == "background" else person
                tasks.append(asyncio.create_task(work(leaving[-1])))
            elif tasks and what == "cancel":
                tasks[len(tasks) // 2].cancel()
            elif leaving:
                leaving[len(leaving) // 2].set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        for event in leaving:
            event.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most <= parallel
        assert (gate.state().running, gate.state().waiting) == (0, 0)

    asyncio.run(scenario())
