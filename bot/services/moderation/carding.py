"""CARD: post a case's card, or bring it up to date."""

from dataclasses import dataclass

import structlog

from bot.domain.moderation.case import CaseState
from bot.domain.moderation.jobs import Job
from bot.domain.moderation.ports import CaseStore, Enforcer
from bot.services.moderation.policies import Policies
from bot.services.moderation.worker import Later

_log = structlog.get_logger(__name__)

NOWHERE_SECONDS = 600.0
"""How long the card of an open case waits for a channel in which it may be posted."""


@dataclass(frozen=True, slots=True)
class Carding:
    """Draws cards. What changes while one is drawn asks for the job again, once."""

    cases: CaseStore
    policies: Policies
    enforcer: Enforcer

    async def handle(self, job: Job) -> None:
        """Draw a case as it is now, unless its card shows that already.

        Raises Postponed, Later and StorageFailed.
        """
        case = await self.cases.get(job.subject_id)
        if case is None or case.card_version >= case.version:
            return
        policy = await self.policies.get(case.guild_id)
        card = await self.enforcer.draw_card(case, policy)
        if card is None and case.state is CaseState.OPEN:
            # It waits for a moderator, who has to see it one day.
            raise Later(NOWHERE_SECONDS, is_attempt=False)
        # Where it was it may be again, and be brought up to date with the next change.
        await self.cases.card_drawn(
            case.id,
            case.version,
            case.card_channel_id if card is None else card.channel_id,
            case.card_message_id if card is None else card.message_id,
        )

    async def give_up(self, job: Job) -> None:
        """Leave the card as it is until the case changes again."""
        _log.error("card_not_drawn", case=job.subject_id)
