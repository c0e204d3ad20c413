"""After a start: tells everybody who was left waiting what became of their question."""

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import cast

import discord
import structlog
from discord import ui
from discord.ext import commands

from bot.domain.answer import Answer
from bot.domain.conversation import Pending, Turn, TurnState
from bot.domain.errors import Interrupted, LookoutError, StorageFailed, Undeliverable
from bot.services.converse import TurnResult
from bot.ui.conversation.controls import turn_buttons, unanswered_buttons
from bot.ui.conversation.delivery import Channel, MessageDelivery, fitting, may_write, reply_to
from bot.ui.conversation.layouts import answered
from bot.ui.conversation.reading import custom_ids
from bot.ui.errors import log_failure
from bot.ui.house import House
from bot.ui.i18n import words
from bot.ui.layouts import Rendered, plain
from bot.ui.running import Run
from bot.ui.sentences import sentence

_log = structlog.get_logger(__name__)

_AT_ONCE = 4
_TELL_SECONDS = 60.0
_TOKEN_LIFE = timedelta(minutes=14, seconds=30)
"""Discord's 15 minutes, less what telling may take."""
_GIVEN_UP = timedelta(hours=24)
_UNKNOWN_MESSAGE = 10008
"""Discord's code for a message that was deleted (discord-api-docs, JSON error codes)."""


