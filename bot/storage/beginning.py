"""Recording questions, before anybody is told that they were heard."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import case, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.conversation import AskRequest, Turn, TurnState
from bot.domain.errors import ConversationFull, Expired
from bot.storage.conversation_tables import (
    ConversationRow,
    ParticipantRow,
    PendingReplyRow,
    PictureFrameRow,
    ThreadRow,
    TurnPictureRow,
    TurnRow,
)
from bot.storage.rows import preface_of, sealed_words, with_preface
from bot.storage.times import WAIT
from bot.storage.turns import Turns, way


class _AskedBefore(Exception):
    """There is a turn for this message already."""


class Beginning(Turns):
    """Records questions."""

    async def begin(
        self, request: AskRequest, *, keep_pictures_until: datetime, keep_text_until: datetime
    ) -> Turn | None:
        """Record a question and who waits for its answer; None when it was asked before."""
        words = sealed_words(self._database.seal, request)
        try:
            async with self._database.writing() as session:
                await _refuse_twice(session, request)
                before = None
                if request.replaces_id is not None:
                    before = await self._standing(session, request.replaces_id)
                parent = await self._parent(session, request, before)
                turn = await self._record(session, request, words, before, parent)
                await self._prolong(session, turn, keep_text_until, keep_pictures_until)
                await _move_thread(session, request, turn)
                session.add(self._pending(request, turn))
                await session.flush()
                fetched = await self.fetch(session, select(literal(turn.id)))
        except _AskedBefore:
            return None
        return self.opened(fetched)[0]

    async def _parent(
        self, session: AsyncSession, request: AskRequest, before: TurnRow | None
    ) -> TurnRow | None:
        if before is not None:
            return (
                None if before.parent_id is None else await session.get(TurnRow, before.parent_id)
            )
        if request.parent_id is not None:
            return await self._standing(session, request.parent_id)
        if request.thread_id is not None:
            return await self._newest(session, request.thread_id)
        return None

    async def _newest(self, session: AsyncSession, thread_id: int) -> TurnRow:
        """Return a thread's newest turn, its conversation locked; raises Expired."""
        question = select(ThreadRow.turn_id).where(ThreadRow.thread_id == thread_id)
        newest = await session.scalar(question)
        while newest is not None:
            turn = await self._standing(session, newest)
            newest = await session.scalar(question)  # another may have become it meanwhile
            if newest == turn.id:
                return turn
        raise Expired

    async def _record(
        self,
        session: AsyncSession,
        request: AskRequest,
        words: bytes,
        before: TurnRow | None,
        parent: TurnRow | None,
    ) -> TurnRow:
        depth = 0 if parent is None else parent.depth + 1
        if depth >= self._limits.depth:
            raise ConversationFull("turns", self._limits.depth)
        message_id = request.address.question_message_id
        seal, now = self._database.seal, self._times.now()
        if before is not None:
            words = with_preface(seal, words, preface_of(seal, before.words))
            if message_id is not None and before.question_message_id == message_id:
                before.question_message_id = None
                await session.flush()
        relative = before or parent
        conversation_id = (
            await self._new_conversation(session, request)
            if relative is None
            else relative.conversation_id
        )
        turn = TurnRow(
            conversation_id=conversation_id,
            parent_id=None if parent is None else parent.id,
            depth=depth,
            person_id=request.asker.person_id,
            speaker=await _speaker(session, parent, request.asker.person_id),
            guild_id=request.asker.guild_id,
            channel_id=request.address.channel_id,
            private=request.private,
            parameters=seal.seal_json(asdict(request.parameters)),
            created_at=now,
            state=TurnState.WAITING,
            words=words,
            answer=seal.seal_text(""),
            again=[],
            closer=None if request.closer is None else asdict(request.closer),
            seed=request.seed,
            engine="",
            model="",
            notes=[],
            question_message_id=message_id,
            first_try_id=None if before is None else before.first_try_id or before.id,
        )
        session.add(turn)
        try:
            await session.flush()
        except IntegrityError as error:  # two of the same message at once
            raise _AskedBefore from error
        if before is not None:
            await self._take_over(session, before, turn)
        return turn

    async def _new_conversation(self, session: AsyncSession, request: AskRequest) -> int:
        now = self._times.now()
        conversation = ConversationRow(
            owner_id=request.asker.person_id,
            guild_id=request.asker.guild_id,
            channel_id=request.address.channel_id,
            private=request.private,
            created_at=now,
            last_at=now,
            last_number=0,
        )
        session.add(conversation)
        await session.flush()
        return conversation.id

    async def _take_over(self, session: AsyncSession, before: TurnRow, turn: TurnRow) -> None:
        """Give a turn the pictures and threads of the one that it replaces."""
        await self._blobs.lock(session)
        for table in (TurnPictureRow, PictureFrameRow):
            columns = [column for column in table.__table__.columns if column.key != "turn_id"]
            rows = select(literal(turn.id), *columns).where(table.__table__.c.turn_id == before.id)
            names = ["turn_id", *(column.key for column in columns)]
            await session.execute(insert(table).from_select(names, rows))
        threads = update(ThreadRow).where(ThreadRow.turn_id == before.id)
        await session.execute(threads.values(turn_id=turn.id))

    async def _prolong(
        self,
        session: AsyncSession,
        turn: TurnRow,
        keep_text_until: datetime,
        keep_pictures_until: datetime,
    ) -> None:
        now = self._times.now()
        times = {
            "last_at": now,
            "text_until": max(keep_text_until, now + WAIT),
            "pictures_until": keep_pictures_until,
        }
        participant = self._database.insert(ParticipantRow).values(
            conversation_id=turn.conversation_id, person_id=turn.person_id, **times
        )
        key = [ParticipantRow.conversation_id, ParticipantRow.person_id]
        await session.execute(participant.on_conflict_do_update(index_elements=key, set_=times))
        conversation = update(ConversationRow).where(ConversationRow.id == turn.conversation_id)
        await session.execute(conversation.values(last_at=now))

    def _pending(self, request: AskRequest, turn: TurnRow) -> PendingReplyRow:
        address = request.address
        token = None if address.token is None else self._database.seal.seal_text(address.token)
        return PendingReplyRow(
            turn_id=turn.id,
            channel_id=address.channel_id,
            question_message_id=address.question_message_id,
            answer_message_id=address.answer_message_id,
            application_id=address.application_id,
            token=token,
            locale=request.locale,
            since=turn.created_at,
        )


async def _refuse_twice(session: AsyncSession, request: AskRequest) -> None:
    message_id = request.address.question_message_id
    if message_id is None:
        return
    known = select(TurnRow.id).where(TurnRow.question_message_id == message_id)
    if await session.scalar(known) not in (None, request.replaces_id):
        raise _AskedBefore


async def _speaker(session: AsyncSession, parent: TurnRow | None, person_id: int) -> int:
    """Return the person's number on the way: the one they had, else the next."""
    if parent is None:
        return 0
    back = way(parent.id)
    theirs = func.max(case((back.c.person_id == person_id, back.c.speaker)))
    known, highest = (await session.execute(select(theirs, func.max(back.c.speaker)))).one()
    return int(highest) + 1 if known is None else int(known)


async def _move_thread(session: AsyncSession, request: AskRequest, turn: TurnRow) -> None:
    if request.thread_id is None:
        return
    ours = select(TurnRow.id).where(TurnRow.conversation_id == turn.conversation_id)
    thread = update(ThreadRow).where(
        ThreadRow.thread_id == request.thread_id, ThreadRow.turn_id.in_(ours)
    )
    await session.execute(thread.values(turn_id=turn.id))
