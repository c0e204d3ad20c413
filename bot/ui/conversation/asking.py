"""Accepts a question that came by a command, a menu or a form, and has it answered."""

from dataclasses import dataclass, field, replace

import discord

from bot.domain.conversation import Address, AskRequest, Closer, Turn
from bot.domain.errors import MayNotWrite
from bot.domain.picture import PictureRef
from bot.domain.ports import Asker, PostedAnswer
from bot.domain.task import Detail, Parameters
from bot.ui.conversation.reply import TurnReply
from bot.ui.conversation.words import question, usual_question
from bot.ui.delivery import InteractionDelivery
from bot.ui.house import House
from bot.ui.resolver import Found

Interaction = discord.Interaction[discord.Client]

MAX_QUESTION_CHARACTERS = 1000
"""As much as a command or a form takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to know. An empty ``language`` means that of the question."""

    question: str = field(default="", repr=False)
    sources: tuple[Found, ...] = ()
    detail: Detail = Detail.STANDARD
    language: str = ""
    private: bool = False
    parent_id: int | None = None
    posted: PostedAnswer | None = None
    closer: Closer | None = None


async def ask(house: House, interaction: Interaction, wish: Wish) -> None:
    """Answer ``wish``, which is recorded before anybody is told that it was heard.

    Raises what ``Converse.accept`` raises, and MayNotWrite, before anything is shown.
    """
    if wish.parent_id is not None or wish.posted is not None:
        check_may_write(interaction, private=wish.private)
    me = interaction.client.user
    text = question(wish.question, me.id if me is not None else interaction.application_id)
    locale = interaction.locale.value
    pictures = sum(isinstance(source, PictureRef) for source in wish.sources)
    request = AskRequest(
        question=text or usual_question(max(1, pictures), locale),
        sources=wish.sources,
        parameters=Parameters(
            language=wish.language or ("" if text else locale), detail=wish.detail
        ),
        asker=asker_of(interaction),
        address=address_of(interaction),
        locale=locale,
        private=wish.private,
        parent_id=wish.parent_id,
        thread_id=await _thread_of_ours(house, interaction, wish),
        posted=wish.posted,
        closer=wish.closer,
    )
    turn = await house.conversations.accept(request)
    assert turn is not None, "only a message can be heard twice"
    delivery = await acknowledge(house, interaction, turn)
    TurnReply.begin(house, turn, request, delivery)


async def ask_again(house: House, interaction: Interaction, turn_id: int) -> None:
    """Ask the same once more; the new answer takes the place of the old one.

    Raises NotYours, Expired and what ``Converse.accept`` raises, before anything is shown.
    """
    before = await house.conversations.store.turn(turn_id)
    address = replace(
        address_of(interaction),
        question_message_id=None if before is None else before.question_message_id,
        answer_message_id=None if interaction.message is None else interaction.message.id,
    )
    request = await house.conversations.again(
        turn_id, asker_of(interaction), address, interaction.locale.value
    )
    turn = await house.conversations.accept(request)
    assert turn is not None, "only a message can be heard twice"
    delivery = await acknowledge(house, interaction, turn, in_place=True)
    TurnReply.begin(house, turn, request, delivery, replaced=interaction)


async def acknowledge(
    house: House, interaction: Interaction, turn: Turn, *, in_place: bool = False
) -> InteractionDelivery:
    """Show that a turn was heard; when Discord no longer takes that, give the turn up."""
    try:
        if in_place:
            heard = await interaction.response.defer()
        else:
            heard = await interaction.response.defer(thinking=True, ephemeral=turn.private)
    except discord.HTTPException:
        await house.conversations.drop(turn)
        raise
    message = interaction.message if in_place else None
    message_id = message.id if message is not None else heard.message_id if heard else None
    return InteractionDelivery(
        interaction, house.replies.token_seconds, turn.private, in_place, message_id
    )


def asker_of(interaction: Interaction) -> Asker:
    """Say who asks, and where."""
    return Asker(interaction.user.id, interaction.guild_id)


def address_of(interaction: Interaction) -> Address:
    """Say where the person waits, so that they are told even after a restart."""
    return Address(
        channel_id=interaction.channel_id or 0,
        application_id=interaction.application_id,
        token=interaction.token,
    )


def check_may_write(interaction: Interaction, *, private: bool) -> None:
    """Raise MayNotWrite where a press would bring a message for all by somebody who may write none.

    By the permissions that Discord sent with this very interaction; in direct messages there are
    none to be had. Who may use commands in a channel is for Discord itself to say.
    """
    if private or interaction.guild_id is None:
        return
    allowed = interaction.permissions
    threaded = isinstance(interaction.channel, discord.Thread)
    if not (allowed.send_messages_in_threads if threaded else allowed.send_messages):
        raise MayNotWrite


async def _thread_of_ours(house: House, interaction: Interaction, wish: Wish) -> int | None:
    """Return the thread whose newest turn this becomes: what is written there follows it up.

    What somebody asks for themselves alone is not what the others in the thread go on from.
    """
    if wish.parent_id is None or wish.private:
        return None
    if not isinstance(interaction.channel, discord.Thread):
        return None
    thread_id = interaction.channel.id
    return thread_id if await house.conversations.store.is_thread(thread_id) else None
