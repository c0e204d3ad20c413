"""Where messages may have been missed, and who is asked for what a message does not say."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import discord
from structlog.testing import capture_logs

from bot.domain.errors import StorageFailed
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import Cursor, NewUpload, Subject
from bot.ui.house import House
from bot.ui.moderation.catching_up import CatchingUp
from bot.ui.moderation.expressions import UNKNOWN_AUTHOR, added, author_of, upload_of
from bot.ui.moderation.gaps import Reach, Readable, gaps_of, new_expressions
from bot.ui.moderation.marks import Marks
from bot.ui.moderation.members import Members
from bot.ui.running import Running
from tests.ui.moderation.messages import NOW, OWN_ID, Message
from tests.ui.test_resolver import attachment

ON = Policy(enabled=True)
EVERYBODY = Policy(enabled=True, exempt_staff=False)
HOUR = timedelta(hours=1)


def at(hours_ago: float) -> int:
    return discord.utils.time_snowflake(NOW - hours_ago * HOUR)


@dataclass
class Place:
    """A text channel with a history."""

    id: int
    last_message_id: int | None
    readable: bool = True
    category_id: int | None = None
    messages: list[Message] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    asked: int = 0
    asked_once: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def guild(self) -> Any:
        return SimpleNamespace(me=SimpleNamespace(id=OWN_ID))

    def permissions_for(self, member: Any) -> discord.Permissions:
        return discord.Permissions(read_messages=True, read_message_history=self.readable)

    async def archived_threads(self, *, limit: int) -> AsyncIterator[Any]:
        archived: list[Any] = []
        for thread in archived[:limit]:
            yield thread

    async def history(self, *, limit: int, before: discord.Object | None) -> AsyncIterator[Message]:
        self.asked += 1
        self.asked_once.set()
        if self.errors:
            raise self.errors.pop(0)
        end = before.id if before is not None else 1 << 62
        newest_first = sorted(self.messages, key=lambda message: -message.id)
        for message in [item for item in newest_first if item.id < end][:limit]:
            yield message


def gaps(places: list[Place], kept: dict[int, int], reach: Reach | None = None) -> dict[int, int]:
    found = gaps_of(cast("list[Readable]", places), ON, kept, NOW, reach or Reach())
    return {gap.channel.id: gap.after for gap in found}


def test_a_channel_with_newer_messages_has_a_gap_and_is_read_from_a_little_before() -> None:
    kept = {1: at(3), 2: at(2)}
    found = gaps([Place(1, at(1)), Place(2, at(2)), Place(3, at(1))], kept)
    minute = timedelta(minutes=1)
    before = discord.utils.snowflake_time(at(3)) - discord.utils.snowflake_time(found[1])
    assert before == minute
    assert set(found) == {1, 2}  # the second was active until the end: links may show more now


def test_a_quiet_channel_has_none() -> None:
    assert gaps([Place(1, at(5)), Place(2, at(3))], {1: at(5), 2: at(3)}).keys() == {2}


def test_a_channel_made_since_is_read_from_its_beginning() -> None:
    made, old = at(1), at(9)
    places = [Place(made, made), Place(old, at(1)), Place(4, at(2))]
    found = gaps(places, {4: at(2)})
    assert set(found) == {made, 4}
    assert found[made] < made


def test_where_nothing_was_ever_heard_everything_begins_at_now() -> None:
    assert gaps([Place(at(1), at(0.5))], {}) == {}


def test_an_empty_or_closed_channel_has_none() -> None:
    with capture_logs() as logs:
        assert gaps([Place(1, None), Place(2, at(1), readable=False)], {1: 1, 2: at(2)}) == {}
    assert [log["event"] for log in logs] == ["history_not_readable"]


def test_what_is_too_old_is_cut_and_said() -> None:
    with capture_logs() as logs:
        found = gaps([Place(1, at(1)), Place(2, at(30))], {1: at(40), 2: at(40)})
    assert found == {1: at(24)}
    assert [log["event"] for log in logs] == ["catch_up_cut"]


@dataclass
class Server:
    """A server that answers who is who."""

    id: int = 1
    members: dict[int, Any] = field(default_factory=dict)
    error: Exception | None = None
    asked: list[int] = field(default_factory=list)
    emojis: tuple[Any, ...] = ()
    stickers: tuple[Any, ...] = ()
    text_channels: list[Place] = field(default_factory=list)
    voice_channels: tuple[Any, ...] = ()
    stage_channels: tuple[Any, ...] = ()
    threads: tuple[Any, ...] = ()
    forums: tuple[Any, ...] = ()

    async def fetch_member(self, user_id: int) -> Any:
        self.asked.append(user_id)
        if self.error is not None:
            raise self.error
        if user_id not in self.members:
            raise not_found()
        return self.members[user_id]

    async def fetch_emoji(self, emoji_id: int) -> Any:
        if self.error is not None:
            raise self.error
        return SimpleNamespace(user=self.members.get(emoji_id))


def response(status: int) -> Any:
    return SimpleNamespace(status=status, reason="")


def not_found() -> discord.NotFound:
    return discord.NotFound(response(404), "unknown")


def forbidden() -> discord.Forbidden:
    return discord.Forbidden(response(403), "missing")


async def test_somebody_is_asked_for_once() -> None:
    server, members = Server(members={7: "ann"}), Members()
    message = cast("discord.Message", Message(guild=server))
    for _ in range(2):
        assert await members.author(message, ON) == cast("discord.Member", "ann")
    assert server.asked == [7]
    gone = cast("discord.Message", Message(guild=server, author=SimpleNamespace(id=8, bot=False)))
    assert await members.author(gone, ON) is None
    assert await members.author(gone, ON) is None
    assert server.asked == [7, 8]


async def test_who_somebody_was_is_not_believed_for_ever() -> None:
    now = 1000.0
    server, members = Server(members={7: "staff"}), Members(clock=lambda: now)
    message = cast("discord.Message", Message(guild=server))
    assert await members.author(message, ON) == cast("discord.Member", "staff")
    server.members[7] = "nobody"
    now += 299
    assert await members.author(message, ON) == cast("discord.Member", "staff")
    now += 1
    assert await members.author(message, ON) == cast("discord.Member", "nobody")


async def test_nobody_is_asked_for_where_it_does_not_matter() -> None:
    server = Server()
    robot = cast("discord.Message", Message(guild=server, author=SimpleNamespace(id=8, bot=True)))
    person = cast("discord.Message", Message(guild=server))
    assert await Members().author(robot, ON) is None
    assert await Members().author(person, EVERYBODY) is None
    assert server.asked == []


async def test_what_discord_does_not_say_is_asked_again() -> None:
    server, members = Server(members={7: "ann"}, error=forbidden()), Members()
    message = cast("discord.Message", Message(guild=server))
    assert await members.author(message, ON) is None
    server.error = None
    assert await members.author(message, ON) == cast("discord.Member", "ann")


def emoji(number: int) -> discord.Emoji:
    state: Any = SimpleNamespace(_get_guild=lambda _: None)
    data: Any = {"id": str(number), "name": "smile", "animated": False}
    return discord.Emoji(guild=cast("Any", SimpleNamespace(id=1)), state=state, data=data)


async def test_who_added_an_emoji_is_asked_and_may_stay_unknown() -> None:
    person = SimpleNamespace(id=7)
    server = Server(members={5: person})
    guild = cast("discord.Guild", server)
    assert await author_of(guild, emoji(5)) == 7
    assert await author_of(guild, emoji(6)) == UNKNOWN_AUTHOR
    server.error = forbidden()
    assert await author_of(guild, emoji(5)) == UNKNOWN_AUTHOR


def test_an_emoji_is_an_upload_of_the_whole_server() -> None:
    new = upload_of(emoji(5), guild_id=1, author_id=7, now=NOW)
    assert (new.key, new.subject, new.message_id) == ("emoji:5", Subject.EMOJI, 5)
    assert new.channel_id == 0
    assert [item.id for item in added([emoji(5)], [emoji(5), emoji(6)])] == [6]


def test_emoji_of_before_anything_was_heard_are_no_news() -> None:
    guild = cast("discord.Guild", Server(emojis=(emoji(5), emoji(6))))
    assert new_expressions(guild, {}) == ()
    assert [item.id for item in new_expressions(guild, {-1: 5})] == [6]


@dataclass
class Services:
    """Storage and intake of one watched server, in memory."""

    kept: list[Cursor] = field(default_factory=list)
    recorded: list[NewUpload] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    policy: Policy | None = EVERYBODY

    @property
    def moderation(self) -> Any:
        return SimpleNamespace(policies=self, uploads=self, intake=self)

    def cached(self, guild_id: int) -> Policy | None:
        return self.policy

    async def cursors(self, guild_id: int) -> list[Cursor]:
        if self.errors:
            raise self.errors.pop(0)
        return self.kept

    async def accept(self, uploads: list[NewUpload], cursor: Cursor | None = None) -> int:
        self.recorded += uploads
        return len(uploads)


@dataclass
class Catching:
    """Catching up with one server, whose pauses take no time."""

    server: Server
    services: Services
    pauses: list[float] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)

    async def run(self) -> None:
        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        client: Any = SimpleNamespace(
            user=SimpleNamespace(id=OWN_ID), get_guild=lambda _: self.server
        )
        house: Any = SimpleNamespace(moderation=self.services.moderation, running=Running())
        catching = CatchingUp(
            client, cast("House", house), self.marks, Reach(), clock=lambda: NOW, pause=pause
        )
        catching.begin(self.server.id)
        await catching.idle()


def missed(count: int) -> list[Message]:
    return [
        Message(id=at(2) + number, attachments=[attachment(number)]) for number in range(1, count)
    ]


async def test_pages_are_read_with_pauses_between() -> None:
    messages = missed(251)
    place = Place(20, messages[-1].id, messages=messages)
    services = Services([Cursor(1, 20, at(3))])
    catching = Catching(Server(text_channels=[place]), services)
    await catching.run()
    assert sorted(new.message_id for new in services.recorded) == [m.id for m in messages]
    assert place.asked == 3
    assert catching.pauses == [0.5, 0.5, 0.5]  # one for the archived threads
    assert catching.marks.gaps(1) == frozenset()
    assert Cursor(1, 20, messages[-1].id) in catching.marks.to_keep()


async def test_a_channel_that_cannot_be_read_now_is_read_later_and_keeps_its_gap() -> None:
    messages = missed(3)
    place = Place(20, messages[-1].id, messages=messages)
    place.errors = [discord.DiscordServerError(response(503), "down"), TimeoutError(), OSError()]
    services = Services([Cursor(1, 20, at(3))])
    catching = Catching(Server(text_channels=[place]), services)
    await catching.run()
    assert len(services.recorded) == 2
    assert catching.pauses.count(60.0) == 3


async def test_a_forum_post_is_found_whose_first_message_has_the_id_of_its_thread() -> None:
    made = at(1)
    post = Place(made, made, messages=[Message(id=made, attachments=[attachment(1)])])
    services = Services([Cursor(1, 20, at(3))])
    await Catching(Server(text_channels=[post]), services).run()
    assert [new.message_id for new in services.recorded] == [made]


async def test_a_database_that_does_not_answer_is_asked_again() -> None:
    messages = missed(3)
    services = Services([Cursor(1, 20, at(3))], errors=[StorageFailed("locked")])
    server = Server(text_channels=[Place(20, messages[-1].id, messages=messages)])
    catching = Catching(server, services)
    await catching.run()
    assert len(services.recorded) == 2
    assert 60.0 in catching.pauses


async def test_stopping_waits_for_no_pause() -> None:
    place = Place(20, at(1), errors=[OSError()] * 3)
    services = Services([Cursor(1, 20, at(3))])
    server = Server(text_channels=[place])
    client: Any = SimpleNamespace(user=None, get_guild=lambda _: server)
    house: Any = SimpleNamespace(moderation=services.moderation, running=Running())
    catching = CatchingUp(
        client, cast("House", house), Marks(), Reach(pause_seconds=0), clock=lambda: NOW
    )
    catching.begin(server.id)
    async with asyncio.timeout(3):
        await place.asked_once.wait()
        await catching.stop()
    assert place.asked == 1


async def test_a_server_switched_off_meanwhile_is_left_alone() -> None:
    messages = missed(3)
    services = Services([Cursor(1, 20, at(3))], policy=None)
    server = Server(text_channels=[Place(20, messages[-1].id, messages=messages)])
    catching = Catching(server, services)
    await catching.run()
    assert services.recorded == []
    assert not catching.marks.knows(1)
