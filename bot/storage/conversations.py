"""The store of conversations: what becomes of turns, their pictures, and who waits for them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Update, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.answer import Answer
from bot.domain.clock import utc_now
from bot.domain.conversation import (
    Address,
    Pending,
    Retention,
    Turn,
    TurnState,
    Window,
)
from bot.domain.errors import Expired
from bot.storage.attaching import Attaching
from bot.storage.beginning import Beginning
from bot.storage.conversation_tables import (
    ConversationRow,
    PendingReplyRow,
    ThreadRow,
    TurnRow,
    WindowRow,
)
from bot.storage.database import Database
from bot.storage.forgetting import Forgetting
from bot.storage.keeper import LIMITS, Limits
from bot.storage.listing import Listing
from bot.storage.pictures import Blobs
from bot.storage.rows import window_of
from bot.storage.times import Times
from bot.storage.turns import locked


class SqlConversationStore(Beginning, Attaching, Listing, Forgetting):
    """Keeps conversations, and the bytes of their pictures up to ``picture_store_max_bytes``.

    ``longest`` is the operator's limit: it holds for what was kept before it was set, too. ``now``
    gives UTC times. Raises StorageFailed.
    """

    def __init__(
        self,
        database: Database,
        *,
        longest: Retention,
        picture_store_max_bytes: int,
        limits: Limits = LIMITS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        times = Times(longest, now)
        blobs = Blobs(database, times, max_bytes=picture_store_max_bytes)
        super().__init__(database, times, blobs, limits)

    async def answered(
        self, turn_id: int, answer: Answer, *, window_id: int | None, again: tuple[int, ...]
    ) -> None:
        """Keep the answer of a turn that is not forgotten."""
        values: dict[str, Any] = {
            "state": TurnState.ANSWERED,
            "answer": self._database.seal.seal_text(answer.text),
            "engine": answer.engine,
            "model": answer.model,
            "notes": list(answer.notes),
            "again": list(again),
        }
        async with self._database.writing() as session:
            kept = window_id is None or await _is_open(session, window_id)
            if kept:  # else it was closed meanwhile, and what was measured with it says nothing
                values["window_id"] = window_id
                values["prompt_tokens"] = answer.usage.prompt_tokens
                values["answer_tokens"] = answer.usage.answer_tokens
            await session.execute(
                update(TurnRow)
                .where(TurnRow.id == turn_id, TurnRow.state != TurnState.FORGOTTEN)
                .values(values)
            )

    async def ended(self, turn_id: int, state: TurnState) -> None:
        """Keep that a turn which waited ended without an answer."""
        waiting = TurnRow.state == TurnState.WAITING
        await self._write(update(TurnRow).where(TurnRow.id == turn_id, waiting).values(state=state))

    async def shown(self, turn_id: int, answer_message_id: int | None) -> None:
        """Remember the message in which an answer is being given."""
        known = {"answer_message_id": answer_message_id}
        real = TurnRow.state != TurnState.FORGOTTEN
        await self._write(
            update(TurnRow).where(TurnRow.id == turn_id, real).values(known),
            update(PendingReplyRow).where(PendingReplyRow.turn_id == turn_id).values(known),
        )

    async def pending(self, since: datetime | None = None) -> tuple[Pending, ...]:
        """Return everybody who has not been told, oldest first; recorded before ``since``."""
        question = select(PendingReplyRow)
        if since is not None:
            question = question.where(PendingReplyRow.since < since)
        async with self._database.reading() as session:
            rows = {row.turn_id: row for row in await session.scalars(question)}
            chosen = question.with_only_columns(PendingReplyRow.turn_id)
            fetched = await self.fetch(session, chosen)
        turns = await asyncio.to_thread(self.opened, fetched)
        return tuple(
            self._waiting(rows[turn.id], turn) for turn in sorted(turns, key=lambda turn: turn.id)
        )

    async def open_window(
        self,
        conversation_id: int,
        first_depth: int,
        recap: str,
        carried: tuple[int, ...],
        *,
        told: Sequence[int] = (),
        continues: int | None = None,
    ) -> Window:
        """Keep a new window; raises Expired when something that it tells of is gone."""
        row = WindowRow(
            conversation_id=conversation_id,
            first_depth=first_depth,
            recap=self._database.seal.seal_text(recap),
            carried=list(carried),
        )
        async with self._database.writing() as session:
            here = ConversationRow.id == conversation_id
            standing = select(ConversationRow.id).where(here, self._times.conversation_kept())
            await locked(session, conversation_id)
            if await session.scalar(standing) is None:
                raise Expired
            if continues is not None and not await _is_open(session, continues):
                raise Expired
            kept = select(func.count()).where(
                TurnRow.id.in_(told), TurnRow.state != TurnState.FORGOTTEN
            )
            if await session.scalar(kept) != len(told):
                raise Expired
            session.add(row)
        return Window(row.id, conversation_id, first_depth, recap, carried)

    async def window(self, window_id: int) -> Window | None:
        """Return a window."""
        question = (
            select(WindowRow)
            .join(ConversationRow, ConversationRow.id == WindowRow.conversation_id)
            .where(WindowRow.id == window_id, self._times.conversation_kept())
        )
        async with self._database.reading() as session:
            row = await session.scalar(question)
        return None if row is None else window_of(self._database.seal, row)

    async def open_thread(self, thread_id: int, turn_id: int) -> None:
        """Let the messages of a thread follow up ``turn_id``; raises Expired when it is gone."""
        thread = self._database.insert(ThreadRow).values(thread_id=thread_id, turn_id=turn_id)
        async with self._database.writing() as session:
            await self._standing(session, turn_id)
            await session.execute(
                thread.on_conflict_do_update(
                    index_elements=[ThreadRow.thread_id], set_={"turn_id": turn_id}
                )
            )

    async def close_thread(self, thread_id: int) -> None:
        """Forget that a thread belonged to a conversation; an unknown one is fine."""
        await self._write(delete(ThreadRow).where(ThreadRow.thread_id == thread_id))

    def _waiting(self, row: PendingReplyRow, turn: Turn) -> Pending:
        token = None if row.token is None else self._database.seal.open_text(row.token)
        address = Address(
            channel_id=row.channel_id,
            question_message_id=row.question_message_id,
            answer_message_id=row.answer_message_id,
            application_id=row.application_id,
            token=token,
        )
        return Pending(turn, address, row.locale, row.since)

    async def _write(self, *statements: Update | Delete) -> None:
        async with self._database.writing() as session:
            for statement in statements:
                await session.execute(statement)


async def _is_open(session: AsyncSession, window_id: int) -> bool:
    question = select(WindowRow.id).where(WindowRow.id == window_id)
    return await session.scalar(question.with_for_update(read=True)) is not None
