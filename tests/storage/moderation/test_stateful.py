"""Two moderators, a raid, crashes and appeals in any order, against a Discord in memory.

Whatever happens: once nothing waits any more, those are banned and timed out whom a decision that
holds says so about, every message was deleted at most once, and the bank is as the decisions say.
"""

import asyncio
import shutil
import uuid
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from bot.domain.moderation.case import (
    Action,
    ActionKind,
    ActionState,
    Appeal,
    Case,
    CaseState,
    Decision,
    EventKind,
)
from bot.domain.moderation.fingerprint import BankKind
from bot.domain.moderation.upload import Author
from bot.storage.database import Database
from bot.storage.moderation_tables import ActionRow
from tests.storage.moderation.case_values import Server
from tests.storage.postgres import Postgres

Result = TypeVar("Result")

MODERATORS = (100, 200)
PEOPLE = (1, 2, 3)
BOT = 9

people = st.sampled_from(PEOPLE)
decisions = st.sampled_from(Decision)
which_moderator = st.sampled_from(MODERATORS)

guilds = count(1)


@dataclass
class Discord:
    """What was done there, and how often."""

    banned: set[int] = field(default_factory=set)
    timed_out: set[int] = field(default_factory=set)
    deleted: list[int] = field(default_factory=list)

    def do(self, action: Action) -> ActionState:
        """Do it; what is so already is left alone, as one can see there."""
        match action.kind:
            case ActionKind.DELETE:
                assert action.message_id is not None
                if action.message_id in self.deleted:
                    return ActionState.ALREADY
                self.deleted.append(action.message_id)
            case ActionKind.BAN | ActionKind.UNBAN:
                return self._change(self.banned, action, action.kind is ActionKind.BAN)
            case ActionKind.TIME_OUT | ActionKind.END_TIME_OUT:
                return self._change(self.timed_out, action, action.kind is ActionKind.TIME_OUT)
        return ActionState.DONE

    @staticmethod
    def _change(held: set[int], action: Action, holds: bool) -> ActionState:
        assert action.person_id is not None
        if (action.person_id in held) is holds:
            return ActionState.ALREADY
        (held.add if holds else held.discard)(action.person_id)
        return ActionState.DONE


@dataclass
class Expected:
    """What a case should be."""

    members: set[int]
    messages: set[int]
    decision: Decision | None = None
    by: int | None = None
    events: list[EventKind] = field(default_factory=lambda: [EventKind.OPENED])
    appealed: set[int] = field(default_factory=set)
    confirmed: bool = False
    """Whether it ever was."""


