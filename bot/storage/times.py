"""Until when what people said and showed is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Exists, and_, exists, not_, or_
from sqlalchemy.orm import aliased

from bot.domain.conversation import Retention, TurnState
from bot.storage.conversation_tables import ConversationRow, ParticipantRow, TurnRow

WAIT = timedelta(days=1)
"""How long somebody may wait for an answer; nothing they wait for is let go before."""


@dataclass(frozen=True, slots=True)
class Times:
    """The operator's limits and the clock, as conditions on rows.

    A person's part in a conversation is kept until its own time and never longer than ``longest``
    after they last asked. A conversation is kept as long as its owner's part.
    """

    longest: Retention
    now: Callable[[], datetime]

    def text_kept(self, part: type[ParticipantRow] = ParticipantRow) -> ColumnElement[bool]:
        """Whether a participant's words are kept."""
        now = self.now()
        return and_(part.text_until > now, part.last_at > now - max(self.longest.text, WAIT))

    def pictures_kept(self, part: type[ParticipantRow] = ParticipantRow) -> ColumnElement[bool]:
        """Whether a participant's pictures are kept."""
        now = self.now()
        return and_(part.pictures_until > now, part.last_at > now - self.longest.pictures)

    def text_over(self) -> ColumnElement[bool]:
        """Whether a participant's words have to go."""
        now = self.now()
        return or_(
            ParticipantRow.text_until <= now,
            ParticipantRow.last_at <= now - max(self.longest.text, WAIT),
        )

    def pictures_over(self) -> ColumnElement[bool]:
        """Whether a participant's pictures have to go."""
        now = self.now()
        return and_(
            ParticipantRow.pictures_until.is_not(None),
            or_(
                ParticipantRow.pictures_until <= now,
                ParticipantRow.last_at <= now - self.longest.pictures,
            ),
        )

    def text_end(self, last_at: datetime, text_until: datetime) -> datetime:
        """Return when a participant's words end."""
        return min(text_until, last_at + max(self.longest.text, WAIT))

    def conversation_kept(self) -> Exists:
        """Whether a conversation is kept."""
        part = aliased(ParticipantRow)
        return exists().where(
            part.conversation_id == ConversationRow.id,
            part.person_id == ConversationRow.owner_id,
            self.text_kept(part),
        )

    def turn_over(self) -> ColumnElement[bool]:
        """Whether a turn's words are gone or have to go."""
        part = aliased(ParticipantRow)
        kept = exists().where(
            part.conversation_id == TurnRow.conversation_id,
            part.person_id == TurnRow.person_id,
            self.text_kept(part),
        )
        return (TurnRow.state == TurnState.FORGOTTEN) | not_(kept)

    def turn_shows(self) -> Exists:
        """Whether a turn's pictures are kept."""
        part = aliased(ParticipantRow)
        return exists().where(
            part.conversation_id == TurnRow.conversation_id,
            part.person_id == TurnRow.person_id,
            self.text_kept(part),
            self.pictures_kept(part),
        )
