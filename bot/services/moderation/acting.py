"""ACT: carry out an action of a case in Discord, in order for each person."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from bot.domain.moderation.case import Action, ActionState
from bot.domain.moderation.jobs import Job
from bot.domain.moderation.ports import CaseStore, Enforcer, Postponed
from bot.services.moderation.worker import Later

_log = structlog.get_logger(__name__)

BEHIND_SECONDS = 2.0
"""How long an action waits for an earlier one about the same person that was postponed."""

Person = tuple[int, int]
"""A server, and somebody there."""


@dataclass(slots=True)
class Acting:
    """Carries out actions: what concerns the same person one after the other, oldest first.

    A time-out and its end must not change places, whatever Discord does in between.
    """

    cases: CaseStore
    enforcer: Enforcer
    _beginning: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _last: dict[Person, asyncio.Event] = field(default_factory=dict, init=False)
    _postponed: dict[Person, int] = field(default_factory=dict, init=False)

    async def handle(self, job: Job) -> None:
        """Carry out an action, unless that was done. Raises Postponed, Later and StorageFailed."""
        async with self._begun(job.subject_id) as action:
            if action is not None:
                await self._carry_out(action)

    async def give_up(self, job: Job) -> None:
        """Say on the card that it failed. Raises StorageFailed."""
        await self.cases.end_action(job.subject_id, ActionState.FAILED)
        self._let_others_go(job.subject_id)

    @asynccontextmanager
    async def _begun(self, action_id: int) -> AsyncIterator[Action | None]:
        """Begin an action when everything about its person that began before is over."""
        async with self._beginning:
            action = await self.cases.begin_action(action_id)
            if action is None:
                self._let_others_go(action_id)
                before, mine = None, asyncio.Event()
            else:
                person = _person(action)
                before, mine = self._last.get(person), asyncio.Event()
                self._last[person] = mine
        try:
            if before is not None:
                await before.wait()
            yield action
        finally:
            mine.set()
            if action is not None and self._last.get(_person(action)) is mine:
                del self._last[_person(action)]

    async def _carry_out(self, action: Action) -> None:
        person = _person(action)
        if self._postponed.get(person, action.id) < action.id:
            raise Later(BEHIND_SECONDS, is_attempt=False)
        try:
            state = await self.enforcer.carry_out(action)
        except Postponed:
            self._postponed[person] = action.id
            raise
        await self.cases.end_action(action.id, state)
        self._let_others_go(action.id)
        _log.info(
            "action_ended",
            action=action.id,
            case=action.case_id,
            guild=action.guild_id,
            kind=action.kind,
            state=state,
        )

    def _let_others_go(self, action_id: int) -> None:
        for person, waiting_for in tuple(self._postponed.items()):
            if waiting_for == action_id:
                del self._postponed[person]


def _person(action: Action) -> Person:
    """Return whom an action is about; one about nobody is about itself."""
    return action.guild_id, action.person_id if action.person_id is not None else -action.id