class Moderators(RuleBasedStateMachine):
    """Everything that moderators, members and crashes do to the cases of one server."""

    cases = Bundle("cases")

    database: Database
    runner: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        self.server = Server(self.database)
        self.guild = next(guilds)
        self.discord = Discord()
        self.pictures = count(1)
        self.messages = count(self.guild * 1000)
        self.expected: dict[int, Expected] = {}
        self.pictured: dict[int, int] = {}

    @rule(target=cases, person=people)
    def post(self, person: int) -> Case:
        picture, message = next(self.pictures), next(self.messages)
        case = self.run(
            self.server.open(picture=picture, person=person, message=message, guild=self.guild)
        )
        assert case.id not in self.expected
        self.expected[case.id] = Expected({person}, {message})
        self.pictured[case.id] = picture
        return case

    @rule(target=cases, case=cases, person=st.sampled_from((*PEOPLE, BOT)))
    def post_a_copy(self, case: Case, person: int) -> Any:
        message = next(self.messages)
        author = Author.BOT if person == BOT else Author.MEMBER
        joined = self.run(
            self.server.open(
                picture=self.pictured[case.id],
                copy_of=case,
                person=person,
                author=author,
                message=message,
                guild=self.guild,
            )
        )
        members = {person} - {BOT}
        if joined.id in self.expected:
            assert self.expected[joined.id].decision is None, "only open cases grow"
            self.expected[joined.id].members |= members
            self.expected[joined.id].messages.add(message)
            return multiple()
        assert self.expected[case.id].decision is not None
        self.expected[joined.id] = Expected(members, {message})
        self.pictured[joined.id] = self.pictured[case.id]
        return joined

    @rule(case=cases, decision=decisions, moderator=which_moderator)
    def decide(self, case: Case, decision: Decision, moderator: int) -> None:
        self._press(case, [(decision, moderator)])

    @rule(case=cases, one=decisions, two=decisions)
    def decide_at_once(self, case: Case, one: Decision, two: Decision) -> None:
        self._press(case, list(zip((one, two), MODERATORS, strict=True)))

    def _press(self, case: Case, presses: list[tuple[Decision, int]]) -> None:
        async def press() -> list[Any]:
            pressed = (
                self.server.decide(case, decision, by=moderator) for decision, moderator in presses
            )
            return await asyncio.gather(*pressed)

        results = self.run(press())
        expected = self.expected[case.id]
        won = [place for place, result in enumerate(results) if result.fresh]
        assert len(won) == (0 if expected.decision else 1)
        for place in won:
            expected.decision, expected.by = presses[place]
            expected.events.append(EventKind.DECIDED)
            expected.confirmed |= presses[place][0].confirms
        for result in results:
            assert (result.case.decision, result.case.decided_by) == (
                expected.decision,
                expected.by,
            )

    @rule(case=cases, times=st.sampled_from((1, 2)))
    def undo(self, case: Case, times: int) -> None:
        async def undo() -> list[Any]:
            moderators = MODERATORS[:times]
            return await asyncio.gather(
                *(self.server.undo(case, by=moderator) for moderator in moderators)
            )

        results = self.run(undo())
        expected = self.expected[case.id]
        assert sum(result.fresh for result in results) == (1 if expected.decision else 0)
        if expected.decision:
            expected.events.append(EventKind.UNDONE)
        expected.decision = expected.by = None

    @rule(case=cases, person=st.sampled_from((*PEOPLE, BOT)))
    def appeal(self, case: Case, person: int) -> None:
        expected = self.expected[case.id]
        given = Appeal(person, "it was a joke", self.server.clock())
        may = person in expected.members and person not in expected.appealed
        assert self.run(self.server.cases.appeal(case.id, given)) is may
        if may:
            expected.appealed.add(person)
            expected.events.append(EventKind.APPEALED)

    @rule(number=st.integers(0, 9), done=st.booleans())
    def crash_over_an_action(self, number: int, done: bool) -> None:
        """Begin one that waits, and perhaps do it, without saying so."""
        waiting = self.run(self._waiting())
        if waiting:
            action = self.run(self.server.cases.begin_action(waiting[number % len(waiting)]))
            assert action is not None
            if done:
                self.discord.do(action)

    @rule(number=st.integers(0, 9))
    def carry_out_one(self, number: int) -> None:
        waiting = self.run(self._waiting())
        if waiting:
            self.run(self._carry_out(waiting[number % len(waiting)]))

    @rule(newest_first=st.booleans())
    def carry_out_all(self, newest_first: bool) -> None:
        waiting = self.run(self._waiting())
        for action_id in reversed(waiting) if newest_first else waiting:
            self.run(self._carry_out(action_id))
        assert self.run(self._waiting()) == []
        for held, decision in (
            (self.discord.banned, Decision.BAN),
            (self.discord.timed_out, Decision.TIME_OUT),
        ):
            theirs = [one.members for one in self.expected.values() if one.decision is decision]
            assert held == set[int]().union(*theirs)
        for expected in self.expected.values():
            if expected.decision is not None and expected.decision.confirms:
                assert expected.messages <= set(self.discord.deleted)

    async def _waiting(self) -> list[int]:
        question = select(ActionRow.id).where(
            ActionRow.guild_id == self.guild, ActionRow.state == ActionState.PENDING
        )
        async with self.database.reading() as session:
            return list(await session.scalars(question.order_by(ActionRow.id)))

    async def _carry_out(self, action_id: int) -> None:
        action = await self.server.cases.begin_action(action_id)
        assert action is not None
        await self.server.cases.end_action(action_id, self.discord.do(action))

    @invariant()
    def cases_are_as_expected(self) -> None:
        for case_id, expected in getattr(self, "expected", {}).items():
            case = self.run(self.server.cases.get(case_id))
            assert case is not None
            assert (case.decision, case.decided_by) == (expected.decision, expected.by)
            assert case.state is (CaseState.DECIDED if expected.decision else CaseState.OPEN)
            assert {appeal.person_id for appeal in case.appeals} == expected.appealed
            events = self.run(self.server.cases.events(case_id))
            assert [event.kind for event in events] == expected.events
            if not expected.confirmed:
                assert not expected.messages & set(self.discord.deleted)

    @invariant()
    def the_bank_is_as_the_decisions_say(self) -> None:
        if not hasattr(self, "expected"):
            return
        wanted = []
        for case_id, expected in self.expected.items():
            sha256 = f"{self.pictured[case_id]:064x}"
            if expected.decision is None or expected.decision.confirms:
                wanted.append((BankKind.SEEN, sha256))
            if expected.decision is Decision.BLOCK:
                wanted.append((BankKind.BLOCKED, sha256))
            if expected.decision is Decision.NOT_VIOLATION:
                wanted.append((BankKind.ALLOWED, sha256))
        assert self.run(self.server.banked(self.guild)) == sorted(wanted)

    @invariant()
    def figures_are_as_the_decisions_say(self) -> None:
        if not hasattr(self, "expected"):
            return
        (day,) = self.run(self.server.cases.stats(self.guild, 1)).days
        made = [one.decision for one in self.expected.values() if one.decision is not None]
        assert sum(day.confirmed.values()) == sum(one.confirms for one in made)
        assert sum(day.overturned.values()) == sum(not one.confirms for one in made)


@contextmanager
def urls(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_sqlite")
        yield f"sqlite:///{shutil.copy(migrated, tmp_path / 'lookout.sqlite3')}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex}"
    yield server.create(name, template=request.getfixturevalue("migrated_postgres"))
    server.drop(name)


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 10), ("postgresql", 4)])
def test_what_holds_is_what_was_decided_last(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, examples: int
) -> None:
    with urls(request, tmp_path, kind) as url, asyncio.Runner() as runner:
        database = Database(url)

        class Here(Moderators):
            pass

        Here.database, Here.runner = database, runner
        runner.run(database.__aenter__())
        try:
            run_state_machine_as_test(
                Here,
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=20,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(database.__aexit__(None, None, None))
