"""Looking at cases, carrying out their actions, appeals and figures."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.moderation.assessment import Outcome, Verdict
from bot.domain.moderation.case import (
    MAX_APPEAL_CHARACTERS,
    ActionKind,
    ActionState,
    Appeal,
    Case,
    CaseState,
    Decision,
    EventKind,
    Report,
)
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import Step
from bot.domain.moderation.ports import CaseQuery
from bot.domain.moderation.stats import Backlog, DayCount, Stats
from bot.domain.moderation.upload import Author, Conclusion, NewUpload
from bot.storage.moderation import finding
from bot.storage.moderation.jobs import SqlJobQueue
from tests.storage.fakes import attachment
from tests.storage.moderation.case_values import (
    CHANNEL,
    DAY,
    GUILD,
    MEMBER,
    MODERATOR,
    OTHER,
    Server,
)


async def now(server: Server, case: Case) -> Case:
    found = await server.cases.get(case.id)
    assert found is not None
    return found


async def test_a_case_is_found_by_its_number_in_its_server(server: Server) -> None:
    case = await server.open()
    assert await server.cases.by_number(GUILD, case.number) == case == await now(server, case)
    assert await server.cases.by_number(GUILD + 1, case.number) is None
    assert await server.cases.by_number(GUILD, 99) is None
    assert await server.cases.get(99) is None


async def test_everybody_who_posted_as_a_member_is_named_once_in_order(server: Server) -> None:
    case = await server.open(person=OTHER)
    posted = [(MEMBER, Author.MEMBER), (8, Author.BOT), (OTHER, Author.MEMBER)]
    for person, author in [*posted, (9, Author.WEBHOOK)]:
        await server.open(copy_of=case, person=person, author=author)
    assert list(await server.cases.people(case.id)) == [OTHER, MEMBER]
    assert list(await server.cases.people(99)) == []


async def test_cases_are_found_by_everything_that_is_asked_for(server: Server) -> None:
    one = await server.open(picture=1)
    server.clock.advance(days=1)
    two = await server.open(picture=2, person=OTHER)
    three = await server.open(picture=3)
    await server.open(picture=4, guild=GUILD + 1)
    await server.decide(three, Decision.BAN)

    async def found(**query: object) -> tuple[int, list[int]]:
        count, page = await server.cases.find(CaseQuery(GUILD, **query))  # type: ignore[arg-type]
        return count, [case.id for case in page]

    assert await found() == (3, [three.id, two.id, one.id])
    assert await found(person_id=MEMBER) == (2, [three.id, one.id])
    assert await found(state=CaseState.OPEN) == (2, [two.id, one.id])
    assert await found(since=server.clock()) == (2, [three.id, two.id])
    assert await found(person_id=MEMBER, state=CaseState.OPEN, since=server.clock()) == (0, [])
    count, page = await server.cases.find(CaseQuery(GUILD), offset=1, limit=1)
    assert (count, [case.id for case in page]) == (3, [two.id])


async def test_everything_asked_for_is_exported_with_its_history(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "EXPORTED_AT_ONCE", 2)
    cases = [await server.open(picture=number) for number in range(1, 6)]
    await server.decide(cases[2], Decision.KEEP)

    exported = [item async for item in server.cases.export(CaseQuery(GUILD))]

    assert [case for case, _ in exported] == [await now(server, case) for case in cases]
    kinds = [[event.kind for event in events] for _, events in exported]
    assert kinds == [
        [EventKind.OPENED, EventKind.DECIDED] if place == 2 else [EventKind.OPENED]
        for place in range(5)
    ]


async def test_a_persons_confirmed_cases_are_counted_within_a_time(server: Server) -> None:
    since = server.clock()
    decisions = [Decision.BAN, Decision.DELETE, Decision.KEEP, Decision.NOT_VIOLATION]
    cases = [await server.open(picture=place) for place in range(1, 6)]
    for case, decision in zip(cases, decisions, strict=False):
        await server.decide(case, decision)
        server.clock.advance(hours=1)

    async def count(person: int = MEMBER, hours: int = 0, guild: int = GUILD) -> int:
        return await server.cases.confirmed_before(guild, person, since + timedelta(hours=hours))

    assert await count() == 2
    assert await count(hours=1) == 1
    assert await count(OTHER) == await count(guild=GUILD + 1) == 0
    await server.undo(cases[0])
    assert await count() == 1


async def test_beginning_is_counted_until_the_action_has_ended(server: Server) -> None:
    case = await server.open()
    decided = await server.decide(case, Decision.DELETE, tell=False)
    (action,) = decided.case.actions

    first = await server.cases.begin_action(action.id)
    second = await server.cases.begin_action(action.id)
    assert first is not None
    assert second is not None
    assert (first.attempts_begun, second.attempts_begun) == (1, 2)
    assert (first.case_number, first.kind, first.guild_id) == (
        case.number,
        ActionKind.DELETE,
        GUILD,
    )
    version = (await now(server, case)).version
    await server.cases.end_action(action.id, ActionState.DONE)

    assert await server.cases.begin_action(action.id) is None
    assert await server.cases.begin_action(99) is None
    ended = await now(server, case)
    assert ended.actions[0].state is ActionState.DONE
    assert ended.version == version + 1
    await server.cases.end_action(action.id, ActionState.FAILED)
    await server.cases.end_action(99, ActionState.FAILED)
    assert await now(server, case) == ended


async def test_an_action_that_is_begun_by_many_at_once_is_counted_each_time(
    server: Server,
) -> None:
    case = await server.open()
    (action,) = (await server.decide(case, Decision.DELETE, tell=False)).case.actions
    begun = await asyncio.gather(*(server.cases.begin_action(action.id) for _ in range(5)))
    assert sorted(one.attempts_begun for one in begun if one is not None) == [1, 2, 3, 4, 5]


async def test_a_card_only_moves_on(server: Server) -> None:
    case = await server.open()
    await server.cases.card_drawn(case.id, 2, 5, 6)
    await server.cases.card_drawn(case.id, 1, 7, 8)
    drawn = await now(server, case)
    assert (drawn.card_channel_id, drawn.card_message_id, drawn.card_version) == (5, 6, 2)
    assert drawn.version == case.version
    await server.cases.card_drawn(case.id, 3, None, None)
    drawn = await now(server, case)
    assert (drawn.card_channel_id, drawn.card_message_id, drawn.card_version) == (None, None, 3)


async def test_an_appeal_is_kept_once_and_shown_on_the_card(server: Server) -> None:
    case = await server.open()
    async with SqlJobQueue(server.database, clock=server.clock) as queue:
        for job in await queue.claim([JobKind.CARD], 9):
            await queue.done(job)
        appeal = Appeal(MEMBER, "そんなことは \ud800" + "x" * MAX_APPEAL_CHARACTERS, server.clock())

        kept = await asyncio.gather(*(server.cases.appeal(case.id, appeal) for _ in range(3)))

        assert sorted(kept) == [False, False, True]
        (job,) = await queue.claim([JobKind.CARD], 9)
        assert job.subject_id == case.id
    shown = await now(server, case)
    assert shown.appeals == (Appeal(MEMBER, appeal.text[:MAX_APPEAL_CHARACTERS], server.clock()),)
    assert shown.version == case.version + 1
    events = await server.cases.events(case.id)
    assert [(event.kind, event.actor_id) for event in events][1:] == [(EventKind.APPEALED, MEMBER)]


async def test_only_those_may_appeal_whom_it_concerns(server: Server) -> None:
    case = await server.open()
    await server.open(copy_of=case, person=8, author=Author.BOT)
    for person in (OTHER, 8):
        assert not await server.cases.appeal(case.id, Appeal(person, "no", server.clock()))
    assert not await server.cases.appeal(99, Appeal(MEMBER, "no", server.clock()))
    assert await now(server, case) == await server.cases.get(case.id)


async def test_looking_at_the_picture_is_noted(server: Server) -> None:
    case = await server.open()
    await server.cases.revealed(case.id, MODERATOR)
    await server.cases.revealed(99, MODERATOR)
    (_, event) = await server.cases.events(case.id)
    assert (event.kind, event.actor_id) == (EventKind.REVEALED, MODERATOR)
    assert await now(server, case) == await server.cases.get(case.id)


async def test_what_was_seen_before_is_told(server: Server) -> None:
    first = await server.open()
    await server.decide(first, Decision.DELETE)

    second = await server.open(copy_of=first)

    assert second.id != first.id
    assert (second.seen_before, second.person_before) == (1, 1)
    assert (first.seen_before, first.person_before) == (0, 0)


async def test_reports_come_with_the_case(server: Server) -> None:
    report = Report(OTHER, "this is a scam", server.clock())
    new = NewUpload(
        key="r:m:1:a:1",
        guild_id=GUILD,
        channel_id=CHANNEL,
        message_id=1,
        author_id=MEMBER,
        ref=attachment(),
        posted_at=server.clock(),
    )
    await server.uploads.record_report([new], report)

    case_id = await server.uploads.conclude(
        Conclusion(upload_id=1, verdict=Verdict(Outcome.FLAGGED, rule="reported", severity=1))
    )

    assert case_id is not None
    case = await server.cases.get(case_id)
    assert case is not None
    assert await server.cases.severity(case_id) == 1
    assert await server.cases.severity(case_id + 1) is None
    assert case.reports == (report,)


async def test_figures_are_of_each_day_and_of_now(server: Server) -> None:
    empty = await server.cases.stats(GUILD, 2)
    today = server.clock().date()
    assert empty == Stats((DayCount(today - DAY), DayCount(today)), Backlog(0, 0), 0)
    waiting = await server.upload()
    server.clock.advance(seconds=30)
    await server.upload()
    slow = await server.upload()
    server.clock.advance(days=1)
    await server.uploads.conclude(Conclusion(slow, Verdict(Outcome.CLEAN)))
    for picture in (1, 2):
        await server.open(picture=picture)
    await server.open(picture=3, outcome=Outcome.NOTED)
    await server.clean(guild=GUILD + 1)

    stats = await server.cases.stats(GUILD, 2)

    first = await server.uploads.get(waiting)
    assert first is not None
    assert stats.backlog == Backlog(2, 0, first.recorded_at)
    assert stats.open_cases == 2, "nobody has to decide on what is only noted"
    assert stats.days[0] == DayCount(today)
    day = stats.days[1]
    assert day.outcomes == {Outcome.CLEAN: 1, Outcome.FLAGGED: 2, Outcome.NOTED: 1}
    assert (day.scanned, day.verdicts, day.verdict_seconds) == (4, 4, 86400)
    assert day.flagged == {"scam": 2}
    assert (stats.median_verdict_seconds, stats.slowest_verdict_seconds) == (0, 86400)


async def test_what_was_withdrawn_tells_nothing_of_how_long_a_verdict_takes(
    server: Server,
) -> None:
    await server.upload()
    server.clock.advance(days=3)
    await server.uploads.withdraw(GUILD)
    stats = await server.cases.stats(GUILD, 1)
    assert stats.days[0].outcomes == {Outcome.WITHDRAWN: 1}
    assert stats.median_verdict_seconds is stats.slowest_verdict_seconds is None


async def test_a_raid_is_decided_by_one_press(server: Server) -> None:
    case = await server.open(automatic=Step.FLAG)
    for number in range(99):
        await server.open(copy_of=case, person=number + 1)

    decided = await server.decide(case, Decision.BAN)

    assert decided.case.sighting_count == decided.case.people_count == 100
    actions = await server.actions(case)
    assert len(actions) == len(set(actions)) == 300
    assert len(decided.case.actions) == 25
    assert len(decided.case.sightings) == 10
