"""A reply on its way: never sent twice, never lost sight of."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import ui

from bot.ui.conversation.delivery import MessageDelivery
from bot.ui.conversation.hints import Seldom
from bot.ui.layouts import plain
from tests.discord.engines import HandEngine
from tests.discord.messaging import ours, said
from tests.discord.world import World, world


class SlowChannel(discord.PartialMessageable):
    """A channel where sending takes until ``go``; remembers how it was sent."""

    def __init__(self, w: World) -> None:
        super().__init__(state=w.env.bot._connection, id=w.channel.id)
        self.go = asyncio.Event()
        self.sending = asyncio.Event()
        self.sent: list[dict[str, Any]] = []

    async def send(self, *args: Any, **kwargs: Any) -> discord.Message:
        self.sent.append(kwargs)
        self.sending.set()
        await self.go.wait()
        return await super().send(*args, **kwargs)


def delivery(channel: SlowChannel) -> MessageDelivery:
    return MessageDelivery(channel, question_message_id=5, nonce=77, locale="en-US")


async def interrupted(reply: MessageDelivery, channel: SlowChannel, view: ui.LayoutView) -> None:
    """Stop whoever shows ``view`` while Discord is taking it."""
    showing = asyncio.create_task(reply.edit(view))
    await channel.sending.wait()
    showing.cancel()
    await asyncio.wait([showing])
    assert showing.cancelled()
    channel.go.set()


async def test_a_reply_names_itself_and_pings_nobody(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        channel = SlowChannel(w)
        channel.go.set()
        await delivery(channel).edit(plain("hello"))
        (sent,) = channel.sent
        assert sent["nonce"] == "77"
        assert sent["mention_author"] is False
        assert sent["allowed_mentions"].to_dict() == discord.AllowedMentions.none().to_dict()
        assert sent["reference"].message_id == 5
        assert sent["reference"].fail_if_not_exists is False


async def test_a_reply_whose_sender_is_stopped_is_edited_and_not_sent_again(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        channel = SlowChannel(w)
        reply = delivery(channel)
        await interrupted(reply, channel, plain("Looking…"))
        await reply.edit(plain("Stopped."))
        (message,) = ours(w)
        assert said(message) == "Stopped."
        assert reply.message_id == message.id


async def test_a_reply_whose_sender_is_stopped_can_be_taken_away(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        channel = SlowChannel(w)
        reply = delivery(channel)
        await interrupted(reply, channel, plain("Looking…"))
        await reply.remove()
        await reply.remove()
        assert ours(w) == []


async def test_a_reply_that_discord_refused_is_sent_anew(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        channel = SlowChannel(w)
        channel.go.set()
        reply = delivery(channel)
        w.env.inject_error("POST", "/channels/*/messages", status=400)
        with pytest.raises(discord.HTTPException):
            await reply.edit(plain("Looking…"))
        await reply.edit(plain("It is red."))
        assert [said(message) for message in ours(w)] == ["It is red."]


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_same_hint_comes_once_in_a_while() -> None:
    clock = Clock()
    seldom = Seldom(clock)
    assert seldom.may("how", 60)
    assert not seldom.may("how", 60)
    assert seldom.may("other", 60)
    clock.now = 60
    assert seldom.may("how", 60)


def test_hints_are_not_remembered_without_end() -> None:
    clock = Clock()
    seldom = Seldom(clock)
    for number in range(5000):
        assert seldom.may(number, 60)
    assert len(seldom._until) <= 1000
    clock.now = 61
    assert seldom.may("new", 60)
    assert not seldom.may("new", 60)
