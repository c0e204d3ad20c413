"""Messages that are edited or deleted: the question goes, and with it what was made of it."""

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

import discord
import structlog

from bot.domain.conversation import AskRequest
from bot.domain.picture import PictureRef
from bot.domain.task import Parameters
from bot.ui.conversation.delivery import remove_message
from bot.ui.conversation.hearing import Asked, Hearing
from bot.ui.conversation.reading import is_empty
from bot.ui.conversation.withdrawing import withdraw, withdraw_message
from bot.ui.conversation.words import question, usual_question
from bot.ui.errors import log_failure
from bot.ui.resolver import Found, shown_by

_log = structlog.get_logger(__name__)


class Changes:
    """What becomes of turns when the messages around them change. Raises nothing.

    A question that is deleted takes its answer with it, as the answer tells what was in it, or in
    its picture. An answer that is deleted (by a moderator, say) is forgotten. Turns that follow
    stay. An edit counts until the answer is finished: then it is begun again in the same place.
    """

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._house = hearing.house

    async def edited(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Begin again if the question whose answer is under way has other words now."""
        message = payload.message
        if message.id not in self._hearing.asked and message.id not in self._hearing.in_line:
            return
        async with _quietly(), self._hearing.in_order(message.channel.id):
            asked = self._hearing.asked.get(message.id)
            if asked is None or self._house.running.of_turn(asked.turn.id) is None:
                return
            if is_empty(message):
                return  # Discord no longer lets us read it: what was read before still counts
            try:
                await self._ask_again(message, asked)
            except Exception as error:  # noqa: BLE001 - it ends in words, as any question does
                reference = f"{secrets.randbits(32):08X}"
                log_failure(error, reference)
                await asked.delivery.remove()
                await self._hearing.say_failure(message, error, reference)

    async def deleted(self, channel_id: int, message_ids: Iterable[int]) -> None:
        """Forget the turns that these messages asked or answered."""
        for message_id in message_ids:
            async with _quietly(), self._hearing.in_order(channel_id):
                await self._forget(channel_id, message_id)

    async def thread_deleted(self, thread_id: int) -> None:
        """Forget the thread; its conversation goes on by replies and buttons."""
        async with _quietly():
            await self._house.conversations.store.close_thread(thread_id)

    async def _ask_again(self, message: discord.Message, asked: Asked) -> None:
        before = asked.request
        request = self._reworded(message, before)
        if request.question == before.question and _same(request.sources, before.sources):
            return  # Discord tells of its own additions, such as a link's preview, as edits
        await withdraw(self._house, asked.turn.id)
        again = replace(request, parent_id=asked.turn.parent_id)
        await asked.delivery.settle()
        await self._hearing.ask(message, again, reply_id=asked.delivery.message_id)

    def _reworded(self, message: discord.Message, before: AskRequest) -> AskRequest:
        me = self._hearing.bot.user
        text = question(message.content, me.id if me is not None else 0)
        sources: tuple[Found, ...] = shown_by(
            message, limit=self._house.replies.pictures_per_request
        )
        if not sources:  # those of the message replied to are still there
            sources = tuple(
                source
                for source in before.sources
                if isinstance(source, PictureRef) and source.message_id != message.id
            )
        return replace(
            before,
            question=text or usual_question(len(sources), before.locale),
            sources=sources,
            parameters=Parameters(language="" if text else before.locale),
        )

    async def _forget(self, channel_id: int, message_id: int) -> None:
        """Forget what a message asked or answered; a question takes its answer along."""
        for turn in await withdraw_message(self._house, message_id):
            asked = self._hearing.asked.pop(turn.question_message_id or 0, None)
            if turn.question_message_id == message_id:
                if asked is not None:
                    await asked.delivery.remove()
                elif turn.answer_message_id is not None:
                    channel = self._hearing.bot.get_partial_messageable(channel_id)
                    await remove_message(channel.get_partial_message(turn.answer_message_id))
            _log.info("turn_withdrawn", turn_id=turn.id)


def _same(one: Iterable[object], other: Iterable[object]) -> bool:
    return [_identity(source) for source in one] == [_identity(source) for source in other]


def _identity(source: object) -> object:
    """Tell pictures apart by where they are: their links change whenever they are sent."""
    if isinstance(source, PictureRef):
        return source.kind, source.message_id, source.item_id
    return type(source)


@asynccontextmanager
async def _quietly() -> AsyncIterator[None]:
    """Log what goes wrong: nobody waits for words about it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - nothing is raised into a client that is not ours
        log_failure(error, "")
