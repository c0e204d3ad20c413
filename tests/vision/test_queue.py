"""The order in which people are let in."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ports import Priority
from bot.vision.queue import BACKGROUND_TURN, FairQueue


@dataclass(frozen=True, eq=False)
class Ask:
    person_id: int
    priority: Priority = Priority.INTERACTIVE
    label: str = ""


asks = st.builds(Ask, st.integers(1, 5), st.sampled_from(Priority))


def filled(*requests: Ask) -> FairQueue[Ask]:
    queue: FairQueue[Ask] = FairQueue()
    for request in requests:
        queue.add(request)
    return queue


def drained(queue: FairQueue[Ask]) -> list[Ask]:
    return [queue.take() for _ in range(len(queue))]


def test_one_persons_many_pictures_delay_nobody_elses_first() -> None:
    album = [Ask(1, label=f"album {number}") for number in range(20)]
    queue = filled(*album, Ask(2, label="second"), Ask(3, label="third"))

    order = [request.label for request in drained(queue)]

    assert order[:4] == ["album 0", "second", "third", "album 1"]
    assert order[4:] == [f"album {number}" for number in range(2, 20)]


def test_background_waits_for_interactive_but_gets_every_fourth_turn() -> None:
    people = [Ask(person) for person in range(10)]
    scans = [Ask(100, Priority.BACKGROUND) for _ in range(3)]

    order = [request.priority for request in drained(filled(*scans, *people))]

    background_turns = [
        place for place, priority in enumerate(order, 1) if priority is Priority.BACKGROUND
    ]
    assert background_turns == [BACKGROUND_TURN, 2 * BACKGROUND_TURN, 3 * BACKGROUND_TURN]


def test_background_alone_is_served_at_once() -> None:
    queue = filled(Ask(1, Priority.BACKGROUND), Ask(2, Priority.BACKGROUND))

    assert [request.person_id for request in drained(queue)] == [1, 2]


@given(st.lists(asks, max_size=30), st.data())
def test_iteration_foretells_what_take_returns(requests: list[Ask], data: st.DataObject) -> None:
    queue = filled(*requests)
    for _ in range(data.draw(st.integers(0, len(requests)))):
        queue.take()
    removed = data.draw(st.lists(st.sampled_from(list(queue)), unique=True)) if queue else []
    for request in removed:
        queue.remove(request)

    foretold = list(queue)

    assert len(queue) == len(foretold)
    assert drained(queue) == foretold


@given(st.lists(asks, max_size=40))
def test_nobody_gets_a_second_turn_before_everybody_waiting_had_a_first(
    requests: list[Ask],
) -> None:
    order = drained(filled(*requests))

    assert Counter(map(id, order)) == Counter(map(id, requests))
    for priority in Priority:
        line = [request for request in order if request.priority is priority]
        people = {request.person_id for request in line}
        assert {request.person_id for request in line[: len(people)]} == people
        for person in people:
            own = [request for request in line if request.person_id == person]
            came = [r for r in requests if r.person_id == person and r.priority is priority]
            assert own == came


@given(st.lists(asks, max_size=40))
def test_while_both_wait_background_is_never_passed_over_too_often(requests: list[Ask]) -> None:
    queue = filled(*requests)
    passed_over = 0
    while queue:
        background_waits = any(request.priority is Priority.BACKGROUND for request in queue)
        if queue.take().priority is Priority.BACKGROUND or not background_waits:
            passed_over = 0
        else:
            passed_over += 1
        assert passed_over < BACKGROUND_TURN
