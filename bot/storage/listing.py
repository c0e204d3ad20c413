"""Conversations as they are listed, and how long a person wants them kept."""

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, RowMapping, ScalarSelect, Select, and_, exists, func, select

from bot.domain.conversation import Conversation, Retention, TurnState
from bot.storage.conversation_tables import (
    ConversationRow,
    ParticipantRow,
    PersonChoiceRow,
    TurnPictureRow,
    TurnRow,
)
from bot.storage.keeper import Keeper
from bot.storage.leaving import question_id
from bot.storage.rows import question_of

TITLE_LENGTH = 100
"""Characters of the first question that make a title."""

PARTS_AT_ONCE = 200

T = TypeVar("T")


class Listing(Keeper):
    """Lists conversations, and keeps what people chose."""

    async def conversation(self, conversation_id: int) -> Conversation | None:
        """Return one conversation as it is listed."""
        listed = await self._listed(ConversationRow.id == conversation_id, limit=1)
        return next(iter(listed), None)

    async def of_person(
        self, person_id: int, *, limit: int, offset: int = 0
    ) -> tuple[Conversation, ...]:
        """List those that a person began, newest first."""
        theirs = ConversationRow.owner_id == person_id
        return await self._listed(theirs, limit=limit, offset=offset)

    async def of_guild(
        self, guild_id: int, *, limit: int, offset: int = 0
    ) -> tuple[Conversation, ...]:
        """List those of a server, newest first, private ones without their title."""
        here = ConversationRow.guild_id == guild_id
        listed = await self._listed(here, limit=limit, offset=offset)
        return tuple(replace(one, title="") if one.private else one for one in listed)

    async def retention(self, person_id: int) -> Retention | None:
        """Return what a person chose; None when nothing was chosen."""
        async with self._database.reading() as session:
            row = await session.get(PersonChoiceRow, person_id)
        if row is None:
            return None
        return Retention(
            pictures=timedelta(seconds=row.pictures_seconds),
            text=timedelta(seconds=row.text_seconds),
        )

    async def set_retention(self, person_id: int, retention: Retention) -> None:
        """Keep what a person chose; what is kept already ends at the new time if it is earlier."""
        values = {
            "text_seconds": round(retention.text.total_seconds()),
            "pictures_seconds": round(retention.pictures.total_seconds()),
        }
        choice = self._database.insert(PersonChoiceRow).values(person_id=person_id, **values)
        async with self._database.writing() as session:
            await session.execute(
                choice.on_conflict_do_update(
                    index_elements=[PersonChoiceRow.person_id], set_=values
                )
            )
        after = -1
        while (last := await self._shorten(person_id, retention, after)) is not None:
            after = last

    async def _shorten(self, person_id: int, retention: Retention, after: int) -> int | None:
        """Shorten what is kept of a person in some conversations; return the last one's id."""
        some = (
            select(ParticipantRow)
            .where(ParticipantRow.person_id == person_id, ParticipantRow.conversation_id > after)
            .order_by(ParticipantRow.conversation_id)
            .limit(PARTS_AT_ONCE)
            .with_for_update()
        )
        async with self._database.writing() as session:
            parts = (await session.scalars(some)).all()
            for part in parts:
                part.text_until = min(part.text_until, part.last_at + retention.text)
                if part.pictures_until is not None:
                    pictures_end = part.last_at + retention.pictures
                    part.pictures_until = min(part.pictures_until, pictures_end)
        return parts[-1].conversation_id if parts else None

    async def _listed(
        self, condition: ColumnElement[bool], *, limit: int, offset: int = 0
    ) -> tuple[Conversation, ...]:
        real = and_(TurnRow.conversation_id == ConversationRow.id, ~self._times.turn_over())
        newest_first = ConversationRow.last_at.desc(), ConversationRow.id.desc()
        page = (
            select(ConversationRow.id)
            .where(condition, self._times.conversation_kept(), exists().where(real))
            .order_by(*newest_first)
            .limit(limit)
            .offset(offset)
        )
        newest = select(func.max(TurnRow.id)).where(real)
        answered = newest.where(TurnRow.state == TurnState.ANSWERED)
        pictures = (
            select(func.count(TurnPictureRow.number.distinct()))
            .join(TurnRow, TurnRow.id == TurnPictureRow.turn_id)
            .where(real)
        )
        # What the owner asked in private never becomes the title of a public conversation.
        shown = and_(real, TurnRow.private == ConversationRow.private)
        words = select(TurnRow.words).where(shown).order_by(TurnRow.id).limit(1)
        owners = and_(
            ParticipantRow.conversation_id == ConversationRow.id,
            ParticipantRow.person_id == ConversationRow.owner_id,
        )
        question = (
            select(
                ConversationRow,
                ParticipantRow.last_at,
                ParticipantRow.text_until,
                _of_each(select(func.count(question_id().distinct())).where(real)).label("turns"),
                _of_each(pictures).label("pictures"),
                _of_each(words).label("words"),
                func.coalesce(_of_each(answered), _of_each(newest)).label("last_turn_id"),
            )
            .join(ParticipantRow, owners)
            .where(ConversationRow.id.in_(page))
            .order_by(*newest_first)
        )
        async with self._database.reading() as session:
            rows = (await session.execute(question)).mappings().all()
        return tuple(self._conversation(row) for row in rows)

    def _conversation(self, row: RowMapping) -> Conversation:
        head: ConversationRow = row["ConversationRow"]
        words = row["words"]
        question = "" if words is None else question_of(self._database.seal, words)
        title = " ".join(question.split())
        return Conversation(
            id=head.id,
            owner_id=head.owner_id,
            guild_id=head.guild_id,
            channel_id=head.channel_id,
            private=head.private,
            title=title[:TITLE_LENGTH],
            turns=row["turns"],
            pictures=row["pictures"],
            created_at=head.created_at,
            last_at=head.last_at,
            expires_at=self._times.text_end(row["last_at"], row["text_until"]),
            last_turn_id=row["last_turn_id"],
        )


def _of_each(question: Select[T]) -> ScalarSelect[T]:
    return question.correlate(ConversationRow).scalar_subquery()
