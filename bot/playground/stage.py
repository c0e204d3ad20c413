"""The simulated Discord, the bot in it and the page that shows them, while all three go on.

SimCord lets no work of the bot's own change the world around it. So a control of the playground
only leaves a wish, and ``follow`` grants it.
"""

import asyncio
import contextlib
import contextvars
import enum
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import discord
import simcord
import structlog
from simcord.backend.errors import SetupError

from bot.app import Lookout
from bot.client import LookoutClient
from bot.config import Config
from bot.domain.clock import utc_now
from bot.domain.errors import place_of
from bot.media.samples import scam
from bot.playground.transport import SimulatedTransport

_log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS = 0.3

Wish = Callable[[], Coroutine[Any, Any, None]]
Furnish = Callable[["Stage", LookoutClient], None]


class Spot(enum.StrEnum):
    """Where the page can be."""

    CHANNEL = "channel"
    THREAD = "thread"
    LOG = "log"
    """Where moderation posts its cards."""
    DIRECT = "direct"
    SAMS_DIRECT = "sams_direct"


@dataclass
class Stage:
    """Everything that is on. ``furnish`` gives each new client the playground's own controls."""

    config: Config
    transport: SimulatedTransport
    furnish: Furnish
    wishes: asyncio.Queue[Wish] = field(default_factory=asyncio.Queue)
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    lookout: Lookout = field(init=False)
    env: simcord.Env = field(init=False)
    preview: simcord.Preview = field(init=False)
    guild: simcord.GuildHandle = field(init=False)
    channel: simcord.ChannelHandle = field(init=False)
    log: simcord.ChannelHandle = field(init=False)
    people: tuple[simcord.MemberActor, ...] = ()

    async def client(self) -> LookoutClient:
        """Open a Lookout and a client for it."""
        self.lookout = await self._stack.enter_async_context(
            Lookout(self.config, transport=self.transport)
        )
        client = LookoutClient(self.lookout, message_content=True)
        self.furnish(self, client)
        return client

    async def close(self) -> None:
        """End the bot."""
        await self._stack.aclose()

    async def restart(self) -> None:
        """End the bot and start it anew on the same database; Discord stays as it is."""
        await self._stack.aclose()
        await self.env.restart_bot(await self.client())
        self.lookout.running.adopt(contextvars.copy_context())
        await self.preview.refresh()

    async def go(self, spot: Spot) -> None:
        """Show another place in the page."""
        you, sam = self.people
        if spot is Spot.DIRECT:
            await self._show(you.user.dm_channel, [you.user])
        elif spot is Spot.SAMS_DIRECT:
            await self._show(sam.user.dm_channel, [sam.user])
        elif spot is Spot.LOG:
            await self._show(self.log, [you])
        elif spot is Spot.THREAD and self.channel.threads:
            await self._show(self.channel.threads[-1], self._here())
        else:
            await self._show(self.channel, self._here())

    def is_sam_banned(self) -> bool:
        """Say whether Sam cannot post."""
        return self.guild.get_ban(self.people[1].user) is not None

    def _bring_sam_back(self) -> None:
        """Let Sam join again who was sent away."""
        you, sam = self.people
        if sam not in self._here():
            self.people = (you, self.guild.add_member(sam.user))

    def _here(self) -> list[simcord.MemberActor]:
        members = self.guild.member_ids()
        return [person for person in self.people if person.id in members]

    async def post(
        self,
        text: str,
        picture: discord.Attachment | None,
        *,
        as_sam: bool = False,
        times: int = 1,
    ) -> None:
        """Post a message with a picture, which the page's own composer cannot."""
        sample = scam()
        data = self.env.backend.cdn.get(picture.url) if picture else sample.data
        name = picture.filename if picture else sample.file_name
        assert data is not None
        if as_sam:
            self._bring_sam_back()
        who, where = self.people[1 if as_sam else 0], self.preview.channel
        files = [(name, data)]
        for _ in range(times):
            if where.id == who.user.dm_channel.id:
                stored = self.env.backend.store_attachments(where.id, files)
                await who.user.send_dm(text, attachments=stored)
            else:
                await who.send(where, text, attachments=files)

    async def _show(self, channel: simcord.ChannelHandle, viewers: list[Any]) -> None:
        """Let the one page that SimCord serves show another channel; it has no way to do so."""
        preview = self.preview
        preview.channel, preview.viewers = channel, tuple(viewers)
        for page in preview._pages.values():  # noqa: SLF001 - as above
            preview._clear_page_assets(page)  # noqa: SLF001
            page.channel_id = channel.id
            page.viewer = next((v for v in viewers if v.id == page.viewer.id), viewers[0])
            page.target_id = preview._initial_target(page.viewer, channel.id)  # noqa: SLF001
            page.window_end_id = page.modal = page.modal_handle = None
            page.generation += 1
            page.status = "current"
            preview._reset_queries(page)  # noqa: SLF001
            preview._redact_page_receipts(page)  # noqa: SLF001
        await preview.refresh()

    def smooth(self) -> None:
        """Let a person's click count although the page was drawn anew meanwhile.

        SimCord refuses what was done on an older drawing, and while an answer is being written
        there is a newer one every moment. Its composer cannot mention either.
        """
        act = self.preview._action  # noqa: SLF001 - there is no other place for it
        mention = f"<@{self.env.backend.bot_user.id}>"

        async def action(context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
            async with self._lock:
                done = dict(body)
                page = self.preview._pages.get(context_id or "")  # noqa: SLF001
                if page is not None and "published_revision" in done:
                    done["published_revision"] = page.revision
                if isinstance(done.get("content"), str):
                    done["content"] = done["content"].replace("@Lookout", mention)
                return await act(context_id, done)

        self.preview._action = action  # type: ignore[method-assign]  # noqa: SLF001

    def keep_time(self) -> None:
        """Set SimCord's clock, which stands still by itself, to the real one."""
        backend = self.env.backend
        backend.advance_clock(max(0.0, (utc_now() - backend.clock.now()).total_seconds()))

    async def follow(self) -> None:
        """Grant wishes, and publish what the bot does between the person's own actions."""
        published = -1
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            self.keep_time()
            async with self._lock:
                with contextlib.suppress(SetupError):  # an action of the person's is under way
                    while not self.wishes.empty():
                        await self._grant(self.wishes.get_nowait())
                    done = len(self.env.http_requests)
                    if done != published:
                        await self.preview.refresh()
                        published = done

    async def _grant(self, wish: Wish) -> None:
        """Do what somebody wished; what cannot be done must not end all that is to come."""
        try:
            await wish()
        except SetupError:
            raise
        except Exception as error:  # noqa: BLE001 - as said
            _log.error("wish_failed", error=type(error).__name__, where=place_of(error))
