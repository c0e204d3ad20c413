"""The one door to the engine."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Interrupted, QueueFull, RateLimited
from bot.domain.ports import Asker
from bot.domain.ports import Gate as GatePort
from bot.vision.gate import Gate, Limits, Priority


def gate(parallel: int = 1, queue_limit: int = 100) -> Gate:
    return Gate(parallel=parallel, queue_limit=queue_limit, limits=Limits())


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


PRESENT: set[asyncio.Task[None]] = set()


@dataclass
class Visitor:
    """Somebody who asks to be let in and stays until told to go."""

    person_id: int
    priority: Priority = Priority.INTERACTIVE
    places: list[int] = field(default_factory=list)
    inside: bool = False
    was_inside: bool = False
    refused: bool = False
    task: asyncio.Task[None] | None = None
    _go: asyncio.Event = field(default_factory=asyncio.Event)

    def arrive(self, door: Gate) -> "Visitor":
        self.task = asyncio.create_task(self._visit(door))
        PRESENT.add(self.task)  # the loop itself would let it be collected
        self.task.add_done_callback(PRESENT.discard)
        return self

    def go(self) -> None:
        self._go.set()

    def cancel(self) -> None:
        assert self.task is not None
        self.task.cancel()

    @property
    def gone(self) -> bool:
        return self.task is not None and self.task.done()

    async def _visit(self, door: Gate) -> None:
        try:
            async with door.admit(
                Asker(self.person_id), priority=self.priority, on_place=self._on_place
            ):
                self.inside = self.was_inside = True
                try:
                    await self._go.wait()
                finally:
                    self.inside = False
        except QueueFull:
            self.refused = True

    def _on_place(self, place: int) -> None:
        assert not self.was_inside, "a place was told after the slot was given"
        self.places.append(place)


def as_port(door: Gate) -> GatePort:
    """The type checker's proof that the gate fits what services ask for."""
    return door


async def test_a_free_gate_lets_in_at_once_and_tells_no_place() -> None:
    door = gate(parallel=2)
    first, second = Visitor(1).arrive(door), Visitor(2).arrive(door)
    await settle()

    assert first.inside
    assert second.inside
    assert first.places == []
    state = as_port(door).state()
    assert (state.running, state.waiting, state.capacity, state.queue_limit) == (2, 0, 2, 100)
    first.go()
    second.go()
    await settle()
    assert door.state().running == 0


async def test_places_count_down_as_others_leave() -> None:
    door = gate()
    inside = Visitor(1).arrive(door)
    waiting = [Visitor(person).arrive(door) for person in (2, 3, 4)]
    await settle()
    assert door.state().places == {2: 1, 3: 2, 4: 3}

    inside.go()
    await settle()
    waiting[0].go()
    await settle()

    assert [visitor.places for visitor in waiting] == [[1], [2, 1], [3, 2, 1]]
    assert waiting[1].inside


async def test_a_newcomer_served_first_by_fairness_does_not_raise_a_number_people_see() -> None:
    door = gate()
    Visitor(1).arrive(door)
    album = [Visitor(2).arrive(door) for _ in range(2)]
    await settle()
    newcomer = Visitor(3).arrive(door)
    await settle()

    assert album[1].places == [2]
    assert newcomer.places == [2]
    assert door.state().places == {2: 1, 3: 2}


async def test_somebody_who_gives_up_makes_the_queue_shorter() -> None:
    door = gate()
    Visitor(1).arrive(door)
    second, third = Visitor(2).arrive(door), Visitor(3).arrive(door)
    await settle()

    second.cancel()
    await settle()

    assert third.places == [2, 1]
    assert door.state().waiting == 1


async def test_many_arrivals_in_one_turn_are_told_once() -> None:
    door = gate()
    visitors = [Visitor(person).arrive(door) for person in range(30)]
    await settle()

    assert [len(visitor.places) for visitor in visitors] == [0] + [1] * 29


async def test_a_full_queue_refuses_politely() -> None:
    door = gate(queue_limit=2)
    for person in (1, 2, 3):
        Visitor(person).arrive(door)
    await settle()

    with pytest.raises(QueueFull) as refusal:
        async with door.admit(Asker(4)):
            pass
    assert refusal.value.waiting == 2


async def test_nobody_fills_the_queue_alone() -> None:
    door = gate(queue_limit=8)
    album = [Visitor(1).arrive(door) for _ in range(20)]
    scan = Visitor(2, Priority.BACKGROUND).arrive(door)
    await settle()
    assert door.state().waiting == 6
    assert sum(visitor.refused for visitor in album) == 13
    assert scan.refused

    newcomers = [Visitor(person).arrive(door) for person in (3, 4, 5)]
    await settle()

    assert [visitor.refused for visitor in newcomers] == [False, False, True]


