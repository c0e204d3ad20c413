"""Turns that leave the tree: forgotten with every try of their question, or outdone by another try.

All tries of one question hang in the same place. The newest one that was answered stands for it.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Row, delete, exists, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.conversation import TurnState
from bot.domain.conversation_ports import Forgotten
from bot.storage.conversation_tables import (
    PendingReplyRow,
    PictureFrameRow,
    ThreadRow,
    TurnPictureRow,
    TurnRow,
)
from bot.storage.keeper import Keeper
from bot.storage.pruning import close_windows, leave_threads, pictures_going, prune
from bot.storage.rows import empty_words
from bot.storage.turns import locked

NOTHING = Forgotten(0, 0, 0)


def question_id(turn: type[TurnRow] = TurnRow) -> ColumnElement[int]:
    """Return what all tries of one question have in common."""
    return func.coalesce(turn.first_try_id, turn.id)


class Leaving(Keeper):
    """Lets go of single turns. Raises StorageFailed."""

    async def forget_turn(self, turn_id: int) -> Forgotten:
        """Delete the words and pictures of all tries; also the turns that nothing hangs on."""
        done = await self._forget(turn_id)
        await self._database.scrub()
        return done

    async def told(self, turn_id: int) -> None:
        """Forget the address of who waited, and the tries that this one outdid."""
        async with self._database.writing() as session:
            turn = await _turn(session, turn_id)
            await session.execute(delete(PendingReplyRow).where(PendingReplyRow.turn_id == turn_id))
            gone = False
            if turn is not None and _is_another_try(turn):
                gone = await self._drop_outdone(session, turn.conversation_id)
        if gone:
            await self._database.scrub()

    async def put_back(self, turn_id: int, answer_message_id: int) -> None:
        """Give up another try, whose message shows the answer before it again."""
        async with self._database.writing() as session:
            turn = await _turn(session, turn_id)
            if turn is None or not _is_another_try(turn):
                return
            before = await _try_before(session, turn)
            if before is None:
                return
            before.answer_message_id, turn.answer_message_id = answer_message_id, None
            await _hand_over(session, turn, before)
            children = select(TurnRow.id).where(TurnRow.parent_id == turn_id).limit(1)
            if await session.scalar(children) is None:
                await self._leave(session, turn)
        await self._database.scrub()

    async def _forget(self, turn_id: int) -> Forgotten:
        """Forget all tries of a question."""
        async with self._database.writing() as session:
            turn = await _turn(session, turn_id)
            if turn is None or turn.state is TurnState.FORGOTTEN:
                return NOTHING
            tries = select(TurnRow).where(_same_question(turn)).order_by(TurnRow.id.desc())
            pictures: set[int] = set()
            gone = False
            for one in (await session.scalars(tries)).all():
                gone, numbers = await self._leave(session, one)
                pictures |= numbers
            if not gone:
                await self._drop_outdone(session, turn.conversation_id)
        return Forgotten(int(gone), 1, len(pictures))

    async def _drop_outdone(self, session: AsyncSession, conversation_id: int) -> bool:
        """Delete tries that a newer one stands for and nothing hangs on; say whether there were."""
        dropped = False
        while rows := await _outdone(session, conversation_id):
            dropped = True
            for turn, heir_id in rows:
                await _hand_over(session, turn, await session.get_one(TurnRow, heir_id))
                await self._leave(session, turn)
        return dropped

    async def _leave(self, session: AsyncSession, turn: TurnRow) -> tuple[bool, set[int]]:
        """Take everything from a turn, its place in the tree too when nothing hangs on it.

        Return whether the conversation went with it, and the numbers of the pictures that did.
        """
        numbers = await self._forget_pictures(session, await pictures_going(session, turn))
        await session.execute(delete(PendingReplyRow).where(PendingReplyRow.turn_id == turn.id))
        await close_windows(session, turn)
        seal = self._database.seal
        turn.state = TurnState.FORGOTTEN
        turn.words, turn.answer = empty_words(seal), seal.seal_text("")
        turn.person_id = turn.closer = turn.seed = turn.question_message_id = None
        turn.prompt_tokens = turn.answer_tokens = None
        turn.parameters, turn.again, turn.notes = seal.seal_json({}), [], []
        await session.flush()
        await leave_threads(session, turn.id)
        return await prune(session, turn), numbers

    async def _forget_pictures(
        self, session: AsyncSession, pictures: Sequence[tuple[int, int]]
    ) -> set[int]:
        """Delete pictures (turn and number); return their numbers."""
        await self._blobs.lock(session)
        stills = tuple_(PictureFrameRow.turn_id, PictureFrameRow.number).in_(pictures)
        frames = (await session.scalars(select(PictureFrameRow).where(stills))).all()
        await session.execute(delete(PictureFrameRow).where(stills))
        these = tuple_(TurnPictureRow.turn_id, TurnPictureRow.number).in_(pictures)
        columns = TurnPictureRow.number, TurnPictureRow.answered_as
        going = delete(TurnPictureRow).where(these).returning(*columns)
        done = (await session.execute(going)).all()
        await self._blobs.drop_unused(session, frames)
        await self._blobs.drop_answers(session, [answered_as for _, answered_as in done])
        return {number for number, _ in done}


async def _turn(session: AsyncSession, turn_id: int) -> TurnRow | None:
    """Return a turn, its conversation locked."""
    conversation_id = await session.scalar(
        select(TurnRow.conversation_id).where(TurnRow.id == turn_id)
    )
    if conversation_id is None or await locked(session, conversation_id) is None:
        return None
    return await session.get(TurnRow, turn_id)


def _is_another_try(turn: TurnRow) -> bool:
    return turn.first_try_id is not None and turn.state is not TurnState.FORGOTTEN


def _same_question(turn: TurnRow) -> ColumnElement[bool]:
    return (
        (TurnRow.conversation_id == turn.conversation_id)
        & (question_id() == (turn.first_try_id or turn.id))
        & (TurnRow.state != TurnState.FORGOTTEN)
    )


async def _try_before(session: AsyncSession, turn: TurnRow) -> TurnRow | None:
    earlier = select(TurnRow).where(_same_question(turn), TurnRow.id < turn.id)
    return await session.scalar(earlier.order_by(TurnRow.id.desc()).limit(1))


async def _outdone(session: AsyncSession, conversation_id: int) -> Sequence[Row[TurnRow, int]]:
    """Return tries that nothing hangs on, each with the newer one that stands for it.

    Nobody waits for either of them any more.
    """
    newer, child, waiting = aliased(TurnRow), aliased(TurnRow), aliased(PendingReplyRow)
    heir = (
        select(func.max(newer.id))
        .where(
            newer.conversation_id == conversation_id,
            newer.first_try_id == question_id(),
            newer.id > TurnRow.id,
            newer.state == TurnState.ANSWERED,
            ~exists().where(waiting.turn_id == newer.id),
        )
        .correlate(TurnRow)
        .scalar_subquery()
    )
    question = select(TurnRow, heir).where(
        TurnRow.conversation_id == conversation_id,
        TurnRow.state != TurnState.FORGOTTEN,
        heir.is_not(None),
        ~exists().where(PendingReplyRow.turn_id == TurnRow.id),
        ~exists().where(child.parent_id == TurnRow.id),
    )
    return (await session.execute(question)).all()


async def _hand_over(session: AsyncSession, turn: TurnRow, heir: TurnRow) -> None:
    """Let threads and the message that asked lead to another try."""
    threads = update(ThreadRow).where(ThreadRow.turn_id == turn.id)
    await session.execute(threads.values(turn_id=heir.id))
    message_id, turn.question_message_id = turn.question_message_id, None
    await session.flush()
    if heir.question_message_id is None:
        heir.question_message_id = message_id
        await session.flush()
