"""Delivers one answer into one interaction: progress, streamed text, the final layout."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord
import structlog
from discord import ui

from bot.domain.errors import Interrupted, LookoutError, StorageFailed, Undeliverable
from bot.domain.picture import PictureRef
from bot.domain.ports import PostedAnswer
from bot.services.look import LookRequest, LookResult
from bot.services.progress import Part
from bot.ui.controls import answer_buttons, cancel_button
from bot.ui.errors import log_failure, say_alone
from bot.ui.files import Attached
from bot.ui.house import House
from bot.ui.i18n import words
from bot.ui.layouts import Rendered, failure, finished, looking, plain, restored
from bot.ui.running import Run, Stop
from bot.ui.sentences import sentence

_log = structlog.get_logger(__name__)

_FIRST_DRAW_SECONDS = 0.3
"""An answer that is there by then comes without a progress message in between."""
_SLOWEST_INTERVAL_SECONDS = 10.0
_LAST_WORD_SECONDS = 5.0


@dataclass(slots=True)
class AnswerReply:
    """One request being answered.

    ``replaces`` is the answer whose message this one takes the place of; when it fails, that
    message stays as it was.
    """

    house: House
    interaction: discord.Interaction[discord.Client]
    request: LookRequest
    run: Run
    private: bool = False
    as_file: bool = False
    replaces: PostedAnswer | None = None
    _parts: tuple[Part, ...] = field(init=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _born: float = field(default_factory=time.monotonic)
    _drawn: bool = False
    _outlived: bool = False

    def __post_init__(self) -> None:
        self._parts = (Part(),) * len(self.request.sources)

    @classmethod
    def begin(
        cls,
        house: House,
        interaction: discord.Interaction[discord.Client],
        request: LookRequest,
        *,
        private: bool = False,
        as_file: bool = False,
        replaces: PostedAnswer | None = None,
    ) -> None:
        """Start answering in the background; the interaction must have been acknowledged."""

        async def work(run: Run) -> None:
            await cls(house, interaction, request, run, private, as_file, replaces).deliver()

        house.running.start(request.asker.person_id, work)

    @property
    def _locale(self) -> str:
        return self.interaction.locale.value

    async def deliver(self) -> None:
        """Answer, whatever happens."""
        try:
            await self._answer()
        except asyncio.CancelledError:
            await self._say_stopped()
        except discord.NotFound:
            _log.info("message_gone")
        except Exception as error:  # noqa: BLE001 - everything ends as words and one log line
            await self._say_failed(error)

    async def _answer(self) -> None:
        look = asyncio.create_task(self.house.look.run(self.request, self._report))
        try:
            await asyncio.wait([look], timeout=_FIRST_DRAW_SECONDS)
            while not look.done():
                pause = await self._draw()
                await self._wait(look, pause)
            await self._finish(look.result())
        finally:
            if not look.done():
                look.cancel()
                await asyncio.wait([look])

    def _report(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._changed.set()

    async def _wait(self, look: asyncio.Task[LookResult], pause: float) -> None:
        """Pause between two drawings, then wait for news; wake early for the end or the token's."""
        await asyncio.wait([look], timeout=pause)
        news = asyncio.create_task(self._changed.wait())
        left = self.house.replies.token_seconds - self._age() if not self._outlived else None
        waits = {look, news} if not look.done() else {look}
        try:
            await asyncio.wait(
                waits,
                timeout=max(0.0, left) if left is not None else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            news.cancel()

    async def _draw(self) -> float:
        """Show progress; return the seconds to leave it alone, more when Discord slows us down."""
        self._changed.clear()
        if self._age() >= self.house.replies.token_seconds:
            await self._outlive()
            return self.house.replies.edit_interval_seconds
        if self._outlived:
            return self.house.replies.edit_interval_seconds
        began = time.monotonic()
        cancel = cancel_button(self.run.id, words(self._locale))
        await self._edit(looking(self.request, self._parts, self._locale, [cancel]))
        self._drawn = True
        took = time.monotonic() - began
        interval = self.house.replies.edit_interval_seconds
        return min(_SLOWEST_INTERVAL_SECONDS, max(interval, 2 * took))

    def _age(self) -> float:
        return time.monotonic() - self._born

    async def _finish(self, result: LookResult) -> None:
        for outcome in result.outcomes:
            if isinstance(outcome, LookoutError):
                log_failure(outcome, self.run.reference)
        if self.replaces is not None and not result.seen:
            error = next(o for o in result.outcomes if isinstance(o, LookoutError))
            await self._say_failed(error, logged=True)
            return
        posted = await self._remember() if result.seen else None
        rendered = finished(
            self.request,
            result.outcomes,
            self._locale,
            reference=self.run.reference,
            as_file=self.as_file,
            buttons=answer_buttons(posted, words(self._locale)),
        )
        message = await self._post(rendered)
        if posted is not None:
            await self._tell_store(
                lambda: self.house.posted.set_message(posted.id, message.channel.id, message.id)
            )
        if self.replaces is not None:
            old = self.replaces.id
            await self._tell_store(lambda: self.house.posted.delete(old))

    async def _remember(self) -> PostedAnswer | None:
        now = datetime.now(UTC)
        posted = PostedAnswer(
            id=self.house.new_id(),
            task=self.request.task,
            parameters=self.request.parameters,
            sources=tuple(s for s in self.request.sources if isinstance(s, PictureRef)),
            asker_id=self.request.asker.person_id,
            guild_id=self.request.asker.guild_id,
            channel_id=None,
            message_id=None,
            private=self.private,
            created_at=now,
            expires_at=now + self.house.replies.buttons_kept,
        )
        kept = await self._tell_store(lambda: self.house.posted.add(posted))
        return posted if kept else None

    async def _tell_store(self, say: Callable[[], Awaitable[None]]) -> bool:
        """Use the store; an answer is delivered without its buttons when that fails."""
        try:
            await say()
        except StorageFailed as error:
            log_failure(error, self.run.reference)
            return False
        return True

    async def _post(self, rendered: Rendered) -> discord.Message:
        if self._age() < self.house.replies.token_seconds:
            return await self._edit(rendered.view, rendered.files)
        if not self._outlived:
            await self._outlive()
        return await self._send(rendered.view, rendered.files)

    async def _outlive(self) -> None:
        """Prepare for an answer that comes after the interaction can be edited.

        Raises Undeliverable where it could not be posted as a message of our own.
        """
        if self.private or not self._may_speak():
            raise Undeliverable(private=self.private)
        self._outlived = True
        text = words(self._locale).say(
            "This takes longer than Discord lets me wait here. The answer will come as a new "
            "message in this channel."
        )
        await self._edit(plain(text, [cancel_button(self.run.id, words(self._locale))]))

    def _may_speak(self) -> bool:
        """Say whether the bot itself may post here, by what Discord said with the interaction."""
        allowed = self.interaction.app_permissions
        speak = (
            allowed.send_messages_in_threads
            if isinstance(self.interaction.channel, discord.Thread)
            else allowed.send_messages
        )
        member_here = (
            not self.interaction.is_user_integration() or self.interaction.is_guild_integration()
        )
        return speak and allowed.view_channel and member_here

    async def _send(self, view: ui.LayoutView, files: tuple[Attached, ...] = ()) -> discord.Message:
        channel = self.interaction.channel
        if not isinstance(channel, discord.abc.Messageable):
            raise Undeliverable(private=self.private)
        return await channel.send(
            view=view,
            files=[item.file() for item in files],
            allowed_mentions=discord.AllowedMentions.none(),
        )

    async def _edit(
        self, view: ui.LayoutView, files: tuple[Attached, ...] | None = None
    ) -> discord.InteractionMessage:
        """Edit the reply; ``files`` replace its files, None leaves them."""
        attachments = discord.utils.MISSING if files is None else [item.file() for item in files]
        return await self.interaction.edit_original_response(
            view=view,
            attachments=attachments,
            allowed_mentions=discord.AllowedMentions.none(),
        )

    async def _say_stopped(self) -> None:
        """Say that the answer was stopped, in the little time that is left."""
        say = words(self._locale)
        _log.info("stopped", reason=self.run.stopped)
        if self.run.stopped is Stop.CANCELLED:
            text = say.say("Stopped.")
        else:
            text = sentence(Interrupted(), self._locale)
        try:
            async with asyncio.timeout(_LAST_WORD_SECONDS):
                await self._put_back_or_say(text)
        except (TimeoutError, discord.HTTPException):
            _log.warning("stop_unsaid")

    async def _say_failed(self, error: Exception, *, logged: bool = False) -> None:
        if not logged:
            log_failure(error, self.run.reference)
        try:
            await self._put_back_or_say(failure(error, self._locale, self.run.reference))
        except discord.HTTPException as unsaid:
            _log.warning("failure_unsaid", status=unsaid.status, code=unsaid.code)

    async def _put_back_or_say(self, text: str) -> None:
        """Say ``text`` in the reply, or, where an answer stood, put that back and say it aside."""
        if self.replaces is not None and self.interaction.message is not None:
            if self._drawn:
                await self._edit(restored(self.interaction.message))
            await say_alone(self.interaction, text)
            return
        view = plain(text, answer_buttons(None, words(self._locale)))
        if self._outlived:
            await self._send(view)
        else:
            await self._edit(view, ())
