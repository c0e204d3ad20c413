"""Turns as they are read: by id, by message, by thread, and the way to one through its tree."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import CTE, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.conversation import KeptPicture, Turn
from bot.domain.errors import Expired
from bot.storage.conversation_tables import (
    ConversationRow,
    PictureFrameRow,
    ThreadRow,
    TurnPictureRow,
    TurnRow,
)
from bot.storage.keeper import Keeper
from bot.storage.rows import picture_of, turn_of


@dataclass(slots=True)
class Fetched:
    """Rows of turns and their pictures, still sealed."""

    turns: list[tuple[TurnRow, bool]] = field(default_factory=list)
    """Each with: whether its words are gone."""
    pictures: list[TurnPictureRow] = field(default_factory=list)
    frames: dict[tuple[int, int], list[PictureFrameRow]] = field(default_factory=dict)
    """By turn and number, in order; none of pictures that are too old to be kept."""


class Turns(Keeper):
    """Reads turns and the pictures that came with them. Raises StorageFailed."""

    async def turn(self, turn_id: int) -> Turn | None:
        """Return one turn."""
        return await self._one(select(TurnRow.id).where(TurnRow.id == turn_id))

    async def turn_of_message(self, message_id: int) -> Turn | None:
        """Return the newest turn that a message asked or answers."""
        either = or_(
            TurnRow.question_message_id == message_id, TurnRow.answer_message_id == message_id
        )
        return await self._one(
            select(TurnRow.id).where(either).order_by(TurnRow.id.desc()).limit(1)
        )

    async def turn_of_thread(self, thread_id: int) -> Turn | None:
        """Return the newest turn of a thread."""
        return await self._one(select(ThreadRow.turn_id).where(ThreadRow.thread_id == thread_id))

    async def turn_of_channel(self, channel_id: int, since: datetime) -> Turn | None:
        """Return the newest turn asked in a channel for all to see, no earlier than ``since``."""
        public = and_(TurnRow.channel_id == channel_id, ~TurnRow.private)
        question = (
            select(TurnRow.id)
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(public, TurnRow.created_at >= since)
            .where(self._times.conversation_kept(), ~self._times.turn_over())
            .order_by(TurnRow.id.desc())
            .limit(1)
        )
        return await self._one(question)

    async def is_thread(self, thread_id: int) -> bool:
        """Say whether a thread belongs to a conversation."""
        question = (
            select(ThreadRow.thread_id)
            .join(TurnRow, TurnRow.id == ThreadRow.turn_id)
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(ThreadRow.thread_id == thread_id, self._times.conversation_kept())
        )
        async with self._database.reading() as session:
            return await session.scalar(question) is not None

    async def path(self, turn_id: int, first_depth: int = 0) -> tuple[Turn, ...]:
        """Return the way to a turn, oldest first, itself last; from ``first_depth`` on only."""
        turns = await self._many(select(way(turn_id, first_depth).c.id))
        return tuple(sorted(turns, key=lambda turn: turn.depth))

    async def turns(self, conversation_id: int) -> tuple[Turn, ...]:
        """Return every turn of a conversation, in order of time."""
        turns = await self._many(
            select(TurnRow.id).where(TurnRow.conversation_id == conversation_id)
        )
        return tuple(sorted(turns, key=lambda turn: turn.id))

    async def pictures(
        self, turn_id: int, numbers: Sequence[int] | None = None
    ) -> tuple[KeptPicture, ...]:
        """Return the pictures that came on the way to a turn (itself included), by number."""
        async with self._database.reading() as session:
            fetched = Fetched()
            await self._fetch_pictures(session, select(way(turn_id).c.id), fetched, numbers)
        by_turn = await asyncio.to_thread(self._opened_pictures, fetched)
        found = [kept for pictures in by_turn.values() for kept in pictures]
        return tuple(sorted(found, key=lambda kept: kept.number))

    async def fetch(self, session: AsyncSession, chosen: Select[int]) -> Fetched:
        """Read the rows of the turns with the chosen ids, and of what came with them."""
        question = (
            select(TurnRow, self._times.turn_over())
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(TurnRow.id.in_(chosen), self._times.conversation_kept())
        )
        rows = await session.execute(question)
        fetched = Fetched([(turn, bool(over)) for turn, over in rows])
        if fetched.turns:
            await self._fetch_pictures(session, chosen, fetched)
        return fetched

    def opened(self, fetched: Fetched) -> list[Turn]:
        """Open what was fetched."""
        pictures = self._opened_pictures(fetched)
        return [
            turn_of(self._database.seal, row, tuple(pictures[row.id]), over=over)
            for row, over in fetched.turns
        ]

    async def _standing(self, session: AsyncSession, turn_id: int) -> TurnRow:
        """Return a turn that is kept, its conversation locked; raise Expired for any other."""
        conversation_id = await session.scalar(
            select(TurnRow.conversation_id).where(TurnRow.id == turn_id)
        )
        if conversation_id is None or await locked(session, conversation_id) is None:
            raise Expired
        question = (
            select(TurnRow)
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(TurnRow.id == turn_id, self._times.conversation_kept(), ~self._times.turn_over())
        )
        turn = await session.scalar(question)
        if turn is None:
            raise Expired
        return turn

    async def _one(self, chosen: Select[int]) -> Turn | None:
        async with self._database.reading() as session:
            fetched = await self.fetch(session, chosen)
        return next(iter(self.opened(fetched)), None)

    async def _many(self, chosen: Select[int]) -> Iterable[Turn]:
        async with self._database.reading() as session:
            fetched = await self.fetch(session, chosen)
        return await asyncio.to_thread(self.opened, fetched)

    async def _fetch_pictures(
        self,
        session: AsyncSession,
        chosen: Select[int],
        fetched: Fetched,
        numbers: Sequence[int] | None = None,
    ) -> None:
        question = (
            select(TurnPictureRow, self._times.turn_shows())
            .join(TurnRow, TurnRow.id == TurnPictureRow.turn_id)
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(
                TurnRow.id.in_(chosen), self._times.conversation_kept(), ~self._times.turn_over()
            )
            .order_by(TurnPictureRow.turn_id, TurnPictureRow.number)
        )
        if numbers is not None:
            question = question.where(TurnPictureRow.number.in_(numbers))
        shown = set()
        for picture, shows in await session.execute(question):
            fetched.pictures.append(picture)
            if shows:
                shown.add((picture.turn_id, picture.number))
        if not shown:
            return
        stills = select(PictureFrameRow).where(PictureFrameRow.turn_id.in_(chosen))
        for frame in await session.scalars(stills.order_by(PictureFrameRow.position)):
            if (frame.turn_id, frame.number) in shown:
                fetched.frames.setdefault((frame.turn_id, frame.number), []).append(frame)

    def _opened_pictures(self, fetched: Fetched) -> dict[int, list[KeptPicture]]:
        by_turn: dict[int, list[KeptPicture]] = defaultdict(list)
        for row in fetched.pictures:
            frames = fetched.frames.get((row.turn_id, row.number), ())
            kept = picture_of(self._database.seal, row, frames)
            if kept is not None:
                by_turn[row.turn_id].append(kept)
        return by_turn


async def locked(session: AsyncSession, conversation_id: int) -> ConversationRow | None:
    """Let nobody else change a conversation until the transaction ends; None when it is gone."""
    question = select(ConversationRow).where(ConversationRow.id == conversation_id)
    return await session.scalar(question.with_for_update())  # SQLite has one writer anyway


def way(turn_id: int, first_depth: int = 0) -> CTE:
    """Return the way to a turn, itself included: ids, persons and speakers."""
    columns = TurnRow.id, TurnRow.parent_id, TurnRow.person_id, TurnRow.speaker
    start = select(*columns).where(TurnRow.id == turn_id, TurnRow.depth >= first_depth)
    walked = start.cte("way", recursive=True)
    before = aliased(TurnRow)
    return walked.union_all(
        select(before.id, before.parent_id, before.person_id, before.speaker)
        .join(walked, before.id == walked.c.parent_id)
        .where(before.depth >= first_depth)
    )
