"""Every road on which a picture comes into a server ends in the queue."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from simcord.backend.models import MessageSticker
from structlog.testing import capture_logs

from bot.domain.moderation.policy import Policy, Watch
from bot.domain.moderation.upload import MAX_TEXT_CHARACTERS, Author, NewUpload, Subject
from bot.domain.picture import SourceKind
from bot.ui.moderation.gaps import expression_place
from tests.discord.pictures import png
from tests.discord.watching import ALL_INTENTS, ON, PICTURE, Watched, away, watched

PROXIED = "https://images-ext-1.discordapp.net/external/x/https/site.example/a.png"
EMBED: dict[str, Any] = {
    "type": "image",
    "url": "https://site.example/a.png",
    "thumbnail": {
        "url": "https://site.example/a.png",
        "proxy_url": PROXIED,
        "width": 64,
        "height": 48,
    },
}


async def recorded(w: Watched) -> list[NewUpload]:
    return [upload.new for upload in await w.uploads()]


async def test_an_attached_picture_is_recorded_with_what_the_message_says(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.ann.send(w.channel, "look at this", attachments=PICTURE)
        (new,) = await recorded(w)
        attachment = message.attachments[0]
        assert new.key == f"m:{message.id}:a:{attachment.id}"
        assert (new.guild_id, new.channel_id) == (w.guild.id, w.channel.id)
        assert (new.author_id, new.author, new.subject) == (
            w.ann.id,
            Author.MEMBER,
            Subject.MESSAGE,
        )
        assert new.text == "look at this"
        assert (new.ref.url, new.ref.item_id) == (attachment.url, attachment.id)
        assert new.previewed
        assert new.priority == 0
        assert await w.cursor(w.channel.id) == message.id


async def test_all_pictures_and_videos_of_a_message_and_no_other_files(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        names = ("a.png", "b.mp4", "c.gif", "d.pdf", "e.txt", "f.mp3", "g.bin", "h.webm")
        await w.ann.send(w.channel, attachments=[(name, b"x") for name in names])
        found = {new.ref.name: new for new in await recorded(w)}
        assert set(found) == {"a.png", "b.mp4", "c.gif", "g.bin", "h.webm"}
        assert found["b.mp4"].previewed
        assert not found["g.bin"].previewed


async def test_only_so_much_of_a_messages_text_goes_along(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        await w.ann.send(w.channel, "ä" * 1500, attachments=PICTURE)
        (new,) = await recorded(w)
        assert new.text == "ä" * MAX_TEXT_CHARACTERS


async def test_a_forwarded_picture_is_recorded_for_who_forwarded_it(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        w.house.moderation.policies.forget(w.guild.id)
        original = await w.mod.send(w.other, "the first words", attachments=PICTURE)
        await w.switch()
        forwarded = await w.ann.forward(original, w.channel)
        (new,) = await recorded(w)
        assert new.key == f"m:{forwarded.id}:f:{original.attachments[0].id}"
        assert new.author_id == w.ann.id
        assert new.ref.kind is SourceKind.FORWARD
        assert new.text == "the first words"


async def test_a_links_picture_that_comes_later_is_recorded_once(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.ann.send(w.channel, "https://site.example/a.png")
        assert await recorded(w) == []
        for _ in range(2):
            w.env.backend.edit_message(w.channel.id, message.id, {"embeds": [EMBED]})
            await w.env.settle()
        (new,) = await recorded(w)
        assert new.key.startswith(f"m:{message.id}:e:")
        assert new.ref.url == PROXIED
        assert new.author_id == w.ann.id
        another = {**EMBED, "thumbnail": {**EMBED["thumbnail"], "proxy_url": f"{PROXIED}2"}}
        w.env.backend.edit_message(w.channel.id, message.id, {"embeds": [another]})
        await w.env.settle()
        assert [new.ref.url for new in await recorded(w)] == [PROXIED, f"{PROXIED}2"]


async def test_other_words_alone_are_no_new_upload(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.ann.send(w.channel, "one", attachments=PICTURE)
        await w.ann.edit(message, "two")
        (new,) = await recorded(w)
        assert new.text == "one"


async def test_an_edit_by_somebody_exempt_stays_exempt(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.mod.send(w.channel, "https://site.example/a.png")
        w.env.backend.edit_message(w.channel.id, message.id, {"embeds": [EMBED]})
        await w.env.settle()
        assert await recorded(w) == []


async def test_posted_stickers_are_recorded_and_drawings_are_not(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=None) as w:
        png_sticker = w.guild.create_sticker("wave", format_type=1)
        drawing = w.guild.create_sticker("drawn", format_type=3)
        await w.switch()
        for sticker in (png_sticker, drawing):
            posted = [MessageSticker(sticker.id, sticker.name, sticker.format_type, w.guild.id)]
            w.env.backend.create_message(w.channel.id, w.ann.id, "", stickers=posted)
            await w.env.settle()
        (new,) = await recorded(w)
        assert new.key.endswith(f":s:{png_sticker.id}")
        assert new.subject is Subject.MESSAGE
        assert new.previewed


async def test_emoji_and_stickers_added_to_the_server_are_recorded(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        emoji = w.env.backend.create_emoji(w.guild.id, "smile", w.ann.id)
        sticker = w.guild.create_sticker("wave", format_type=1)
        w.guild.create_sticker("drawn", format_type=3)
        await w.env.settle()
        first, second = await recorded(w)
        assert (first.key, first.subject) == (f"emoji:{emoji.id}", Subject.EMOJI)
        assert (first.message_id, first.channel_id) == (emoji.id, 0)
        assert first.ref.url.endswith(f"{emoji.id}.png")
        assert (second.key, second.subject) == (f"sticker:{sticker.id}", Subject.STICKER)
        w.env.backend.edit_emoji(w.guild.id, emoji.id, {"name": "other"})
        await w.env.settle()
        assert len(await recorded(w)) == 2
        assert await w.cursor(expression_place(w.guild.id)) == sticker.id


async def test_no_crash_loses_an_emoji_while_discord_is_asked_who_added_it(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        assert w.bot.watch is not None
        listening, place = w.bot.watch.listening, expression_place(w.guild.id)
        before = await w.cursor(place)
        answered = asyncio.Event()

        async def fetch_sticker(_: int) -> Any:
            await answered.wait()
            return SimpleNamespace(user=None)

        guild = cast("discord.Guild", SimpleNamespace(id=w.guild.id, fetch_sticker=fetch_sticker))
        slow, quick = (
            SimpleNamespace(
                id=(before or 0) + number, user=user, url="https://x.example/a", name="a"
            )
            for number, user in ((1, None), (2, SimpleNamespace(id=w.ann.id)))
        )
        added = [
            asyncio.create_task(listening.expressions_changed(guild, (), (cast("Any", item),)))
            for item in (slow, quick)
        ]
        await w.noticed()
        assert (await recorded(w), await w.cursor(place)) == ([], before)
        answered.set()
        await asyncio.gather(*added)
        assert [new.message_id for new in await recorded(w)] == [slow.id, quick.id]
        assert await w.cursor(place) == quick.id


async def test_pictures_that_lookout_shows_for_people_are_recorded(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        channel = w.bot.get_channel(w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        await channel.send(file=discord.File(io.BytesIO(png()), "SPOILER_case-1.jpg"))
        answer = await channel.send("…")
        await answer.edit(attachments=[discord.File(io.BytesIO(png()), "picture-1.png")])
        await w.env.settle()
        (new,) = await recorded(w)
        assert (new.message_id, new.author) == (answer.id, Author.BOT)


async def test_what_is_posted_in_a_thread_is_recorded(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        thread = w.env.backend.create_thread(w.channel.id, "aside", w.ann.id)
        await w.env.settle()
        (handle,) = w.channel.threads
        message = await w.ann.send(handle, attachments=PICTURE)
        (new,) = await recorded(w)
        assert (new.channel_id, new.message_id) == (thread.id, message.id)
        assert await w.cursor(thread.id) == message.id


async def test_threads_belong_to_their_channel(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=None) as w:
        await w.switch(replace(ON, channel_ids=(w.channel.id,)))
        for parent in (w.channel, w.other):
            w.env.backend.create_thread(parent.id, "aside", w.ann.id)
            await w.env.settle()
            (thread,) = parent.threads
            await w.ann.send(thread, attachments=PICTURE)
        (new,) = await recorded(w)
        assert new.channel_id == w.other.threads[0].id


async def test_a_category_stands_for_its_channels(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=None) as w:
        category = w.guild.create_category("Quiet")
        inside = w.guild.create_text_channel("inside", category=category)
        await w.switch(replace(ON, watch=Watch.ONLY, channel_ids=(category.id,)))
        for channel in (w.channel, inside):
            await w.ann.send(channel, attachments=PICTURE)
        assert [new.channel_id for new in await recorded(w)] == [inside.id]


async def test_staff_is_left_alone_unless_the_server_wants_otherwise(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        people = (w.mod.id, w.guild.owner.id)
        for policy in (ON, replace(ON, exempt_staff=False)):
            await w.switch(policy)
            for person_id in people:
                files = w.env.backend.store_attachments(w.channel.id, PICTURE)
                w.env.backend.create_message(w.channel.id, person_id, "", attachments=files)
                await w.env.settle()
        assert tuple(new.author_id for new in await recorded(w)) == people


async def test_roles_can_be_exempt(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=None) as w:
        role = w.guild.create_role("Artists")
        artist = w.guild.add_member(w.env.create_user("art"), roles=[role])
        await w.switch(replace(ON, exempt_role_ids=(role.id,)))
        await artist.send(w.channel, attachments=PICTURE)
        await w.ann.send(w.channel, attachments=PICTURE)
        assert [new.author_id for new in await recorded(w)] == [w.ann.id]


async def test_webhooks_are_looked_at_and_named_as_such(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        hook = w.guild.create_webhook(w.channel)
        await hook.send("news", attachments=PICTURE)
        (new,) = await recorded(w)
        assert new.author is Author.WEBHOOK
        await w.switch(replace(ON, look_at_bots=False))
        await hook.send("news", attachments=PICTURE)
        assert len(await recorded(w)) == 1


async def test_lookouts_own_messages_are_never_looked_at(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=None) as w:
        await w.switch(replace(ON, exempt_staff=False))
        channel = w.bot.get_channel(w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        await channel.send(file=discord.File(__file__, "a.png"))
        await w.env.settle()
        assert await recorded(w) == []


async def test_direct_messages_are_never_looked_at(tmp_path: Path) -> None:
    intents = discord.Intents.all()
    async with watched(tmp_path, intents=intents) as w:
        direct = w.ann.user.dm_channel
        files = w.env.backend.store_attachments(direct.id, PICTURE)
        await w.ann.user.send_dm("hello", attachments=files)
        assert await recorded(w) == []


async def test_a_server_that_did_not_switch_it_on_is_not_looked_at(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=None) as w:
        await w.ann.send(w.channel, attachments=PICTURE)
        await w.switch(Policy(enabled=False))
        await w.ann.send(w.channel, attachments=PICTURE)
        assert await recorded(w) == []
        assert await w.cursor(w.channel.id) is None


async def test_the_work_begins_once_and_ends_with_the_cog(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        assert w.house.moderation.started == 1
        await w.bot.remove_cog("Lookout: watch")
        assert w.house.moderation.stopped == 1
        await w.ann.send(w.channel, attachments=PICTURE)
        assert await recorded(w) == []


async def test_leaving_a_server_withdraws_what_waits(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        await w.ann.send(w.channel, attachments=PICTURE)
        guild = w.bot.get_guild(w.guild.id)
        assert guild is not None
        await guild.leave()
        await w.env.settle()
        (upload,) = await w.uploads()
        assert upload.outcome == "withdrawn"
        assert w.house.moderation.policies.cached(w.guild.id) is None


@pytest.mark.parametrize("missing", ["message_content", "guild_messages"])
async def test_a_missing_intent_is_named_in_the_log(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in ALL_INTENTS if value and name != missing}
    async with watched(tmp_path) as w:
        with capture_logs() as logs:
            async with away(w, intents=discord.Intents(**given)):
                pass
        (said,) = [log for log in logs if log["event"] == "moderation_lacks_intents"]
        assert missing in str(said)
        await w.ann.send(w.channel, attachments=PICTURE)
        assert await recorded(w) == []