class Recovery:
    """Tells those whom the last run of Lookout left without an answer.

    Whoever cannot be reached is tried again at every start, for a day.
    """

    def __init__(self, bot: commands.Bot, house: House) -> None:
        self._bot = bot
        self._house = house
        self._left: tuple[Pending, ...] = ()

    async def load(self) -> None:
        """Find out who waits; to be done before any question can be asked. Raises nothing."""
        try:
            self._left = await self._house.conversations.recover()
        except StorageFailed as error:
            log_failure(error, "")

    def begin(self) -> None:
        """Tell them in the background, once; the client must be able to speak by now."""
        left, self._left = self._left, ()
        if not left:
            return

        async def work(_: Run) -> None:
            await self._tell_all(left)

        self._house.running.start(0, work)

    async def _tell_all(self, left: tuple[Pending, ...]) -> None:
        free = asyncio.Semaphore(_AT_ONCE)

        async def tell(pending: Pending) -> None:
            async with free:
                await self._tell(pending)

        async with asyncio.TaskGroup() as group:
            for pending in left:
                group.create_task(tell(pending))

    async def _tell(self, pending: Pending) -> None:
        turn = pending.turn
        try:
            if pending.since < datetime.now(UTC) - _GIVEN_UP:
                _log.warning("given_up", turn_id=turn.id)
            elif turn.state is not TurnState.FORGOTTEN:
                async with asyncio.timeout(_TELL_SECONDS):
                    reached = await self._reach(pending)
                _log.info("after_restart", turn_id=turn.id, state=turn.state, reached=reached)
            await self._house.conversations.told(turn)
        except Exception as error:  # noqa: BLE001 - one who cannot be told keeps nobody else waiting
            _log.warning("not_told", turn_id=turn.id, error=type(error).__name__)

    async def _reach(self, pending: Pending) -> bool:
        """Show what became of a turn, by the first road that is open.

        Returns False where there is none and never will be: a private reply whose token has died,
        a reply that was deleted, a command that Discord had called failed to the person's face.
        Raises Undeliverable and discord.HTTPException where it may go better another time.
        """
        address = pending.address
        channel = self._channel(address.channel_id)
        rendered = await self._rendered(pending, channel)
        try:
            if await self._by_token(pending, rendered):
                return True
            if pending.turn.private:
                return False
            if address.answer_message_id is not None:
                reply = self._delivery(pending, channel, address.answer_message_id)
                await reply.edit(rendered.view, rendered.files)
            elif address.question_message_id is not None:
                await self._by_reply(pending, address.question_message_id, channel, rendered)
            else:
                return False
        except discord.NotFound as error:
            if error.code != _UNKNOWN_MESSAGE:
                raise
            return False
        return True

    async def _by_token(self, pending: Pending, rendered: Rendered) -> bool:
        """Edit the reply to a command or a button; say whether that could be done."""
        address = pending.address
        old = datetime.now(UTC) - pending.since > _TOKEN_LIFE
        if old or address.token is None or address.application_id is None:
            return False
        webhook = discord.Webhook.partial(address.application_id, address.token, client=self._bot)
        # Where the message is not known, it is the reply itself, which Discord knows by this name.
        reply_id = address.answer_message_id or cast("int", "@original")
        try:
            await webhook.edit_message(
                reply_id,
                view=rendered.view,
                attachments=[item.file() for item in rendered.files],
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except discord.NotFound as error:
            if error.code == _UNKNOWN_MESSAGE:
                raise
            return False  # the token has died
        except discord.HTTPException as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            return False  # the same, as Discord says it too (code 50027)
        return True

    async def _by_reply(
        self, pending: Pending, question_id: int, channel: Channel, rendered: Rendered
    ) -> None:
        if not may_write(channel):
            raise Undeliverable("forbidden")
        turn = pending.turn
        view, files = fitting(channel, rendered.view, rendered.files, pending.locale)
        sent = await reply_to(channel, question_id, view, files, nonce=turn.id)
        await self._house.conversations.shown(turn.id, sent.id)
        if list(custom_ids(sent)) != _drawn_ids(view):
            # By the nonce Discord knew what we had sent before the restart, and gave it back.
            await self._delivery(pending, channel, sent.id).edit(view, files)

    async def _rendered(self, pending: Pending, channel: Channel) -> Rendered:
        turn, locale = pending.turn, pending.locale
        say = words(locale)
        if turn.state is TurnState.ANSWERED:
            delivery = self._delivery(pending, channel, None)
            result = await self._result(turn)
            buttons = turn_buttons(
                turn, say, kept=result.kept, thread=not turn.private and delivery.may_open_thread
            )
            with_question = pending.address.question_message_id is None
            return answered(result, locale, with_question=with_question, buttons=buttons)
        kept = await self._is_kept(turn)
        if turn.state is TurnState.FAILED:
            text = sentence(LookoutError(), locale)
        elif kept:
            text = say.say(
                "I was restarted while I was answering this. Press “Try again” to have it answered."
            )
        else:
            text = sentence(Interrupted(), locale)
        return Rendered(plain(text, unanswered_buttons(turn, say, kept=kept)))

    async def _is_kept(self, turn: Turn) -> bool:
        """Say whether anything remains of a turn once the person has been told."""
        return bool((await self._house.conversations.retention_of(turn.person_id or 0)).text)

    async def _result(self, turn: Turn) -> TurnResult:
        """Put a kept answer together again as it was when it was finished."""
        conversations = self._house.conversations
        pictures = await conversations.store.load(turn.pictures)
        on_the_way = await conversations.store.pictures(turn.id)
        return TurnResult(
            turn,
            Answer(turn.answer, turn.engine, turn.model, notes=turn.notes),
            new=tuple(
                (kept, pictures[kept.number]) for kept in turn.pictures if kept.number in pictures
            ),
            spoiler=any(picture.source.spoiler for picture in on_the_way),
            kept=await self._is_kept(turn),
        )

    def _channel(self, channel_id: int) -> Channel:
        known = self._bot.get_channel(channel_id)
        if isinstance(known, Channel):
            return known
        return self._bot.get_partial_messageable(channel_id)

    def _delivery(
        self, pending: Pending, channel: Channel, message_id: int | None
    ) -> MessageDelivery:
        question_id = pending.address.question_message_id or 0
        return MessageDelivery(
            channel, question_id, pending.turn.id, pending.locale, message_id=message_id
        )


def _drawn_ids(view: ui.LayoutView) -> list[str]:
    return [
        item.custom_id
        for item in view.walk_children()
        if isinstance(item, ui.Button) and item.custom_id is not None
    ]
