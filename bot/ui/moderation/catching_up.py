"""Reads what was posted while nobody watched: each channel's history since the last message heard.

One channel at a time, in rounds, so that a busy one does not keep the others waiting. Each is read
from its newest message back: what is still seen by people is looked at first. Its cursor stays
where it is until the gap is closed, so that a crash in between costs only reading again.
"""

import asyncio
import contextlib
import enum
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import discord
import structlog

from bot.domain.errors import StorageFailed
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import NewUpload
from bot.domain.picture import SourceKind
from bot.ui.errors import log_failure
from bot.ui.house import House
from bot.ui.moderation.expressions import Expression, author_of, upload_of
from bot.ui.moderation.gaps import (
    Gap,
    Reach,
    Readable,
    channels_of,
    expression_place,
    expressions_of,
    gaps_of,
    last_heard,
    new_expressions,
    recently_archived,
)
from bot.ui.moderation.marks import Marks
from bot.ui.moderation.members import Members
from bot.ui.moderation.watching import CAUGHT_UP_PRIORITY, uploads_of

_log = structlog.get_logger(__name__)

_PAGE = 100
"""Messages of one request, as many as Discord gives."""
_PAGE_SECONDS = 120.0
"""For one page, waiting for Discord's rate limits included."""
_RETRY_SECONDS = 60.0
_STOP_SECONDS = 5.0


class _Read(enum.Enum):
    """How far reading a channel came in one round."""

    TO_ITS_END = enum.auto()
    IN_PART = enum.auto()
    NOT_NOW = enum.auto()


class _Void(Exception):
    """The connection was lost again, the server is not watched any more, or it is time to stop."""