async def test_closing_interrupts_those_who_wait_and_not_those_inside() -> None:
    door = gate()
    inside = Visitor(1).arrive(door)
    waiting, leaving = Visitor(2).arrive(door), Visitor(3).arrive(door)
    await settle()

    leaving.cancel()
    door.close()
    await settle()

    assert waiting.task is not None
    assert isinstance(waiting.task.exception(), Interrupted)
    assert leaving.task is not None
    assert leaving.task.cancelled()
    assert inside.inside
    with pytest.raises(Interrupted):
        async with door.admit(Asker(4)):
            pass
    inside.go()
    await settle()
    state = door.state()
    assert (state.running, state.waiting) == (0, 0)


async def test_a_cancellation_in_the_turn_the_slot_is_given_passes_the_slot_on() -> None:
    door = gate()
    async with door.admit(Asker(1)):
        second, third = Visitor(2).arrive(door), Visitor(3).arrive(door)
        await settle()
    assert (door.state().running, door.state().waiting) == (1, 1)  # given to the second, asleep

    second.cancel()
    await settle()

    assert not second.was_inside
    assert third.inside
    assert door.state().running == 1


async def test_a_cancellation_just_before_the_slot_is_given_passes_it_on() -> None:
    door = gate()
    async with door.admit(Asker(1)):
        second, third = Visitor(2).arrive(door), Visitor(3).arrive(door)
        await settle()
        second.cancel()  # its task hears of it only after the slot came free
    await settle()

    assert not second.was_inside
    assert third.inside
    assert door.state().running == 1


async def test_an_error_inside_gives_the_slot_back() -> None:
    door = gate()
    with suppress(ZeroDivisionError):
        async with door.admit(Asker(1)):
            raise ZeroDivisionError
    assert door.state().running == 0


async def test_charging_uses_the_gates_own_clock() -> None:
    now = [0.0]
    door = Gate(parallel=1, queue_limit=1, limits=Limits(person_per_minute=1), clock=lambda: now[0])
    door.charge(Asker(1))
    now[0] = 59.0
    with pytest.raises(RateLimited) as refusal:
        door.charge(Asker(1))
    assert refusal.value.retry_after_seconds == 1.0
    now[0] = 60.0
    door.charge(Asker(1))


@pytest.mark.parametrize(("parallel", "queue_limit"), [(0, 1), (1, -1)])
def test_nonsense_sizes_are_refused(parallel: int, queue_limit: int) -> None:
    with pytest.raises(ValueError, match="parallel"):
        Gate(parallel=parallel, queue_limit=queue_limit, limits=Limits())


steps = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.integers(1, 4), st.sampled_from(Priority)),
        st.tuples(st.just("go"), st.integers(0, 30), st.none()),
        st.tuples(st.just("cancel"), st.integers(0, 30), st.none()),
        st.tuples(st.just("turn"), st.none(), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=200)
@given(st.integers(1, 3), st.integers(0, 6), steps)
def test_however_people_come_go_and_give_up_no_slot_is_lost_or_given_twice(
    parallel: int,
    queue_limit: int,
    script: list[tuple[str, int | None, Priority | None]],
) -> None:
    async def play() -> None:
        door = gate(parallel, queue_limit)
        visitors: list[Visitor] = []
        for action, number, priority in script:
            match action:
                case "arrive":
                    assert number is not None
                    assert priority is not None
                    visitors.append(Visitor(number, priority).arrive(door))
                case "turn":
                    await asyncio.sleep(0)
                case _ if visitors:
                    assert number is not None
                    visitor = visitors[number % len(visitors)]
                    visitor.go() if action == "go" else visitor.cancel()
            state = door.state()
            assert sum(visitor.inside for visitor in visitors) <= state.running <= parallel
            assert state.waiting <= queue_limit
            assert not state.waiting or state.running == parallel

        await settle()
        state = door.state()
        assert sum(visitor.inside for visitor in visitors) == state.running
        assert sum(not visitor.gone for visitor in visitors) == state.running + state.waiting
        for visitor in visitors:
            assert visitor.places == sorted(set(visitor.places), reverse=True)
            visitor.go()
        for _ in visitors:
            await settle()
        assert all(visitor.gone for visitor in visitors)
        assert (door.state().running, door.state().waiting) == (0, 0)

    asyncio.run(play())
