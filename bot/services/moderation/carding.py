"""CARD: post a case's card, or bring it up to date."""

from dataclasses import dataclass

import structlog

from bot.domain.moderation.jobs import Job
from bot.domain.moderation.ports import CaseStore, Enforcer
from bot.services.moderation.policies import Policies

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Carding:
    """Draws cards. What changes while one is drawn asks for the job again, once."""

    cases: CaseStore
    policies: Policies
    enforcer: Enforcer

    async def handle(self, job: Job) -> None:
        """Draw a case as it is now, unless its card shows that already.

        Raises Postponed and StorageFailed.
        """
        case = await self.cases.get(job.subject_id)
        if case is None or case.card_version >= case.version:
            return
        policy = await self.policies.get(case.guild_id)
        card = await self.enforcer.draw_card(case, policy)
        await self.cases.card_drawn(
            case.id,
            case.version,
            None if card is None else card.channel_id,
            None if card is None else card.message_id,
        )

    async def give_up(self, job: Job) -> None:
        """Leave the card as it is until the case changes again."""
        _log.error("card_not_drawn", case=job.subject_id)
