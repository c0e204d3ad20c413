"""How long a person's words and pictures are kept: the operator's limit, or what they chose."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.conversation import Retention, Turn
from bot.domain.conversation_ports import ConversationStore

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Keeping:
    """``limits`` hold unless a person chooses less."""

    store: ConversationStore
    limits: Retention

    async def of(self, person_id: int) -> Retention:
        """Return what holds for a person."""
        return self._bounded(await self.store.retention(person_id) or self.limits)

    async def choose(self, person_id: int, retention: Retention) -> Retention:
        """Keep what a person chose, within the limits; return what now holds."""
        bounded = self._bounded(retention)
        await self.store.set_retention(person_id, bounded)
        return bounded

    async def keeps(self, person_id: int) -> bool:
        """Say whether a person's turns are kept beyond their answer."""
        return (await self.of(person_id)).text > _NOTHING

    async def let_go(self, turn: Turn) -> None:
        """Forget a turn that is over, where nothing is kept."""
        if turn.person_id is not None and not await self.keeps(turn.person_id):
            await self.store.forget_turn(turn.id)

    def _bounded(self, retention: Retention) -> Retention:
        return Retention(
            pictures=max(_NOTHING, min(retention.pictures, self.limits.pictures)),
            text=max(_NOTHING, min(retention.text, self.limits.text)),
        )
