"""Hears messages: has those answered that are questions to us, and says in words what is not."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

import discord
import structlog
from discord.ext import commands

from bot.domain.conversation import Address, AskRequest, Turn
from bot.domain.errors import NoPicture, PictureError, RateLimited
from bot.domain.picture import PictureRef
from bot.domain.ports import Asker
from bot.domain.task import Parameters
from bot.ui.controls import delete_button
from bot.ui.conversation.delivery import MessageDelivery, may_write, reply_to
from bot.ui.conversation.hints import Seldom, hint
from bot.ui.conversation.messages import Act, decide
from bot.ui.conversation.reading import Reading, may_concern, read
from bot.ui.conversation.reply import TurnReply
from bot.ui.conversation.words import question, usual_question
from bot.ui.errors import log_failure
from bot.ui.house import House
from bot.ui.i18n import words
from bot.ui.layouts import failure, plain
from bot.ui.resolver import from_message, shown_by

_log = structlog.get_logger(__name__)

_HEAR_SECONDS = 60.0
_TYPING_SECONDS = 5.0
_SAME_HINT_SECONDS = 60.0
_UNREAD_HINT_SECONDS = 86_400.0
"""That replies cannot be read is said once under an answer: people may be talking about it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A message whose answer is under way."""

    turn: Turn
    request: AskRequest
    delivery: MessageDelivery


class Hearing:
    """What reaches us by messages, on one client."""

    def __init__(self, bot: commands.Bot, house: House) -> None:
        self.bot = bot
        self.house = house
        self.asked: dict[int, Asked] = {}
        """Messages whose answers are under way, by id."""
        self.in_line: set[int] = set()
        """Messages that wait for those before them in their channel."""
        self._seldom = Seldom()
        self._orders: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def heard(self, message: discord.Message) -> None:
        """Have ``message`` answered if it is a question to us. Raises nothing."""
        me = self.bot.user
        if me is None or not may_concern(message, me.id):
            return
        # Nothing is waited for before the place in line, so that messages keep their order.
        self.in_line.add(message.id)
        try:
            async with self._answering(message), self.in_order(message.channel.id):
                await self._hear(message, me.id)
        finally:
            self.in_line.discard(message.id)

    @asynccontextmanager
    async def in_order(self, channel_id: int) -> AsyncIterator[None]:
        """Deal with what happens in a channel one after the other, as it came."""
        order = self._orders.get(channel_id)
        if order is None:
            order = self._orders[channel_id] = asyncio.Lock()
        async with order, asyncio.timeout(_HEAR_SECONDS):
            yield

    async def request(self, message: discord.Message, act: Act, reading: Reading) -> AskRequest:
        """Make a request of a message. Raises QuestionTooLong and NoPicture."""
        me = self.bot.user
        text = question(message.content, me.id if me is not None else 0)
        limit = self.house.replies.pictures_per_request
        if act is Act.BEGIN:
            sources = await from_message(message, limit=limit)
        else:
            sources = shown_by(message, limit=limit)
        count = sum(isinstance(source, PictureRef) for source in sources)
        if not count and (act is Act.BEGIN or not text):
            refused = (source for source in sources if isinstance(source, PictureError))
            raise NoPicture(tuple(refused))
        locale = locale_of(message)
        in_thread = reading.heard.thread
        follows = reading.replied.turn if act is not Act.BEGIN else None
        if act is Act.FOLLOW_PLACE and in_thread:
            follows = None  # the thread knows
        return AskRequest(
            question=text or usual_question(count, locale),
            sources=sources,
            parameters=Parameters(language="" if text else locale),
            asker=Asker(message.author.id, message.guild.id if message.guild else None),
            address=Address(message.channel.id, question_message_id=message.id),
            locale=locale,
            parent_id=follows.id if follows is not None else None,
            thread_id=message.channel.id if in_thread else None,
            posted=reading.replied.posted if act is Act.FOLLOW_POSTED else None,
        )

    async def ask(
        self, message: discord.Message, request: AskRequest, *, reply_id: int | None = None
    ) -> None:
        """Have a request answered in reply to ``message``. Raises what ``Converse.accept`` raises.

        ``reply_id`` is a reply of ours that is to be used again.
        """
        turn = await self.house.conversations.accept(request)
        if turn is None:
            return  # Discord repeats events now and then
        delivery = MessageDelivery(
            message.channel, message.id, turn.id, request.locale, message_id=reply_id
        )
        self.asked = {
            asked_id: asked
            for asked_id, asked in self.asked.items()
            if self.house.running.of_turn(asked.turn.id) is not None
        }
        self.asked[message.id] = Asked(turn, request, delivery)
        TurnReply.begin(self.house, turn, request, delivery)
        if reply_id is None:
            await _show_typing(message.channel)

    async def _hear(self, message: discord.Message, me_id: int) -> None:
        all_is_read = self.bot.intents.message_content
        reading = await read(self.house, message, me_id, message_content=all_is_read)
        act = decide(reading.heard, answers_mentions=self.house.replies.answer_mentions)
        if act is Act.IGNORE or await self._is_command(message):
            return
        if not may_write(message.channel):
            _log.info("may_not_write", channel_id=message.channel.id)
            return
        if act in (Act.BEGIN, Act.FOLLOW_TURN, Act.FOLLOW_POSTED, Act.FOLLOW_PLACE):
            await self.ask(message, await self.request(message, act, reading))
        else:
            await self._hint(message, act, reading)

    async def _is_command(self, message: discord.Message) -> bool:
        """Say whether a message is a text command of the bot that we were loaded into."""
        return (await self.bot.get_context(message)).valid

    async def _hint(self, message: discord.Message, act: Act, reading: Reading) -> None:
        if act is Act.SAY_UNREAD_REPLY and message.reference is not None:
            what: object = (act, message.reference.message_id)
            seconds = _UNREAD_HINT_SECONDS
        else:
            what = (act, message.channel.id, message.author.id)
            seconds = _SAME_HINT_SECONDS
        if self._seldom.may(what, seconds):
            say = words(locale_of(message))
            await self._say(message, hint(act, reading, say, self.bot.user))

    @asynccontextmanager
    async def _answering(self, message: discord.Message) -> AsyncIterator[None]:
        """Say once what goes wrong; nothing is raised into a client that is not ours."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the responder is where everything ends
            reference = f"{secrets.randbits(32):08X}"
            log_failure(error, reference)
            await self.say_failure(message, error, reference)

    async def say_failure(self, message: discord.Message, error: Exception, reference: str) -> None:
        """Say an error in reply to ``message``, once, as far as that can be done."""
        what: object = ("failure", message.id)
        seconds = _SAME_HINT_SECONDS
        if isinstance(error, RateLimited):
            what, seconds = ("limit", message.author.id), error.retry_after_seconds
        if not self._seldom.may(what, seconds):
            return
        try:
            async with asyncio.timeout(_HEAR_SECONDS):
                await self._say(message, failure(error, locale_of(message), reference))
        except Exception as unsaid:  # noqa: BLE001 - there is no further road to the person
            _log.warning("failure_unsaid", error=type(unsaid).__name__)

    async def _say(self, message: discord.Message, text: str) -> None:
        button = delete_button(message.author.id, words(locale_of(message)))
        await reply_to(message.channel, message.id, plain(text, [button]), nonce=message.id)


def locale_of(message: discord.Message) -> str:
    """Return the language to speak in reply to a message: that of its server, else English."""
    return message.guild.preferred_locale.value if message.guild is not None else "en-US"


async def _show_typing(channel: discord.abc.Messageable) -> None:
    """Show that something is coming, until it is there; without it nothing is lost."""
    try:
        async with asyncio.timeout(_TYPING_SECONDS):
            await channel.typing()
    except (discord.HTTPException, OSError, TimeoutError):
        return
