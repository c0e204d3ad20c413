"""Revealing: Discord's own copy, to one moderator, where they could have seen it themselves."""

from pathlib import Path
from typing import Any

import discord
import simcord

from bot.domain.moderation.upload import Author, Subject
from tests.discord.cases import court, told
from tests.discord.forms import deny
from tests.discord.messaging import found, said
from tests.discord.world import components


def pictures(shown: simcord.InteractionResult) -> list[str]:
    """The addresses of what is shown, all behind spoilers."""
    items: list[dict[str, Any]] = [
        item
        for gallery in components(shown.response)
        if gallery["type"] == 12
        for item in gallery["items"]
    ]
    assert all(item["spoiler"] for item in items)
    return [item["media"]["url"] for item in items]


async def test_of_a_raid_whatever_copy_is_left_is_shown(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        await c.raid(c.w.ann, c.w.ben, c.w.ben)
        oldest, *others = sorted(c.w.channel.history(), key=lambda message: message.id)
        for message in others:
            await c.mod.delete(message)
        shown = await c.press(c.mod, "Reveal")
        assert pictures(shown) == [oldest.attachments[0].url]
        assert f"<@{c.w.ann.id}>" in told(shown)


async def test_emoji_and_stickers_of_the_server_are_shown_while_they_exist(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        emoji = c.w.guild.create_emoji("coins")
        await c.flagged(c.w.ann.id, emoji.id, subject=Subject.EMOJI)
        card = c.card()
        assert "an emoji that you" not in said(card)
        (url,) = pictures(await c.press(c.mod, "Reveal"))
        assert str(emoji.id) in url
        sticker = c.w.guild.create_sticker("coins")
        await c.flagged(c.w.ann.id, sticker.id, subject=Subject.STICKER)
        (url,) = pictures(await c.press(c.mod, "Reveal"))
        assert str(sticker.id) in url
        c.w.env.backend.delete_emoji(c.w.guild.id, emoji.id)
        gone = await c.press(c.mod, "Reveal", found(c.log, card.id))
        assert "the message is gone" in told(gone)


async def test_a_private_thread_stays_private_to_whoever_is_not_in_it(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        channel = c.w.env.bot.get_channel(c.w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        thread = await channel.create_thread(name="secret", type=discord.ChannelType.private_thread)
        await thread.add_user(discord.Object(c.w.ann.id))
        (handle,) = c.w.channel.threads
        message = await c.w.ann.send(handle, "coins")
        await c.flagged(c.w.ann.id, message.id, channel_id=thread.id)
        assert "“View Channel”" in told(await c.press(c.mod, "Reveal"))


async def test_where_lookout_cannot_look_it_says_so(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        await c.flagged(c.w.ann.id, message.id)
        deny(c.w, c.w.env.backend.bot_user.id, read_message_history=True)
        assert "I lack the permission “Read Message History”" in told(
            await c.press(c.mod, "Reveal")
        )


async def test_a_channel_that_is_gone_has_nothing_to_show(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        await c.flagged(c.w.ann.id, message.id, channel_id=4711)
        assert "the message is gone" in told(await c.press(c.mod, "Reveal"))


async def test_a_bot_s_card_names_it_as_one(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        helper = c.w.guild.add_member(c.w.env.create_user("helper", bot=True))
        await c.flagged(helper.id, 4711, author=Author.BOT)
        assert f"<@{helper.id}> (**helper**, a bot, `{helper.id}`)" in said(c.card())
