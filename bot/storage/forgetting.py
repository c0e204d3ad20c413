"""Forgetting conversations, turns and pictures: asked for, or because their time is over.

Nothing here is one long transaction. What is to go is marked first, so that it is not found any
more even when the rest is interrupted; the next expiry takes it up.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.conversation import TurnState
from bot.domain.conversation_ports import Forgotten
from bot.storage.conversation_tables import (
    ConversationRow,
    ParticipantRow,
    PendingReplyRow,
    PersonChoiceRow,
    PictureFrameRow,
    TurnPictureRow,
    TurnRow,
)
from bot.storage.leaving import NOTHING, Leaving, question_id
from bot.storage.times import WAIT
from bot.storage.turns import locked

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The end of what was deleted."""

CONVERSATIONS_AT_ONCE = 50
TURNS_AT_ONCE = 50
PICTURES_AT_ONCE = 8
"""Pictures whose stills go in one transaction; each is overwritten on the disk."""


def together(one: Forgotten, other: Forgotten) -> Forgotten:
    """Add up."""
    return Forgotten(
        one.conversations + other.conversations,
        one.turns + other.turns,
        one.pictures + other.pictures,
    )


class Forgetting(Leaving):
    """Deletes, from the tables and from the disk. Raises StorageFailed."""

    async def delete(self, conversation_id: int) -> Forgotten:
        """Delete a conversation; an unknown one is fine."""
        done = await self._delete_all(ConversationRow.id == conversation_id)
        await self._database.scrub_thoroughly()
        return done

    async def delete_person(self, person_id: int) -> Forgotten:
        """Delete the conversations a person began, their turns elsewhere, and their choices."""
        async with self._database.writing() as session:
            await session.execute(
                delete(PersonChoiceRow).where(PersonChoiceRow.person_id == person_id)
            )
            theirs = update(ParticipantRow).where(ParticipantRow.person_id == person_id)
            await session.execute(theirs.values(text_until=LONG_AGO))
        done = await self._delete_all(ConversationRow.owner_id == person_id)
        turns = select(TurnRow.id).where(TurnRow.person_id == person_id)
        done = together(done, await self._forget_all(turns))
        async with self._database.writing() as session:
            marked = ParticipantRow.text_until == LONG_AGO
            await session.execute(
                delete(ParticipantRow).where(ParticipantRow.person_id == person_id, marked)
            )
        if done == NOTHING:  # else everybody could keep the file busy by asking again and again
            await self._database.scrub()
        else:
            await self._database.scrub_thoroughly()
        return done

    async def delete_guild(self, guild_id: int) -> Forgotten:
        """Delete everything of a server."""
        done = await self._delete_all(ConversationRow.guild_id == guild_id)
        turns = select(TurnRow.id).where(
            TurnRow.guild_id == guild_id, TurnRow.state != TurnState.FORGOTTEN
        )
        done = together(done, await self._forget_all(turns))
        await self._database.scrub_thoroughly()
        return done

    async def expire(self, batch: int = 200) -> Forgotten:
        """Delete what is over, ``batch`` rows at a time; the disk is for the caller to scrub."""
        await self._expire_pending(batch)
        done = await self._delete_all(ConversationRow.id.in_(self._owners_over()))
        done = together(done, await self._forget_all(self._turns_over()))
        async with self._database.writing() as session:
            guests = ConversationRow.owner_id != ParticipantRow.person_id
            of_a_guest = exists().where(
                ConversationRow.id == ParticipantRow.conversation_id, guests
            )
            await session.execute(delete(ParticipantRow).where(self._times.text_over(), of_a_guest))
        await self._expire_pictures()
        await self._blobs.sweep()
        await self._blobs.bound()
        return done

    def _owners_over(self) -> Select[int]:
        return (
            select(ParticipantRow.conversation_id)
            .join(ConversationRow, ConversationRow.id == ParticipantRow.conversation_id)
            .where(ConversationRow.owner_id == ParticipantRow.person_id, self._times.text_over())
        )

    def _turns_over(self) -> Select[int]:
        return (
            select(TurnRow.id)
            .join(ParticipantRow, _takes_part())
            .where(self._times.text_over(), TurnRow.state != TurnState.FORGOTTEN)
        )

    async def _expire_pending(self, batch: int) -> None:
        old = select(PendingReplyRow.turn_id).where(
            PendingReplyRow.since <= self._times.now() - WAIT
        )
        while True:
            async with self._database.writing() as session:
                chosen = (await session.scalars(old.limit(batch))).all()
                await session.execute(
                    delete(PendingReplyRow).where(PendingReplyRow.turn_id.in_(chosen))
                )
            if not chosen:
                return

    async def _expire_pictures(self) -> None:
        old = (
            select(PictureFrameRow.turn_id, PictureFrameRow.number)
            .join(TurnRow, TurnRow.id == PictureFrameRow.turn_id)
            .join(ParticipantRow, _takes_part())
            .where(self._times.pictures_over())
        )
        while True:
            async with self._database.writing() as session:
                if not await self._drop_pictures(session, old):
                    done = update(ParticipantRow).where(self._times.pictures_over())
                    await session.execute(done.values(pictures_until=None))
                    return

    async def _drop_pictures(self, session: AsyncSession, pictures: Select[int, int]) -> bool:
        """Drop the stills of some of the pictures (turn and number); say whether any were there."""
        chosen = (await session.execute(pictures.distinct().limit(PICTURES_AT_ONCE))).all()
        if not chosen:
            return False
        await self._blobs.lock(session)
        these = _are_among(PictureFrameRow, chosen)
        frames = (await session.scalars(select(PictureFrameRow).where(these))).all()
        await session.execute(delete(PictureFrameRow).where(these))
        await self._blobs.drop_unused(session, frames)
        answered = select(TurnPictureRow.answered_as).where(_are_among(TurnPictureRow, chosen))
        await self._blobs.drop_answers(session, await session.scalars(answered))
        return True

    async def _delete_all(self, condition: ColumnElement[bool]) -> Forgotten:
        chosen = select(ConversationRow.id).where(condition)
        async with self._database.writing() as session:
            await session.execute(
                update(ParticipantRow)
                .where(ParticipantRow.conversation_id.in_(chosen))
                .values(text_until=LONG_AGO)
            )
        done = NOTHING
        while True:
            async with self._database.reading() as session:
                ids = (await session.scalars(chosen.limit(CONVERSATIONS_AT_ONCE))).all()
            if not ids:
                return done
            for conversation_id in ids:
                done = together(done, await self._delete_one(conversation_id))

    async def _delete_one(self, conversation_id: int) -> Forgotten:
        """Delete a conversation, its stills first and in batches."""
        done = await self._count(conversation_id)
        turns = select(TurnRow.id).where(TurnRow.conversation_id == conversation_id)
        here = TurnPictureRow.turn_id.in_(turns)
        stills = select(PictureFrameRow.turn_id, PictureFrameRow.number).where(
            PictureFrameRow.turn_id.in_(turns)
        )
        while True:
            async with self._database.writing() as session:
                await locked(session, conversation_id)
                if not await self._drop_pictures(session, stills):
                    # Pictures that were not kept, or no longer, may have been spoken of before.
                    answered = select(TurnPictureRow.answered_as).where(here).distinct()
                    await self._blobs.drop_answers(session, await session.scalars(answered))
                    await session.execute(
                        delete(ConversationRow).where(ConversationRow.id == conversation_id)
                    )
                    return done

    async def _count(self, conversation_id: int) -> Forgotten:
        turns = select(func.count(question_id().distinct())).where(
            TurnRow.conversation_id == conversation_id, TurnRow.state != TurnState.FORGOTTEN
        )
        pictures = (
            select(func.count(TurnPictureRow.number.distinct()))
            .join(TurnRow, TurnRow.id == TurnPictureRow.turn_id)
            .where(TurnRow.conversation_id == conversation_id)
        )
        async with self._database.reading() as session:
            return Forgotten(
                1, await session.scalar(turns) or 0, await session.scalar(pictures) or 0
            )

    async def _forget_all(self, turns: Select[int]) -> Forgotten:
        done = NOTHING
        while True:
            async with self._database.reading() as session:
                ids = (await session.scalars(turns.limit(TURNS_AT_ONCE))).all()
            if not ids:
                return done
            for turn_id in ids:
                done = together(done, await self._forget(turn_id))


def _are_among(
    table: type[PictureFrameRow | TurnPictureRow], chosen: Sequence[Row[int, int]]
) -> ColumnElement[bool]:
    """Whether a row is of one of these pictures (turn and number)."""
    return or_(
        *(and_(table.turn_id == turn_id, table.number == number) for turn_id, number in chosen)
    )


def _takes_part() -> ColumnElement[bool]:
    return and_(
        ParticipantRow.conversation_id == TurnRow.conversation_id,
        ParticipantRow.person_id == TurnRow.person_id,
    )
