"""Delivers the answer to one turn of a conversation: progress, streamed text, the final layout."""

from dataclasses import dataclass, field

import discord
from discord import ui

from bot.domain.conversation import AskRequest, Turn, TurnState
from bot.domain.errors import StorageFailed
from bot.services.converse import TurnResult
from bot.services.progress import Part
from bot.ui.controls import Control, stop_button
from bot.ui.conversation.controls import turn_buttons, unanswered_buttons
from bot.ui.conversation.layouts import answered, answering
from bot.ui.delivery import Delivery
from bot.ui.errors import log_failure
from bot.ui.house import House
from bot.ui.replying import Click, Reply
from bot.ui.running import Run


@dataclass(kw_only=True)
class TurnReply(Reply[TurnResult]):
    """One accepted turn being answered."""

    turn: Turn
    request: AskRequest
    _part: Part = field(default_factory=Part, init=False)
    _hidden: bool = field(default=True, init=False)
    """Whether what is written so far may be about a spoiler."""
    _kept: bool = field(default=True, init=False)
    """Whether anything remains of the turn once the person has been told."""
    _answering: bool = field(default=False, init=False)
    _shown_in: int | None = field(default=None, init=False)

    @classmethod
    def begin(
        cls,
        house: House,
        turn: Turn,
        request: AskRequest,
        delivery: Delivery,
        *,
        replaced: Click | None = None,
    ) -> None:
        """Start answering ``turn`` in the background; the asker has been shown that it was heard.

        ``replaced`` is the acknowledged click on the answer whose place this one takes.
        """

        async def work(run: Run) -> None:
            reply = cls(
                house=house,
                run=run,
                delivery=delivery,
                replaced=replaced,
                turn=turn,
                request=request,
            )
            await reply.deliver()

        place = replaced.message if replaced is not None else None
        house.running.start(
            request.asker.person_id,
            work,
            place_id=place.id if place is not None else None,
            turn_id=turn.id,
        )

    async def _work(self) -> TurnResult:
        conversations = self.house.conversations
        await self._stands()
        try:
            self._hidden = await self._is_spoiler()
            retention = await conversations.retention_of(self.request.asker.person_id)
            self._kept = bool(retention.text)
        except StorageFailed as error:  # hidden then, to be on the safe side
            log_failure(error, self.run.reference)
        self._answering = True
        return await conversations.answer(self.turn.id, self.request, self._report, self.run.enough)

    async def _is_spoiler(self) -> bool:
        """Say whether a picture on the way is a spoiler, be it there already or still to come."""
        store = self.house.conversations.store
        before: Turn | None = self.turn
        while before is not None and before.state is not TurnState.ANSWERED:
            coming = before.sources if before.state is TurnState.WAITING else ()
            if any(source.spoiler for source in coming):
                return True
            before = None if before.parent_id is None else await store.turn(before.parent_id)
        kept = await store.pictures(self.turn.id)
        return any(picture.source.spoiler for picture in kept)

    def _report(self, part: Part) -> None:
        self._part = part
        self._changed.set()

    def _progress(self) -> ui.LayoutView:
        buttons = [self._cancel_button()]
        if self._part.text.strip() and not self.run.enough.is_set():
            buttons.insert(0, stop_button(self.run.id, self._say))
        return answering(self._part, self.delivery.locale, hidden=self._hidden, buttons=buttons)

    def _last_buttons(self) -> list[Control]:
        return unanswered_buttons(self.turn, self._say, kept=self._kept)

    async def _finish(self, result: TurnResult) -> None:
        for error in result.refused:
            log_failure(error, self.run.reference)
        self.turn = result.turn
        buttons = turn_buttons(
            result.turn, self._say, kept=result.kept, thread=self.delivery.may_open_thread
        )
        with_question = self.request.address.question_message_id is None
        await self._post(
            answered(result, self.delivery.locale, with_question=with_question, buttons=buttons)
        )
        await self._stands()
        await self._told()

    async def _stands(self) -> None:
        """Remember the message in which the answer is given, so that a reply to it is known."""
        message_id = self.delivery.message_id
        if message_id is not None and message_id != self._shown_in:
            self._shown_in = message_id
            await self._shown(self.turn.id, message_id)

    async def _put_back(self, message: discord.Message) -> None:
        """Let the message belong to the turn again whose answer stands in it."""
        await super()._put_back(message)
        try:
            await self.house.conversations.put_back(self.turn.id, message.id)
        except StorageFailed as error:  # replies to the message are not known then; it is there
            log_failure(error, self.run.reference)

    async def _shown(self, turn_id: int, message_id: int | None) -> None:
        try:
            await self.house.conversations.shown(turn_id, message_id)
        except StorageFailed as error:  # replies to the message are not known then; the answer is
            log_failure(error, self.run.reference)

    async def _told(self) -> None:
        conversations = self.house.conversations
        try:
            if self._answering:
                await conversations.told(self.turn)
            else:
                await conversations.drop(self.turn)
        except StorageFailed as error:
            log_failure(error, self.run.reference)
