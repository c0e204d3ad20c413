"""What a decision did is taken back: by an undo, or by one that does not confirm the rule."""

import pytest

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import (
    ActionKind,
    ActionState,
    CaseState,
    Decision,
)
from bot.domain.moderation.policy import Step
from tests.storage.moderation.case_values import (
    MEMBER,
    SECOND,
    Server,
)

DELETE, TIME_OUT, BAN = ActionKind.DELETE, ActionKind.TIME_OUT, ActionKind.BAN
END_TIME_OUT, UNBAN, TELL = ActionKind.END_TIME_OUT, ActionKind.UNBAN, ActionKind.TELL
PENDING, DONE = ActionState.PENDING, ActionState.DONE

ABOUT_PEOPLE = {Decision.TIME_OUT: TIME_OUT, Decision.BAN: BAN}


@pytest.mark.parametrize(
    ("decision", "ended"), [(Decision.TIME_OUT, END_TIME_OUT), (Decision.BAN, UNBAN)]
)
async def test_undoing_ends_what_was_done_and_a_later_decision_acts_again(
    server: Server, decision: Decision, ended: ActionKind
) -> None:
    case = await server.open(message=50)
    acted = ABOUT_PEOPLE[decision]
    for time in range(1, 4):
        await server.decide(case, decision, tell=False)
        done = await server.carry_out(case)
        assert acted in {action.kind for action in done}

        undone = await server.undo(case, by=SECOND)

        assert undone.fresh
        assert undone.case.state is CaseState.OPEN
        assert (undone.case.decision, undone.case.decided_by) == (None, None)
        assert undone.case.decided_at is None
        (action,) = await server.carry_out(case)
        assert (action.kind, action.person_id, action.requested_by) == (ended, MEMBER, SECOND)
        kinds = [kind for kind, _, _ in await server.actions(case)]
        assert kinds.count(acted) == kinds.count(ended) == time
        assert kinds.count(DELETE) == 1


async def test_undoing_an_open_case_changes_nothing(server: Server) -> None:
    case = await server.open()
    undone = await server.undo(case)
    assert not undone.fresh
    assert undone.case == case


async def test_what_had_not_begun_is_never_done_after_an_undo(server: Server) -> None:
    case = await server.open()
    decided = await server.decide(case, Decision.BAN)

    await server.undo(case)

    assert await server.actions(case) == []
    for action in decided.case.actions:
        assert await server.cases.begin_action(action.id) is None
        await server.cases.end_action(action.id, DONE)
    again = await server.decide(case, Decision.BAN)
    assert {action.kind for action in again.case.actions} == {DELETE, BAN, TELL}


async def test_what_was_under_way_is_not_tried_again_and_is_ended_all_the_same(
    server: Server,
) -> None:
    case = await server.open()
    decided = await server.decide(case, Decision.BAN, tell=False)
    (ban,) = [action for action in decided.case.actions if action.kind is BAN]
    assert await server.cases.begin_action(ban.id) is not None

    await server.undo(case)

    assert await server.cases.begin_action(ban.id) is None
    assert await server.actions(case) == [
        (BAN, MEMBER, ActionState.FAILED),
        (UNBAN, MEMBER, PENDING),
    ]
    await server.cases.end_action(ban.id, DONE)  # it was done in that moment: the truth counts
    assert (await server.actions(case))[0] == (BAN, MEMBER, DONE)


@pytest.mark.parametrize(
    ("state", "begun", "is_lifted"),
    [
        (DONE, 1, True),
        (ActionState.ALREADY, 1, False),
        (ActionState.ALREADY, 2, True),
        (ActionState.REFUSED, 1, False),
        (ActionState.FAILED, 3, False),
    ],
)
async def test_only_what_we_did_ourselves_is_lifted(
    server: Server, state: ActionState, begun: int, is_lifted: bool
) -> None:
    case = await server.open()
    decided = await server.decide(case, Decision.BAN, tell=False)
    (ban,) = [action for action in decided.case.actions if action.kind is BAN]
    for _ in range(begun):
        await server.cases.begin_action(ban.id)
    await server.cases.end_action(ban.id, state)

    await server.undo(case)

    assert (UNBAN, MEMBER, PENDING) in await server.actions(case) or not is_lifted
    assert is_lifted or UNBAN not in {kind for kind, _, _ in await server.actions(case)}


async def test_whoever_ends_a_time_out_knows_how_long_ours_was(server: Server) -> None:
    one, two = await server.open(picture=1), await server.open(picture=2)
    for case in (one, two):
        await server.decide(case, Decision.TIME_OUT, tell=False)
        (given,) = await server.carry_out(case, DONE, TIME_OUT)
        server.clock.advance(hours=1)
    await server.undo(two)
    await server.undo(one)
    (end,) = await server.carry_out(one, DONE, END_TIME_OUT)
    assert end.until == given.until


