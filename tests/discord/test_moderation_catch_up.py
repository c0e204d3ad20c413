"""What was posted while Lookout was away is found when it is back, each picture once."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from simcord.backend.serializers import guild_create_payload
from structlog.testing import capture_logs

from bot.domain.moderation.policy import Watch
from bot.domain.moderation.ports import UploadStore
from bot.domain.moderation.upload import Cursor, NewUpload
from bot.services.moderation.intake import Intake
from bot.ui.moderation.gaps import Reach, expression_place
from bot.ui.moderation.watching import CAUGHT_UP_PRIORITY
from tests.discord.test_moderation_watching import EMBED
from tests.discord.watching import ON, PICTURE, Watched, WatchHouse, away, watched


async def post(w: Watched, channel_id: int, count: int = 1, *, by: int = 0) -> list[int]:
    """Post messages with a picture each, without waiting for anybody to hear them."""
    ids = []
    for _ in range(count):
        files = w.env.backend.store_attachments(channel_id, PICTURE)
        message = w.env.backend.create_message(channel_id, by or w.ann.id, "", attachments=files)
        ids.append(message.id)
    return ids


def talk(w: Watched, channel_id: int, count: int) -> list[int]:
    return [w.env.backend.create_message(channel_id, w.ann.id, "hm").id for _ in range(count)]


async def test_every_picture_posted_meanwhile_is_found_once(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        before = (await w.ann.send(w.channel, attachments=PICTURE)).id
        async with away(w):
            first = await post(w, w.channel.id, 3)
            talk(w, w.channel.id, 120)
            second = await post(w, w.channel.id, 3)
            third = await post(w, w.other.id, 2)
        after = (await w.ann.send(w.channel, attachments=PICTURE)).id
        assert await w.message_ids() == sorted([before, *first, *second, *third, after])
        priorities = {u.new.message_id: u.new.priority for u in await w.uploads()}
        assert priorities[first[0]] == CAUGHT_UP_PRIORITY
        assert priorities[after] == 0
        assert await w.cursor(w.channel.id) == after
        assert await w.cursor(w.other.id) == third[-1]


async def test_a_second_restart_finds_nothing_new(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        async with away(w):
            await post(w, w.channel.id, 3)
        count = len(await w.uploads())
        async with away(w):
            pass
        assert len(await w.uploads()) == count == 3


async def test_threads_are_read_too_also_new_and_archived_ones(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        known = w.env.backend.create_thread(w.channel.id, "known", w.ann.id)
        archived = w.env.backend.create_thread(w.channel.id, "archived", w.ann.id)
        await w.env.settle()
        heard = await post(w, known.id)
        heard += await post(w, archived.id)
        await w.env.settle()
        async with away(w):
            new = w.env.backend.create_thread(w.other.id, "new", w.ann.id)
            missed = [*await post(w, known.id), *await post(w, new.id), *await post(w, archived.id)]
            w.env.backend.edit_channel(archived.id, {}, thread_metadata={"archived": True})
        assert await w.message_ids() == sorted([*heard, *missed])


async def test_who_is_exempt_is_asked_for_where_history_does_not_say(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        role = w.guild.create_role("Artists")
        artist = w.guild.add_member(w.env.create_user("art"), roles=[role])
        gone = w.guild.add_member(w.env.create_user("gone"))
        await w.switch(replace(ON, exempt_role_ids=(role.id,)))
        async with away(w):
            await post(w, w.channel.id, by=w.mod.id)
            await post(w, w.channel.id, by=artist.id)
            kept = await post(w, w.channel.id)
            kept += await post(w, w.channel.id, by=gone.id)
            w.guild.remove_member(gone)
        assert await w.message_ids() == kept


async def test_channels_that_are_not_watched_are_not_read(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=None) as w:
        await w.switch(replace(ON, watch=Watch.ONLY, channel_ids=(w.other.id,)))
        async with away(w):
            await post(w, w.channel.id)
            kept = await post(w, w.other.id)
        assert await w.message_ids() == kept
        await w.switch(ON)
        async with away(w):
            pass
        assert await w.message_ids() == kept


async def test_switching_on_begins_at_now(tmp_path: Path) -> None:
    async with watched(tmp_path, policy=None) as w:
        await w.ann.send(w.channel, attachments=PICTURE)
        w.env.backend.create_emoji(w.guild.id, "old", w.ann.id)
        await w.env.settle()
        await w.env.advance_time(3600)
        await w.switch()
        assert await w.uploads() == []
        assert await w.cursor(w.channel.id) is not None
        async with away(w):
            kept = await post(w, w.channel.id)
        assert await w.message_ids() == kept


async def test_what_was_posted_while_it_was_off_stays_unread(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        await w.switch(replace(ON, enabled=False))
        await w.ann.send(w.channel, attachments=PICTURE)
        await w.env.advance_time(3600)
        await w.switch()
        async with away(w):
            kept = await post(w, w.channel.id)
        assert await w.message_ids() == kept


async def test_a_try_that_was_lost_is_made_again(tmp_path: Path) -> None:
    """Without it no cursor of the server would move until the next connection."""
    async with watched(tmp_path) as w:
        assert w.bot.watch is not None
        listening = w.bot.watch.listening
        listening.marks.begin_anew()
        await w.noticed()
        assert not listening.marks.knows(w.guild.id)
        listening.mind_gaps()
        await w.noticed()
        assert listening.marks.knows(w.guild.id)
        listening.mind_gaps()
        assert not listening.catching_up.busy


async def test_emoji_added_meanwhile_are_found(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        async with away(w):
            emoji = w.env.backend.create_emoji(w.guild.id, "smile", w.ann.id)
        assert await w.message_ids() == [emoji.id]
        assert await w.cursor(expression_place(w.guild.id)) == emoji.id


async def test_a_links_picture_that_came_right_after_going_away_is_found(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        message = await w.ann.send(w.channel, "https://site.example/a.png")
        await w.noticed()
        async with away(w):
            w.env.backend.edit_message(w.channel.id, message.id, {"embeds": [EMBED]})
        assert await w.message_ids() == [message.id]


async def test_what_is_older_than_wished_for_is_left_out(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        reach = Reach(max_age=timedelta(hours=2), pause_seconds=0)
        async with away(w, reach):
            await post(w, w.channel.id)
            await w.env.advance_time(3 * 3600)
            kept = await post(w, w.channel.id)
        assert await w.message_ids() == kept


async def test_catching_up_can_be_switched_off(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        async with away(w, Reach(max_age=timedelta(0))):
            missed = await post(w, w.channel.id)
        assert await w.uploads() == []
        cursor = await w.cursor(w.channel.id)
        assert cursor is not None
        assert cursor >= missed[-1]


async def test_a_busy_channel_lets_the_others_have_their_turn(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        async with away(w, Reach(messages_a_round=100, pause_seconds=0)):
            first = await post(w, w.channel.id)
            talk(w, w.channel.id, 220)
            last = await post(w, w.channel.id)
            between = await post(w, w.other.id)
        order = [upload.new.message_id for upload in await w.uploads()]
        assert order == [*last, *between, *first]


async def test_a_channel_without_right_to_its_history_is_passed_over(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path) as w:
        w.env.inject_error("GET", f"/channels/{w.channel.id}/messages", status=403)
        with capture_logs() as logs:
            async with away(w):
                await post(w, w.channel.id)
                kept = await post(w, w.other.id)
            assert await w.message_ids() == kept
        assert "history_not_readable" in [log["event"] for log in logs]
        live = await w.ann.send(w.channel, attachments=PICTURE)
        assert await w.cursor(w.channel.id) == live.id


class PausedIntake(Intake):
    """Waits before it records what was caught up with; what is live passes."""

    def __init__(self, store: UploadStore) -> None:
        super().__init__(store)
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self.live: list[Cursor | None] = []

    async def accept(self, uploads: Sequence[NewUpload], cursor: Cursor | None = None) -> None:
        if any(upload.priority == CAUGHT_UP_PRIORITY for upload in uploads):
            self.reached.set()
            await self.go.wait()
        elif uploads:
            self.live.append(cursor)
        await super().accept(uploads, cursor)


async def test_live_messages_do_not_let_the_gap_be_skipped(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        before = (await w.ann.send(w.channel, attachments=PICTURE)).id
        intake = PausedIntake(w.house.moderation.uploads)

        def put_in(house: WatchHouse) -> None:
            house.moderation.intake = intake

        async with away(w, prepare=put_in):
            missed = await post(w, w.channel.id, 2)
        async with asyncio.timeout(10):
            await intake.reached.wait()
        live = (await w.ann.send(w.channel, attachments=PICTURE)).id
        assert w.bot.watch is not None
        await w.bot.watch.listening.keep()
        assert intake.live == [None]
        assert await w.message_ids() == [before, live]
        assert await w.cursor(w.channel.id) == before  # so a crash now would lose nothing
        intake.go.set()
        await w.noticed()
        assert await w.message_ids() == [before, *missed, live]
        assert await w.cursor(w.channel.id) == live


async def test_a_connection_lost_while_reading_begins_again(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        intake = PausedIntake(w.house.moderation.uploads)

        def put_in(house: WatchHouse) -> None:
            house.moderation.intake = intake

        async with away(w, Reach(messages_a_round=100, pause_seconds=0), prepare=put_in):
            missed = await post(w, w.channel.id)
            talk(w, w.channel.id, 150)
            missed += await post(w, w.channel.id)
        async with asyncio.timeout(10):
            await intake.reached.wait()
        assert w.bot.watch is not None
        listening = w.bot.watch.listening
        listening.connected()
        intake.go.set()
        await w.noticed()
        assert await w.message_ids() == missed[1:]
        live = (await w.ann.send(w.channel, attachments=PICTURE)).id
        assert (await w.cursor(w.channel.id) or 0) < missed[0]
        await listening.ready()
        await w.noticed()
        assert await w.message_ids() == [*missed, live]
        assert await w.cursor(w.channel.id) == live


@contextmanager
def deaf(w: Watched) -> Iterator[None]:
    """Let Discord tell the bot nothing."""
    subscribers = w.env.backend.subscribers[:]
    w.env.backend.subscribers.clear()
    yield
    w.env.backend.subscribers.extend(subscribers)


async def test_an_outage_of_discords_is_caught_up_with(tmp_path: Path) -> None:
    async with watched(tmp_path) as w:
        before = (await w.ann.send(w.channel, attachments=PICTURE)).id
        w.env.backend.emit("GUILD_DELETE", {"id": str(w.guild.id), "unavailable": True})
        await w.env.settle()
        with deaf(w):
            missed = await post(w, w.channel.id, 2)
        guild = w.env.backend.get_guild(w.guild.id)
        payload = {**guild_create_payload(w.env.backend, guild), "unavailable": False}
        w.env.backend.emit("GUILD_CREATE", payload)
        await w.env.settle()
        await w.noticed()
        after = (await w.ann.send(w.channel, attachments=PICTURE)).id
        assert await w.message_ids() == [before, *missed, after]
        assert await w.cursor(w.channel.id) == after
        assert w.house.moderation.started == 1


@pytest.mark.parametrize("said", [{}, {"unavailable": False}])
async def test_a_server_that_comes_back_is_watched_from_then_on(
    tmp_path: Path, said: dict[str, bool]
) -> None:
    async with watched(tmp_path) as w:
        before = (await w.ann.send(w.channel, attachments=PICTURE)).id
        w.env.backend.emit("GUILD_DELETE", {"id": str(w.guild.id)})
        await w.env.settle()
        with deaf(w):
            await post(w, w.channel.id)
        guild = w.env.backend.get_guild(w.guild.id)
        payload = {**guild_create_payload(w.env.backend, guild), **said}
        w.env.backend.emit("GUILD_CREATE", payload)
        await w.env.settle()
        await w.noticed()
        after = (await w.ann.send(w.channel, attachments=PICTURE)).id
        assert await w.message_ids() == [before, after]
