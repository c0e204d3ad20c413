"""ACT: carry out an action of a case in Discord, in order for each person."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from bot.domain.moderation.case import Action, ActionState
from bot.domain.moderation.jobs import Job
from bot.domain.moderation.ports import CaseStore, Enforcer
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
    _unended: dict[Person, set[int]] = field(default_factory=dict, init=False)

    async def handle(self, job: Job) -> None:
        """Carry out an action, unless that was done. Raises Postponed, Later and StorageFailed."""
        async with self._begun(job.subject_id) as action:
            if action is not None:
                await self._carry_out(action)

    async def give_up(self, job: Job) -> None:
        """Say on the card that it failed. Raises StorageFailed."""
        self._forget(job.subject_id)
        await self.cases.end_action(job.subject_id, ActionState.FAILED)

    @asynccontextmanager
    async def _begun(self, action_id: int) -> AsyncIterator[Action | None]:
        """Begin an action, and wait until the one before about the same person is out of hand."""
        async with self._beginning:  # else who begins first need not wait first
            action = await self.cases.begin_action(action_id)
            if action is None:
                self._forget(action_id)
            else:
                person = _person(action)
                self._unended.setdefault(person, set()).add(action_id)
                before, mine = self._last.get(person), asyncio.Event()
                self._last[person] = mine
        if action is None:
            yield None
            return
        try:
            if before is not None:
                await before.wait()
            yield action
        finally:
            mine.set()
            if self._last.get(person) is mine:
                del self._last[person]

    async def _carry_out(self, action: Action) -> None:
        if min(self._unended[_person(action)]) < action.id:  # an earlier one was postponed
            raise Later(BEHIND_SECONDS, is_attempt=False)
        state = await self.enforcer.carry_out(action)
        await self.cases.end_action(action.id, state)
        self._forget(action.id)
        _log.info(
            "action_ended",
            action=action.id,
            case=action.case_id,
            guild=action.guild_id,
            kind=action.kind,
            state=state,
        )

    def _forget(self, action_id: int) -> None:
        for person, unended in tuple(self._unended.items()):
            unended.discard(action_id)
            if not unended:
                del self._unended[person]


def _person(action: Action) -> Person:
    """Return whom an action is about; one about nobody is about itself."""
    return action.guild_id, action.person_id if action.person_id is not None else -action.id