class CatchingUp:
    """Catches up with servers, one after the other, in a task of its own."""

    def __init__(
        self,
        client: discord.Client,
        house: House,
        marks: Marks,
        reach: Reach,
        *,
        clock: Callable[[], datetime] = discord.utils.utcnow,
        pause: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self._house = house
        self._marks = marks
        self._reach = reach
        self._clock = clock
        self._pause = pause or self._pause_or_stop
        self._members = Members()
        self._wanted: dict[int, bool] = {}
        """Servers in line, and whether they begin anew."""
        self._under_way: tuple[int, int] | None = None
        """The server that is being caught up with, and its session."""
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, guild_id: int, *, anew: bool = False) -> None:
        """Have a server caught up with. ``anew`` lets it begin at now: it was just switched on."""
        anew = anew or not self._reach.max_age
        if not anew and self._under_way == (guild_id, self._marks.session(guild_id)):
            return
        self._wanted[guild_id] = anew or self._wanted.get(guild_id, False)
        if self._task is None or self._task.done():
            self._task = self._house.running.spawn(self._run(), "catch-up")

    @property
    def busy(self) -> bool:
        """Whether a server is being caught up with."""
        return self._task is not None and not self._task.done()

    async def idle(self) -> None:
        """Wait until there is nothing to catch up with."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """Stop; what is not read yet is read the next time."""
        self._wanted.clear()
        self._stopping.set()
        if self._task is not None and not self._task.done():
            # A statement that is cut off would leave its connection behind: only Discord may be.
            await asyncio.wait([self._task], timeout=_STOP_SECONDS)
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while self._wanted:
            guild_id = next(iter(self._wanted))
            anew = self._wanted.pop(guild_id)
            self._under_way = (guild_id, self._marks.session(guild_id))
            try:
                await self._catch_up(guild_id, anew=anew)
            except _Void:
                _log.info("catch_up_void", guild_id=guild_id)
            except Exception as error:  # noqa: BLE001 - the other servers come all the same
                log_failure(error, "")
                if isinstance(error, StorageFailed):
                    await self._pause(_RETRY_SECONDS)
                    if not self._stopping.is_set():
                        self._wanted.setdefault(guild_id, anew)
            finally:
                self._under_way = None

    async def _catch_up(self, guild_id: int, *, anew: bool) -> None:
        session = self._marks.session(guild_id)
        cursors = await self._house.moderation.uploads.cursors(guild_id)
        kept = {cursor.channel_id: cursor.message_id for cursor in cursors}
        guild, policy = self._still(guild_id, session)
        archived: Sequence[discord.Thread] = ()
        if kept and not anew:
            archived = await recently_archived(guild, policy, last_heard(kept), self._rest)
            guild, policy = self._still(guild_id, session)
        # Nothing is awaited until gaps are known: no message comes between the look and the mark.
        channels = {channel.id: channel for channel in (*archived, *channels_of(guild))}
        gaps: list[Gap] = []
        items: Sequence[Expression] = ()
        if not anew:
            gaps = gaps_of(channels.values(), policy, kept, self._clock(), self._reach)
            items = new_expressions(guild, kept)
        place = expression_place(guild_id)
        self._marks.know(guild_id, [gap.channel.id for gap in gaps] + [place] * bool(items))
        for channel in channels.values():
            self._marks.hear(guild_id, channel.id, channel.last_message_id or channel.id)
        newest = max((item.id for item in expressions_of(guild)), default=guild_id)
        self._marks.hear(guild_id, place, newest)
        if items:
            await self._record_expressions(guild, items)
            self._marks.close(guild_id, place)
        if gaps:
            _log.info("catch_up_begun", guild_id=guild_id, channels=len(gaps))
            await self._close(guild_id, session, gaps)
            _log.info("catch_up_done", guild_id=guild_id, channels=len(gaps))

    async def _record_expressions(self, guild: discord.Guild, items: Sequence[Expression]) -> None:
        uploads = [
            upload_of(
                item,
                guild_id=guild.id,
                author_id=await author_of(guild, item),
                now=item.created_at,
                priority=CAUGHT_UP_PRIORITY,
            )
            for item in items
        ]
        await self._house.moderation.intake.accept(uploads)

    async def _close(self, guild_id: int, session: int, gaps: Sequence[Gap]) -> None:
        """Read all channels to their ends, in rounds. Raises _Void."""
        open_gaps = list(gaps)
        while open_gaps:
            left: list[Gap] = []
            stuck = True
            for gap in open_gaps:
                self._still(guild_id, session)
                read, before = await self._read(guild_id, session, gap)
                stuck = stuck and read is _Read.NOT_NOW
                if read is _Read.TO_ITS_END:
                    self._marks.close(guild_id, gap.channel.id)
                else:
                    left.append(replace(gap, before=before))
            open_gaps = left
            if left and stuck:
                await self._pause(_RETRY_SECONDS)

    async def _read(self, guild_id: int, session: int, gap: Gap) -> tuple[_Read, int | None]:
        """Read a channel for one round; return down to where it came. Raises _Void."""
        channel, before = gap.channel, gap.before
        for _ in range(max(1, self._reach.messages_a_round // _PAGE)):
            try:
                page = await _page(channel, before)
            except (discord.Forbidden, discord.NotFound) as error:
                _log.warning(
                    "history_not_readable", channel_id=channel.id, error=type(error).__name__
                )
                return _Read.TO_ITS_END, before
            except (discord.HTTPException, OSError, TimeoutError) as error:
                _log.warning("history_not_read", channel_id=channel.id, error=type(error).__name__)
                return _Read.NOT_NOW, before
            _, policy = self._still(guild_id, session)
            missed = [message for message in page if message.id > gap.after]
            uploads = await self._uploads(missed, policy, gap.heard)
            self._still(guild_id, session)
            await self._house.moderation.intake.accept(uploads)
            if len(missed) < _PAGE:
                return _Read.TO_ITS_END, before
            before = missed[-1].id
            await self._rest()
        return _Read.IN_PART, before

    async def _uploads(
        self, page: Sequence[discord.Message], policy: Policy, heard: int
    ) -> list[NewUpload]:
        me = self._client.user
        own_id = me.id if me is not None else 0
        found: list[NewUpload] = []
        for message in page:
            wanted = partial(
                uploads_of,
                message,
                policy,
                now=message.created_at,
                own_id=own_id,
                priority=CAUGHT_UP_PRIORITY,
            )
            if not wanted():
                continue  # and so it is not worth a question who posted it
            uploads = wanted(member=await self._members.author(message, policy))
            found += (
                upload
                for upload in uploads
                if message.id > heard or upload.ref.kind is SourceKind.EMBED
            )
        return found

    def _still(self, guild_id: int, session: int) -> tuple[discord.Guild, Policy]:
        """Return the server and its policy as they are now. Raises _Void."""
        guild = self._client.get_guild(guild_id)
        policy = self._house.moderation.policies.cached(guild_id)
        if guild is None or policy is None or self._marks.session(guild_id) != session:
            raise _Void
        if self._stopping.is_set():
            raise _Void
        return guild, policy

    async def _rest(self) -> None:
        await self._pause(self._reach.pause_seconds)

    async def _pause_or_stop(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


async def _page(channel: Readable, before: int | None) -> list[discord.Message]:
    """Read one page, newest first. Raises TimeoutError, and what discord.py raises."""
    end = None if before is None else discord.Object(before)
    async with asyncio.timeout(_PAGE_SECONDS):
        return [message async for message in channel.history(limit=_PAGE, before=end)]
