"""Actions: once, in order for each person, and ended whatever happens."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import Action, ActionKind, ActionState, Case, CaseState
from bot.domain.moderation.ports import Card, Postponed
from tests.services.moderation.fakes import AUTHOR, GUILD, STRICT, Office
from tests.services.moderation.virtual import virtually


def _order(office: Office) -> list[ActionKind]:
    return [action.kind for action in office.enforcer.done]


def _states(office: Office) -> list[ActionState]:
    return [action.state for action in office.cases.actions.values()]


def test_a_time_out_that_is_postponed_does_not_overtake_its_end() -> None:
    async def scenario() -> Office:
        office = Office()
        fails = 3

        async def unreachable(action: Action) -> ActionState:
            nonlocal fails
            if action.kind is ActionKind.TIME_OUT and fails:
                fails -= 1
                raise Postponed(30, outage=True)
            return ActionState.DONE

        office.enforcer.do = unreachable
        async with office.open():
            office.cases.act(ActionKind.TIME_OUT, AUTHOR)
            await asyncio.sleep(10)
            office.cases.act(ActionKind.END_TIME_OUT, AUTHOR)
        return office

    office = virtually(scenario())
    assert _order(office) == [ActionKind.TIME_OUT, ActionKind.END_TIME_OUT]


def test_what_is_queued_while_nobody_works_is_done_in_order() -> None:
    async def scenario() -> Office:
        office = Office()
        for kind in (ActionKind.TELL, ActionKind.BAN, ActionKind.UNBAN):
            office.cases.act(kind, AUTHOR)
        async with office.open():
            pass
        return office

    assert _order(virtually(scenario())) == [ActionKind.TELL, ActionKind.BAN, ActionKind.UNBAN]


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.floats(0.01, 5), st.booleans()), min_size=1, max_size=12
    )
)
def test_whatever_is_slow_or_postponed_each_person_is_acted_on_in_order(
    wishes: list[tuple[int, float, bool]],
) -> None:
    async def scenario() -> Office:
        office = Office()
        postponed: set[int] = set()

        async def slowly(action: Action) -> ActionState:
            _, seconds, postpones = wishes[action.id - 1]
            await asyncio.sleep(seconds)
            if postpones and action.id not in postponed:
                postponed.add(action.id)
                raise Postponed(seconds, outage=True)
            return ActionState.DONE

        office.enforcer.do = slowly
        async with office.open():
            for person, seconds, _ in wishes:
                office.cases.act(ActionKind.DELETE, person)
                await asyncio.sleep(seconds / 2)
        return office

    office = virtually(scenario())
    assert set(_states(office)) == {ActionState.DONE}
    for person in (1, 2, 3):
        ids = [action.id for action in office.enforcer.done if action.person_id == person]
        assert ids == sorted(set(ids))


def test_one_person_does_not_hold_up_the_others() -> None:
    async def scenario() -> ActionState:
        office = Office()

        async def slowly(action: Action) -> ActionState:
            await asyncio.sleep(60 if action.person_id == 1 else 1)
            return ActionState.DONE

        office.enforcer.do = slowly
        async with office.open():
            office.cases.act(ActionKind.BAN, 1)
            quick = office.cases.act(ActionKind.BAN, 2)
            await asyncio.sleep(5)
            return office.cases.actions[quick].state

    assert virtually(scenario()) is ActionState.DONE


@pytest.mark.parametrize("trouble", [Postponed(1, outage=False), ValueError("nobody's name")])
def test_what_fails_as_often_as_allowed_ends_as_failed(trouble: Exception) -> None:
    async def scenario() -> Office:
        office = Office()

        async def fail(action: Action) -> ActionState:
            if action.kind is ActionKind.KICK:
                raise trouble
            return ActionState.DONE

        office.enforcer.do = fail
        async with office.open():
            office.cases.act(ActionKind.KICK, AUTHOR)
            office.cases.act(ActionKind.TELL, AUTHOR)
        return office

    assert _states(virtually(scenario())) == [ActionState.FAILED, ActionState.DONE]


def test_discord_may_be_away_for_long() -> None:
    async def scenario() -> Office:
        office = Office()
        loop = asyncio.get_running_loop()

        async def away(_: Action) -> ActionState:
            if loop.time() < 7200:
                raise Postponed(60, outage=True)
            return ActionState.DONE

        office.enforcer.do = away
        async with office.open():
            office.cases.act(ActionKind.DELETE, None)
            office.cases.act(ActionKind.DELETE, None)
        return office

    assert _states(virtually(scenario())) == [ActionState.DONE, ActionState.DONE]


def test_an_action_begun_before_is_told_so_that_it_looks_first() -> None:
    async def scenario() -> Office:
        office = Office()
        office.cases.deaths = 1
        async with office.open():
            office.cases.act(ActionKind.BAN, AUTHOR)
        return office

    office = virtually(scenario())
    assert [action.attempts_begun for action in office.enforcer.done] == [1, 2]
    assert _states(office) == [ActionState.DONE]


def test_a_card_is_drawn_once_for_all_that_changes_while_it_is_drawn() -> None:
    async def scenario() -> Office:
        office = Office()

        async def slowly(case: Case) -> Card:
            await asyncio.sleep(5)
            return Card(1, case.number)

        office.enforcer.on_draw = slowly
        async with office.open():
            await office.post("bad")
            await asyncio.sleep(3)
            for _ in range(50):
                office.cases.change(1)
                await asyncio.sleep(0.01)
        return office

    office = virtually(scenario())
    case = office.cases.cases[1]
    assert case.card_version == case.version > 50
    assert len(office.enforcer.drawn) <= 3
    assert office.enforcer.drawn[-1] == (1, case.version)


def test_a_card_with_nowhere_to_go_is_posted_once_there_is_a_place() -> None:
    async def scenario() -> Office:
        office = Office()

        async def nowhere(_: Case) -> None:
            return None

        office.enforcer.on_draw = nowhere
        async with office.open():
            await office.post("bad")
            await asyncio.sleep(3600)
            assert office.cases.cases[1].card_channel_id is None
            assert 5 <= len(office.enforcer.drawn) <= 10
            office.enforcer.on_draw = None
        return office

    office = virtually(scenario())
    case = office.cases.cases[1]
    assert (case.card_channel_id, case.card_version) == (STRICT.log_channel_id, case.version)
    assert not office.queue.rows


def test_a_decided_case_waits_for_no_place_and_remembers_where_its_card_was() -> None:
    async def scenario() -> Office:
        office = Office()

        async def nowhere(_: Case) -> None:
            return None

        async with office.open():
            await office.post("bad")
            await office.moderation.idle()
            office.enforcer.on_draw = nowhere
            decided = replace(office.cases.cases[1], state=CaseState.DECIDED)
            office.cases.cases[1] = decided
            office.cases.change(1)
        return office

    office = virtually(scenario())
    case = office.cases.cases[1]
    assert case.card_version == case.version
    assert (case.card_channel_id, case.card_message_id) == (STRICT.log_channel_id, case.number)
    assert not office.queue.rows


def test_a_card_that_cannot_be_drawn_waits_for_the_next_change() -> None:
    async def scenario() -> tuple[Office, int]:
        office = Office()

        async def broken(_: Case) -> None:
            raise ValueError

        office.enforcer.on_draw = broken
        async with office.open():
            await office.post("bad")
            await office.moderation.idle()
            behind = office.cases.cases[1].card_version
            office.enforcer.on_draw = None
            office.cases.change(1)
        return office, behind

    office, behind = virtually(scenario())
    assert behind == 0
    assert office.cases.cases[1].card_version == office.cases.cases[1].version
    assert office.outcomes == {"bad": Outcome.ACTED}
    assert office.policies.kept == {GUILD: STRICT}