async def test_a_time_out_that_is_over_is_not_ended(server: Server) -> None:
    case = await server.open()
    await server.decide(case, Decision.TIME_OUT, tell=False)
    await server.carry_out(case)
    server.clock.advance(days=1)

    await server.undo(case)

    assert END_TIME_OUT not in {kind for kind, _, _ in await server.actions(case)}


@pytest.mark.parametrize("decision", [Decision.TIME_OUT, Decision.BAN])
async def test_what_another_case_wants_as_well_holds(server: Server, decision: Decision) -> None:
    one, two = await server.open(picture=1), await server.open(picture=2)
    for case in (one, two):
        await server.decide(case, decision, tell=False)
        await server.carry_out(case)

    await server.undo(one)
    assert len(await server.carry_out(one)) == 0
    await server.undo(two)
    (ended,) = await server.carry_out(two)
    assert ended.kind in {END_TIME_OUT, UNBAN}


@pytest.mark.parametrize("by_policy", [True, False])
async def test_a_deletion_that_the_special_case_of_a_message_wants_as_well_is_done(
    server: Server, by_policy: bool
) -> None:
    """All other pictures of one message share a case."""
    step = Step.DELETE if by_policy else None
    one = await server.open(picture=1, message=77, automatic=step)
    two = await server.open(picture=2, message=77, automatic=step, outcome=Outcome.SPECIAL)
    if by_policy:
        await server.decide(one, Decision.KEEP)
    else:
        for case in (one, two):
            await server.decide(case, Decision.DELETE, tell=False)
        await server.undo(one)

    assert await server.actions(one) == []
    (done,) = await server.carry_out(two)
    assert (done.kind, done.message_id, done.case_id) == (DELETE, 77, two.id)


async def test_a_deletion_that_no_other_case_wants_is_not_done(server: Server) -> None:
    one = await server.open(picture=1, message=77, automatic=Step.DELETE)
    two = await server.open(picture=2, message=77, outcome=Outcome.SPECIAL)

    await server.decide(one, Decision.KEEP)

    assert await server.actions(one) == await server.actions(two) == []


@pytest.mark.parametrize("decision", [Decision.KEEP, Decision.NOT_VIOLATION])
async def test_what_the_policy_did_to_somebody_ends_when_it_is_not_confirmed(
    server: Server, decision: Decision
) -> None:
    await server.enable()
    case = await server.open(outcome=Outcome.ACTED, automatic=Step.TIME_OUT)
    await server.carry_out(case, DONE, TIME_OUT)

    await server.decide(case, decision)

    assert await server.actions(case) == [
        (TIME_OUT, MEMBER, DONE),
        (END_TIME_OUT, MEMBER, PENDING),
    ]


async def test_undoing_a_decision_leaves_what_the_policy_did(server: Server) -> None:
    await server.enable()
    case = await server.open(outcome=Outcome.ACTED, automatic=Step.TIME_OUT, message=50)
    await server.decide(case, Decision.DELETE)

    await server.undo(case)

    assert await server.actions(case) == [
        (DELETE, 50, PENDING),
        (TIME_OUT, MEMBER, PENDING),
        (TELL, MEMBER, PENDING),
    ]


@pytest.mark.parametrize(
    ("decision", "step", "ended"),
    [
        (Decision.TIME_OUT, Step.TIME_OUT, END_TIME_OUT),
        (Decision.BAN, Step.BAN, UNBAN),
    ],
)
async def test_what_was_to_end_holds_when_the_policy_wants_it_again(
    server: Server, decision: Decision, step: Step, ended: ActionKind
) -> None:
    await server.enable()
    first = await server.open(picture=1)
    await server.decide(first, decision, tell=False)
    await server.carry_out(first)
    undone = (await server.undo(first)).case
    assert (ended, MEMBER, PENDING) in await server.actions(first)

    second = await server.open(picture=2, outcome=Outcome.ACTED, automatic=step)

    assert ended not in {kind for kind, _, _ in await server.actions(first)}
    assert (ABOUT_PEOPLE[decision], MEMBER, PENDING) in await server.actions(second)
    now = await server.cases.get(first.id)
    assert now is not None
    assert now.version == undone.version + 1  # else its card would say for ever that it waits


async def test_a_card_says_that_what_it_wanted_to_end_is_wanted_again(server: Server) -> None:
    first, second = await server.open(picture=1), await server.open(picture=2)
    await server.decide(first, Decision.BAN, tell=False)
    await server.carry_out(first)
    undone = (await server.undo(first)).case

    await server.decide(second, Decision.BAN, tell=False)

    now = await server.cases.get(first.id)
    assert now is not None
    assert now.version == undone.version + 1
    assert UNBAN not in {action.kind for action in now.actions}
