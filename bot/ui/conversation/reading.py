"""Reads what the rules for messages want to know: who wrote, to whom, in reply to what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import discord

from bot.domain.conversation import Turn
from bot.domain.picture import PictureRef
from bot.domain.ports import PostedAnswer
from bot.ui.conversation.messages import Heard, Target
from bot.ui.conversation.words import mentions, plain_words
from bot.ui.house import House
from bot.ui.resolver import shown_by

_RECENT = timedelta(hours=1)
"""How long direct messages follow up what was last asked there."""
_WRITTEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
_RUN_CONTROL = re.compile(r"lookout:(?:cancel|stop):([0-9]+)")
_TURN_CONTROL = re.compile(r"lookout:turn:[a-z]+:([0-9]+):")
_POSTED_CONTROL = re.compile(r"lookout:[a-z]+:([0-9]+):[0-9]+:(?:private|public)")


@dataclass(frozen=True, slots=True)
class Replied:
    """What a message replies to, with what is kept of it."""

    target: Target = Target.NOTHING
    turn: Turn | None = None
    posted: PostedAnswer | None = None
    pictures: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as the rules see it, and what it belongs to."""

    heard: Heard
    replied: Replied


def may_concern(message: discord.Message, me_id: int) -> bool:
    """Say, without looking anything up, whether a message could be meant for us."""
    if message.author.bot or message.webhook_id is not None or message.type not in _WRITTEN:
        return False
    if message.guild is None:  # or a server that is not known yet
        return isinstance(message.channel, discord.DMChannel)
    if any(person.id == me_id for person in message.mentions):
        return True
    reference = _reference(message)
    if reference is not None:
        replied = reference.resolved
        if not isinstance(replied, discord.Message) or replied.author.id == me_id:
            return True
    channel = message.channel
    if isinstance(channel, discord.Thread):
        # A thread that somebody else opened on an answer may have become ours. Without the
        # message-content intent its messages say nothing to us unless we are mentioned.
        return channel.owner_id == me_id or not is_empty(message)
    return isinstance(channel, discord.PartialMessageable)  # a thread not heard of before, perhaps


async def read(
    house: House, message: discord.Message, me_id: int, *, message_content: bool
) -> Reading:
    """Look up what the rules want to know. Raises StorageFailed.

    ``message_content`` is whether Discord lets us read what is not meant for us.
    """
    store = house.conversations.store
    direct = message.guild is None
    named = mentions(message.content, me_id)
    pinged = any(person.id == me_id for person in message.mentions)
    all_is_read = direct or message_content
    replied = await _replied(house, message, me_id, named=named, all_is_read=all_is_read)
    recent = None
    if direct and replied.target in (Target.NOTHING, Target.OTHER):
        recent = await store.turn_of_channel(message.channel.id, datetime.now(UTC) - _RECENT)
    heard = Heard(
        direct=direct,
        thread=not direct and await _in_our_thread(house, message),
        named=named,
        pinged=pinged,
        readable=all_is_read or not is_empty(message) or (pinged and bool(message.stickers)),
        words=bool(plain_words(message.content, me_id)),
        pictures=bool(shown_by(message, limit=1)),
        target=replied.target,
        target_pictures=replied.pictures,
        recent=recent is not None,
    )
    return Reading(heard, Replied(turn=recent) if recent is not None else replied)


async def _in_our_thread(house: House, message: discord.Message) -> bool:
    possible = isinstance(message.channel, discord.Thread | discord.PartialMessageable)
    return possible and await house.conversations.store.is_thread(message.channel.id)


async def _replied(
    house: House, message: discord.Message, me_id: int, *, named: bool, all_is_read: bool
) -> Replied:
    reference = _reference(message)
    if reference is None or reference.message_id is None:
        return Replied()
    to = reference.resolved
    ours = isinstance(to, discord.Message) and to.author.id == me_id
    meant = named or message.guild is None
    # A person's own question counts only when we are asked about it, not when people talk.
    if ours or meant or not isinstance(to, discord.Message):
        turn = await house.conversations.store.turn_of_message(reference.message_id)
        if turn is not None:
            return Replied(Target.TURN, turn=turn)
    if to is None and meant:
        to = reference.resolved = await _fetched(message, reference.message_id)
    if not isinstance(to, discord.Message):
        return Replied(Target.OTHER)
    if ours:
        return await _our_answer(house, to)
    pictures = any(isinstance(item, PictureRef) for item in shown_by(to, limit=1))
    exempt = any(person.id == me_id for person in to.mentions)
    censored = not all_is_read and not exempt and not pictures and is_empty(to)
    return Replied(Target.CENSORED if censored else Target.OTHER, pictures=pictures)


async def _our_answer(house: House, message: discord.Message) -> Replied:
    """Recognise an answer by its controls, which name what is kept of it.

    One that has only begun to come may not be known by its message yet, but by what answers it.
    """
    for custom_id in custom_ids(message):
        if found := _RUN_CONTROL.fullmatch(custom_id):
            run = house.running.get(int(found[1]))
            if run is None or run.turn_id is None:
                return Replied(Target.OTHER)
            return await _of_turn(house, run.turn_id)
        if found := _TURN_CONTROL.match(custom_id):
            return await _of_turn(house, int(found[1]))
        if (found := _POSTED_CONTROL.match(custom_id)) and int(found[1]):
            posted = await house.posted.get(int(found[1]))
            return Replied(Target.GONE if posted is None else Target.POSTED, posted=posted)
    return Replied(Target.OTHER)


async def _of_turn(house: House, turn_id: int) -> Replied:
    turn = await house.conversations.store.turn(turn_id)
    return Replied(Target.GONE if turn is None else Target.TURN, turn=turn)


def custom_ids(message: discord.Message) -> Iterator[str]:
    """Yield what the buttons under a message of ours are known by."""
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            for control in row.children:
                if isinstance(control, discord.Button) and control.custom_id is not None:
                    yield control.custom_id


def _reference(message: discord.Message) -> discord.MessageReference | None:
    reference = message.reference
    if reference is None or reference.type is discord.MessageReferenceType.forward:
        return None
    return reference


def is_empty(message: discord.Message) -> bool:
    """Say whether there is nothing of what Discord leaves out of messages not meant for us."""
    return not (
        message.content or message.attachments or message.embeds or message.message_snapshots
    )


async def _fetched(message: discord.Message, message_id: int) -> discord.Message | None:
    try:
        return await message.channel.fetch_message(message_id)
    except discord.HTTPException:
        return None  # it cannot be read from here: there is nothing to be seen in it then
