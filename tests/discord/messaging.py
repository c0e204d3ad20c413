"""People who ask by writing messages."""

from collections.abc import Sequence
from typing import Any

import discord
import simcord
from simcord.backend.models import AllowedMentions

from tests.discord.world import World

Files = Sequence[tuple[str, bytes]]


def mention(w: World) -> str:
    """Write the bot's name."""
    return f"<@{w.env.backend.bot_user.id}>"


async def wrote(
    w: World,
    actor: simcord.MemberActor,
    text: str,
    *,
    channel: simcord.ChannelHandle | None = None,
    to: Any = None,
    files: Files = (),
) -> discord.Message:
    """Send a message and wait until all is answered."""
    sent = await actor.send(channel or w.channel, text, reply_to=to, attachments=files)
    await w.lookout.running.idle()
    return sent


async def wrote_directly(
    w: World, actor: simcord.MemberActor, text: str, *, to: Any = None, files: Files = ()
) -> discord.Message:
    """Send the bot a direct message and wait until all is answered."""
    more: dict[str, Any] = {}
    direct = actor.user.dm_channel
    if to is not None:
        more["reference"] = {"channel_id": str(direct.id), "message_id": str(to.id)}
    attachments = w.env.backend.store_attachments(direct.id, files)
    sent = await actor.user.send_dm(text, attachments=attachments, **more)
    await w.lookout.running.idle()
    return sent


async def wrote_without_ping(
    w: World, actor: simcord.MemberActor, text: str, *, to: Any
) -> discord.Message:
    """Reply with the ping switched off."""
    sent = w.env.backend.create_message(
        w.channel.id,
        actor.id,
        text,
        reference={"channel_id": str(w.channel.id), "message_id": str(to.id)},
        allowed_mentions=AllowedMentions(replied_user=False),
    )
    await w.env.settle()
    await w.lookout.running.idle()
    return found(w.channel, sent.id)


def found(channel: simcord.ChannelHandle, message_id: int) -> discord.Message:
    """Return a message as it is now."""
    return next(message for message in channel.history() if message.id == message_id)


def ours(w: World, channel: simcord.ChannelHandle | None = None) -> list[discord.Message]:
    """List what the bot has written in a channel, oldest first."""
    me = w.env.backend.bot_user.id
    written = (channel or w.channel).history()
    return sorted((m for m in written if m.author.id == me), key=lambda m: m.id)


def last(w: World, channel: simcord.ChannelHandle | None = None) -> discord.Message:
    """Return what the bot wrote last."""
    written = ours(w, channel)
    assert written, "the bot wrote nothing"
    return written[-1]


def said(message: discord.Message) -> str:
    """Return all text of a message, a component a line."""
    return "\n".join(
        item.content for item in _walked(message) if isinstance(item, discord.TextDisplay)
    )


def offered(message: discord.Message) -> list[str | None]:
    """Return the labels of a message's buttons."""
    return [item.label for item in _walked(message) if isinstance(item, discord.Button)]


def _walked(message: discord.Message) -> list[Any]:
    found: list[Any] = []

    def walk(items: Sequence[Any]) -> None:
        for item in items:
            found.append(item)
            walk(getattr(item, "children", ()))

    walk(message.components)
    return found
