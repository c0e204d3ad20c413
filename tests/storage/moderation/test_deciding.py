"""What moderators decide: the first press counts, and all that follows can be taken back."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import (
    ActionKind,
    ActionState,
    CaseEvent,
    CaseState,
    Decision,
    DecisionRequest,
    EventKind,
)
from bot.domain.moderation.fingerprint import BankKind
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import Step
from bot.domain.moderation.upload import Author, Subject
from bot.storage.moderation.jobs import SqlJobQueue
from tests.storage.moderation.case_values import (
    GUILD,
    MEMBER,
    MODERATOR,
    OTHER,
    SECOND,
    Server,
)

DELETE, TIME_OUT, KICK, BAN = (
    ActionKind.DELETE,
    ActionKind.TIME_OUT,
    ActionKind.KICK,
    ActionKind.BAN,
)
TELL = ActionKind.TELL
PENDING, DONE = ActionState.PENDING, ActionState.DONE

ABOUT_PEOPLE = {Decision.TIME_OUT: TIME_OUT, Decision.KICK: KICK, Decision.BAN: BAN}
CONFIRMING = [one for one in Decision if one.confirms]
SHA256 = f"{1:064x}"
SEEN = (BankKind.SEEN, SHA256)


@pytest.mark.parametrize("decision", CONFIRMING)
async def test_what_confirms_acts_on_every_message_and_every_member(
    server: Server, decision: Decision
) -> None:
    case = await server.open(message=51)
    await server.open(copy_of=case, message=52, person=OTHER)
    await server.open(copy_of=case, message=53, person=7, author=Author.WEBHOOK)

    decided = await server.decide(case, decision)

    assert decided.fresh
    kept = decided.case
    assert (kept.state, kept.decision, kept.decided_by) == (
        CaseState.DECIDED,
        decision,
        MODERATOR,
    )
    assert kept.decided_at == server.clock()
    assert kept == await server.cases.get(case.id)
    wanted = {(DELETE, message, PENDING) for message in (51, 52, 53)}
    kinds = [TELL, *([ABOUT_PEOPLE[decision]] if decision in ABOUT_PEOPLE else [])]
    wanted |= {(kind, person, PENDING) for kind in kinds for person in (MEMBER, OTHER)}
    actions = await server.actions(case)
    assert set(actions) == wanted
    assert len(actions) == len(wanted)
    for action in kept.actions:
        assert (action.requested_by, action.rule) == (MODERATOR, "scam")
        if action.kind is TIME_OUT:
            assert action.until == server.clock() + timedelta(days=1)


@pytest.mark.parametrize("decision", [Decision.KEEP, Decision.NOT_VIOLATION])
async def test_what_does_not_confirm_adds_nothing(server: Server, decision: Decision) -> None:
    case = await server.open()

    decided = await server.decide(case, decision)

    assert decided.fresh
    assert decided.case.decision is decision
    assert await server.actions(case) == []


async def test_the_second_press_changes_nothing_and_is_told_the_truth(server: Server) -> None:
    case = await server.open()
    first = await server.decide(case, Decision.KEEP)
    before = await server.actions(case), await server.banked(), server.woken

    second = await server.decide(case, Decision.BAN, by=SECOND)

    assert not second.fresh
    assert second.case == first.case
    assert (await server.actions(case), await server.banked(), server.woken) == before


@pytest.mark.parametrize("presses", [2, 8])
async def test_of_presses_at_once_exactly_one_counts(server: Server, presses: int) -> None:
    case = await server.open()
    await server.open(copy_of=case, person=OTHER)
    choices = [Decision.BAN, Decision.NOT_VIOLATION, Decision.DELETE, Decision.BLOCK] * 2

    results = await asyncio.gather(
        *(server.decide(case, choices[place], by=100 + place) for place in range(presses))
    )

    (won,) = [place for place, result in enumerate(results) if result.fresh]
    assert {result.case.decision for result in results} == {choices[won]}
    assert {result.case.decided_by for result in results} == {100 + won}
    actions = await server.actions(case)
    assert len(set(actions)) == len(actions)
    assert {kind for kind, _, _ in actions} <= {
        Decision.BAN: {DELETE, BAN, TELL},
        Decision.NOT_VIOLATION: set[ActionKind](),
    }.get(choices[won], {DELETE, TELL})
    events = await server.cases.events(case.id)
    assert [event.kind for event in events] == [EventKind.OPENED, EventKind.DECIDED]
    stats = await server.cases.stats(GUILD, 1)
    assert sum(stats.days[0].confirmed.values()) + sum(stats.days[0].overturned.values()) == 1


async def test_decisions_and_undos_at_once_leave_one_consistent_case(server: Server) -> None:
    case = await server.open()
    await server.decide(case, Decision.BAN)

    undone = await asyncio.gather(*(server.undo(case, by=100 + one) for one in range(4)))

    assert [one.fresh for one in undone].count(True) == 1
    assert {one.case.state for one in undone} == {CaseState.OPEN}
    assert (await server.cases.stats(GUILD, 1)).days[0].confirmed == {}


async def test_nothing_is_decided_about_more_people_than_were_asked_about(server: Server) -> None:
    case = await server.open(message=50)
    await server.open(message=51, person=SECOND, copy_of=case)
    request = DecisionRequest(case.id, GUILD, MODERATOR, Decision.BAN, people_count=1)

    decided = await server.cases.decide(request)

    assert decided is not None
    assert not decided.fresh
    assert (decided.case.state, decided.case.people_count) == (CaseState.OPEN, 2)
    assert await server.actions(case) == []
    decided = await server.cases.decide(replace(request, people_count=2))
    assert decided is not None
    assert decided.fresh


async def test_another_servers_case_is_unknown(server: Server) -> None:
    case = await server.open()
    request = DecisionRequest(case.id, GUILD + 1, MODERATOR, Decision.BAN)

    assert await server.cases.decide(request) is None
    assert await server.cases.decide(DecisionRequest(99, GUILD, 1, Decision.BAN)) is None
    assert await server.cases.undo(99, MODERATOR, server.clock()) is None
    kept = await server.cases.get(case.id)
    assert kept is not None
    assert kept.state is CaseState.OPEN


async def test_every_decision_has_its_jobs(server: Server) -> None:
    case = await server.open()
    async with SqlJobQueue(server.database, clock=server.clock) as queue:
        for job in await queue.claim([JobKind.CARD, JobKind.SCREEN], 9):
            await queue.done(job)
        woken = server.woken

        decided = await server.decide(case, Decision.BAN)

        assert server.woken == woken + 1
        cards = await queue.claim([JobKind.CARD], 9)
        acts = await queue.claim([JobKind.ACT], 9, oldest_first=True)
    assert [job.subject_id for job in cards] == [case.id]
    assert {job.subject_id for job in acts} == {action.id for action in decided.case.actions}
    # What is deleted is deleted first; banning tells the person before it, and does not wait.
    kinds = {action.id: action.kind for action in decided.case.actions}
    assert [kinds[job.subject_id] for job in acts] == [DELETE, BAN, TELL]


async def test_a_message_with_several_pictures_is_deleted_once(server: Server) -> None:
    case = await server.open(message=50)
    await server.open(message=50, picture=2)

    await server.decide(case, Decision.DELETE)

    assert await server.actions(case) == [(DELETE, 50, PENDING), (TELL, MEMBER, PENDING)]


async def test_an_emoji_is_deleted_as_one(server: Server) -> None:
    case = await server.open(message=50, subject=Subject.EMOJI)

    decided = await server.decide(case, Decision.DELETE, tell=False)

    (action,) = decided.case.actions
    assert (action.subject, action.message_id, action.person_id) == (Subject.EMOJI, 50, MEMBER)


async def test_what_the_policy_deleted_is_not_deleted_again_and_nobody_is_told_twice(
    server: Server,
) -> None:
    await server.enable()
    case = await server.open(outcome=Outcome.ACTED, automatic=Step.DELETE, message=50)
    await server.carry_out(case)

    await server.decide(case, Decision.DELETE)

    assert await server.actions(case) == [(DELETE, 50, DONE), (TELL, MEMBER, DONE)]


@pytest.mark.parametrize("state", [ActionState.REFUSED, ActionState.FAILED])
async def test_what_could_not_be_deleted_is_tried_once_more(
    server: Server, state: ActionState
) -> None:
    await server.enable()
    case = await server.open(outcome=Outcome.ACTED, automatic=Step.DELETE, message=50)
    await server.carry_out(case, state)

    await server.decide(case, Decision.DELETE, tell=False)

    assert (await server.actions(case))[-1] == (DELETE, 50, PENDING)
    await server.carry_out(case)
    await server.undo(case)
    await server.decide(case, Decision.DELETE, tell=False)
    assert [one for one in await server.actions(case) if one[0] is DELETE] == [
        (DELETE, 50, state),
        (DELETE, 50, DONE),
    ]


async def test_nobody_is_told_who_must_not_be(server: Server) -> None:
    case = await server.open(outcome=Outcome.SPECIAL, rule="special")
    await server.decide(case, Decision.BAN)
    assert {kind for kind, _, _ in await server.actions(case)} == {DELETE, BAN}

    quiet = await server.open(picture=2)
    await server.decide(quiet, Decision.TIME_OUT, tell=False)
    assert {kind for kind, _, _ in await server.actions(quiet)} == {DELETE, TIME_OUT}


async def test_blocking_banks_the_picture_and_undoing_forgets_it(server: Server) -> None:
    case = await server.open()
    before = await server.bank.changes(GUILD, 0)

    await server.decide(case, Decision.BLOCK)

    assert await server.banked() == [(BankKind.BLOCKED, SHA256), SEEN]
    news = await server.bank.changes(GUILD, before.revision)
    (blocked,) = news.added
    (seen,) = before.added
    assert (blocked.kind, blocked.rules, blocked.case_id) == (BankKind.BLOCKED, ("scam",), case.id)
    assert (blocked.views, blocked.sha256) == (seen.views, seen.sha256)
    assert (blocked.added_by, blocked.added_at) == (MODERATOR, server.clock())

    await server.undo(case)

    assert await server.banked() == [SEEN]
    assert (await server.bank.changes(GUILD, news.revision)).removed_ids == [blocked.id]


@pytest.mark.parametrize(
    ("decision", "learnt"),
    [(Decision.KEEP, []), (Decision.NOT_VIOLATION, [(BankKind.ALLOWED, SHA256)])],
)
async def test_a_copy_of_what_breaks_no_rule_does_not_join_the_case(
    server: Server, decision: Decision, learnt: list[tuple[BankKind, str]]
) -> None:
    case = await server.open()
    first = await server.bank.changes(GUILD, 0)

    for _ in range(2):
        await server.decide(case, decision)
        assert await server.banked() == learnt
        await server.undo(case)
        assert await server.banked() == [SEEN]

    kept = await server.bank.changes(GUILD, 0)
    assert [(one.id, one.views) for one in kept.added] == [
        (one.id, one.views) for one in first.added
    ]


async def test_what_is_allowed_is_allowed_for_the_rules_that_counted(server: Server) -> None:
    case = await server.open(rule="scam")
    await server.open(copy_of=case, rule="harassment", outcome=Outcome.ACTED)
    changed = await server.cases.get(case.id)
    assert changed is not None

    await server.decide(case, Decision.NOT_VIOLATION)

    _, (allowed,) = await server.bank.listed(GUILD, BankKind.ALLOWED)
    assert set(allowed.rules) == {"scam", changed.rule}


async def test_a_special_case_leaves_nothing_in_the_bank(server: Server) -> None:
    case = await server.open(outcome=Outcome.SPECIAL, rule="special")
    await server.decide(case, Decision.BLOCK)
    assert await server.banked() == []


async def test_decisions_are_counted_and_counted_no_more(server: Server) -> None:
    one, two = await server.open(picture=1), await server.open(picture=2, rule="spam")
    await server.decide(one, Decision.BAN)
    await server.decide(two, Decision.NOT_VIOLATION)
    (day,) = (await server.cases.stats(GUILD, 1)).days
    assert (day.confirmed, day.overturned) == ({"scam": 1}, {"spam": 1})
    server.clock.advance(days=1)

    await server.undo(one)
    await server.decide(one, Decision.KEEP)

    earlier, today = (await server.cases.stats(GUILD, 2)).days
    assert (earlier.confirmed, earlier.overturned) == ({}, {"spam": 1})
    assert (today.confirmed, today.overturned) == ({}, {"scam": 1})


async def test_the_history_tells_everything_in_order(server: Server) -> None:
    case = await server.open()
    opened_at = server.clock()
    server.clock.advance(minutes=1)
    await server.decide(case, Decision.BAN)
    await server.cases.revealed(case.id, SECOND)
    server.clock.advance(minutes=1)
    await server.undo(case, by=SECOND)

    events = await server.cases.events(case.id)

    later = opened_at + timedelta(minutes=1)
    assert list(events) == [
        CaseEvent(EventKind.OPENED, opened_at),
        CaseEvent(EventKind.DECIDED, later, MODERATOR, Decision.BAN),
        CaseEvent(EventKind.REVEALED, later, SECOND),
        CaseEvent(EventKind.UNDONE, later + timedelta(minutes=1), SECOND),
    ]
