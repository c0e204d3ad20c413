"""Hears what is posted in servers that are watched, and has it recorded before anything else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import discord
import structlog
from discord.ext import commands

from bot.domain.clock import utc_now
from bot.ui.errors import log_failure
from bot.ui.house import House
from bot.ui.moderation.catching_up import CatchingUp
from bot.ui.moderation.enforcing import DiscordEnforcer
from bot.ui.moderation.expressions import Expression, added, author_of, upload_of
from bot.ui.moderation.gaps import Reach, expression_place
from bot.ui.moderation.marks import Marks
from bot.ui.moderation.members import Members
from bot.ui.moderation.watching import missing_intents, uploads_of

_log = structlog.get_logger(__name__)

_KEEP_EVERY_SECONDS = 15.0
"""How often is kept how far channels were heard in which nothing was to be looked at."""


class Listening:
    """What is heard on one client. Methods that deal with events raise nothing."""

    def __init__(
        self,
        bot: commands.Bot,
        house: House,
        reach: Reach,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.marks = Marks()
        self.catching_up = CatchingUp(bot, house, self.marks, reach)
        self._bot = bot
        self._house = house
        self._clock = clock
        self._members = Members()
        self._adding = asyncio.Lock()
        """Emoji and stickers are recorded in their order: they share one cursor."""
        self._watched: set[int] | None = None
        """Servers that were switched on when last looked; None until the client is ready."""
        self._left: set[int] = set()
        self._keeping: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def connected(self, shard_id: int | None = None) -> None:
        """Mark that messages may have been missed: a new connection was made."""
        if shard_id is None:
            self.marks.begin_anew()
        else:
            for guild_id in self._of_shard(shard_id):
                self.marks.forget(guild_id)

    async def ready(self, shard_id: int | None = None) -> None:
        """Begin the work, and catch up."""
        async with _quietly():
            enforcer = DiscordEnforcer(self._bot, self._house)
            await self._house.running.spawn(self._house.moderation.start(enforcer), "moderation")
        enabled = set(self._house.moderation.policies.enabled_guilds())
        if self._watched is None:
            self._watched = enabled
        if self._keeping is None:
            self._keeping = self._house.running.spawn(self._keep_regularly(), "keep-cursors")
        missing = missing_intents(self._bot.intents)
        if enabled and missing:
            _log.warning("moderation_lacks_intents", intents=list(missing), guilds=len(enabled))
        of_shard = enabled if shard_id is None else self._of_shard(shard_id)
        for guild_id in sorted(enabled & of_shard):
            if not self.marks.knows(guild_id):
                self.catching_up.begin(guild_id)

    async def stop(self) -> None:
        """End the work, and keep how far was heard."""
        self._stopping.set()
        if self._keeping is not None:
            await asyncio.wait([self._keeping])
            self._keeping = None
        await self.catching_up.stop()
        await self.keep()
        async with _quietly():
            await self._house.moderation.stop()

    async def heard(self, message: discord.Message) -> None:
        """Record the pictures of a message."""
        guild, me = message.guild, self._bot.user
        policy = self._house.moderation.policies.cached(guild.id) if guild is not None else None
        if guild is None or policy is None or me is None:
            return
        async with _quietly():
            if self._watched is not None and guild.id not in self._watched:
                self.look_around()
            # Nothing is awaited before the queue: cursors follow the order of messages.
            cursor = self.marks.hear(guild.id, message.channel.id, message.id)
            uploads = uploads_of(message, policy, now=self._clock(), own_id=me.id)
            if uploads:
                await self._house.moderation.intake.accept(uploads, cursor)
                if cursor is not None:
                    self.marks.kept(cursor)

    async def edited(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Record what a message shows now: links show their pictures later, by such an event."""
        message, me = payload.message, self._bot.user
        guild = message.guild
        policy = self._house.moderation.policies.cached(guild.id) if guild is not None else None
        if policy is None or me is None:
            return
        async with _quietly():
            now = self._clock()
            uploads = uploads_of(message, policy, now=now, own_id=me.id)
            if uploads and not isinstance(message.author, discord.Member):
                member = await self._members.author(message, policy)
                uploads = uploads_of(message, policy, now=now, own_id=me.id, member=member)
            if uploads:
                await self._house.moderation.intake.accept(uploads)

    async def expressions_changed(
        self, guild: discord.Guild, before: Sequence[Expression], after: Sequence[Expression]
    ) -> None:
        """Record emoji and stickers that were added."""
        if self._house.moderation.policies.cached(guild.id) is None:
            return
        async with _quietly(), self._adding:
            for item in sorted(added(before, after), key=lambda item: item.id):
                author_id = await author_of(guild, item)
                # From here on nothing is awaited before the queue, as with messages.
                cursor = self.marks.hear(guild.id, expression_place(guild.id), item.id)
                upload = upload_of(item, guild_id=guild.id, author_id=author_id, now=self._clock())
                await self._house.moderation.intake.accept((upload,), cursor)

    async def there(self, guild: discord.Guild) -> None:
        """Catch up with a server that was out of reach; watch one again that was left."""
        policies = self._house.moderation.policies
        async with _quietly():
            if guild.id in self._left:
                self._left.discard(guild.id)
                policy = await policies.get(guild.id)
                if policy.enabled:
                    await policies.save(guild.id, policy, ())
                    self.look_around()
            elif policies.cached(guild.id) is not None and not self.marks.knows(guild.id):
                self.catching_up.begin(guild.id)

    async def left(self, guild: discord.Guild) -> None:
        """Let go of what still waits for a server that Lookout is no member of any more."""
        self.marks.forget(guild.id)
        self._left.add(guild.id)
        if self._watched is not None:
            self._watched.discard(guild.id)
        async with _quietly():
            self._house.moderation.policies.forget(guild.id)
            count = await self._house.moderation.uploads.withdraw(guild.id)
            _log.info("guild_left", guild_id=guild.id, withdrawn=count)

    async def keep(self) -> None:
        """Keep how far channels were heard."""
        async with _quietly():
            for cursor in self.marks.to_keep():
                await self._house.moderation.intake.accept((), cursor)
                self.marks.kept(cursor)

    async def _keep_regularly(self) -> None:
        while not self._stopping.is_set():
            self.look_around()
            self.mind_gaps()
            await self.keep()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_KEEP_EVERY_SECONDS):
                    await self._stopping.wait()

    def mind_gaps(self) -> None:
        """Catch up with servers of which nothing is known, whatever became of the last try."""
        if self._watched is None or self.catching_up.busy:
            return
        for guild_id in sorted(self._watched):
            if not self.marks.knows(guild_id) and self._bot.get_guild(guild_id) is not None:
                self.catching_up.begin(guild_id)

    def look_around(self) -> None:
        """Notice which servers were switched on or off; one just switched on begins at now."""
        if self._watched is None:
            return
        enabled = set(self._house.moderation.policies.enabled_guilds())
        if enabled == self._watched:
            return
        for guild_id in sorted(self._watched - enabled):
            self.marks.forget(guild_id)
        for guild_id in sorted(enabled - self._watched):
            self.catching_up.begin(guild_id, anew=True)
        self._watched = enabled

    def _of_shard(self, shard_id: int) -> set[int]:
        return {guild.id for guild in self._bot.guilds if guild.shard_id == shard_id}


@asynccontextmanager
async def _quietly() -> AsyncIterator[None]:
    """Log what goes wrong: nothing is raised into a client that is not ours."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - nobody waits for words about it
        log_failure(error, "")
