"""What every reply has in common: it is drawn at a calm pace, and always ends in words."""

import abc
import asyncio
import time
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import discord
import structlog
from discord import ui

from bot.domain.errors import Interrupted
from bot.ui.controls import Control, cancel_button
from bot.ui.delivery import Delivery
from bot.ui.errors import log_failure, say_alone
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.layouts import Rendered, failure, plain, restored
from bot.ui.running import Run, Stop
from bot.ui.sentences import sentence

_log = structlog.get_logger(__name__)

_FIRST_DRAW_SECONDS = 0.3
"""An answer that is there by then comes without a progress message in between."""
_SLOWEST_INTERVAL_SECONDS = 10.0
_LAST_WORD_SECONDS = 5.0

Click = discord.Interaction[discord.Client]
Result = TypeVar("Result")


@dataclass(kw_only=True)
class Reply(abc.ABC, Generic[Result]):
    """One reply being given.

    ``replaced`` is the click on an older answer whose place this one takes; when it fails, that
    answer is put back as it was.
    """

    house: House
    run: Run
    delivery: Delivery
    replaced: Click | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _drawn: bool = field(default=False, init=False)
    _posted: bool = field(default=False, init=False)

    @abc.abstractmethod
    async def _work(self) -> Result:
        """Do what the reply is about."""

    @abc.abstractmethod
    def _progress(self) -> ui.LayoutView:
        """Draw how far the work has come."""

    @abc.abstractmethod
    async def _finish(self, result: Result) -> None:
        """Post what came of the work."""

    @abc.abstractmethod
    def _last_buttons(self) -> list[Control]:
        """Offer what makes sense under a sentence in place of an answer."""

    async def _stands(self) -> None:
        """Hear that the reply was shown, in the message that the delivery names."""

    async def _told(self) -> None:
        """Hear that the person has the final words."""

    @property
    def _say(self) -> Words:
        return words(self.delivery.locale)

    async def deliver(self) -> None:
        """Reply, whatever happens."""
        try:
            if self.run.stopped is None:
                await self._answer()
            else:  # asked for while closing
                await self._say_stopped()
        except asyncio.CancelledError:
            await self._say_stopped()
        except discord.NotFound:
            _log.info("message_gone")
            await self._told()
        except Exception as error:  # noqa: BLE001 - everything ends as words and one log line
            await self._say_failed(error)

    async def _answer(self) -> None:
        work = asyncio.create_task(self._work())
        try:
            await asyncio.wait([work], timeout=_FIRST_DRAW_SECONDS)
            while not work.done():
                pause = await self._draw()
                await self._wait(work, pause)
            await self._finish(work.result())
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait([work])

    async def _wait(self, work: asyncio.Task[Result], pause: float) -> None:
        """Pause between two drawings, then wait for news; wake early for the end or the token's."""
        await asyncio.wait([work], timeout=pause)
        if work.done():
            return
        news = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait(
                {work, news}, timeout=self._patience(), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            news.cancel()

    def _patience(self) -> float | None:
        """Return the seconds until the reply must move on; None when it need not."""
        left = self.delivery.seconds_left
        return None if self.delivery.outlived or left == float("inf") else max(0.0, left)

    async def _draw(self) -> float:
        """Show progress; return the seconds to leave it alone, more when Discord slows us down."""
        self._changed.clear()
        interval = self.house.replies.edit_interval_seconds
        if self.delivery.outlived:
            return interval
        began = time.monotonic()
        try:
            if self.delivery.seconds_left <= 0:
                await self._move()
                return interval
            self._drawn = True
            await self.delivery.edit(self._progress())
        except discord.NotFound:
            raise
        except (discord.HTTPException, OSError) as missed:
            # Only the last edit matters: one that Discord did not take costs no answer.
            _log.warning("progress_unsaid", error=type(missed).__name__)
            return _SLOWEST_INTERVAL_SECONDS
        await self._stands()
        took = time.monotonic() - began
        return min(_SLOWEST_INTERVAL_SECONDS, max(interval, 2 * took))

    async def _move(self) -> None:
        """Say that the answer will come as a message of its own. Raises Undeliverable."""
        self.delivery.check_may_move()
        text = self._say.say(
            "This takes longer than Discord lets me wait here. The answer will come as a new "
            "message in this channel."
        )
        self.delivery.outlived = True
        await self.delivery.edit(plain(text, [self._cancel_button()]))

    def _cancel_button(self) -> Control:
        return cancel_button(self.run.id, self._say)

    async def _post(self, rendered: Rendered) -> None:
        """Post the answer; one that is on its way is not called back."""
        self._drawn = True
        posting = asyncio.ensure_future(self.delivery.post(rendered.view, rendered.files))
        try:
            await asyncio.wait([posting])
        except asyncio.CancelledError:
            await asyncio.wait([posting], timeout=_LAST_WORD_SECONDS)
        if not posting.done():
            posting.cancel()
            await asyncio.wait([posting])
        posting.result()
        self._posted = True

    async def _say_stopped(self) -> None:
        """Say that the answer was stopped, in the little time that is left."""
        _log.info("stopped", reason=self.run.stopped)
        if self._posted or self.run.stopped is Stop.WITHDRAWN:
            await self._told()
            return
        if self.run.stopped is Stop.CANCELLED:
            text = self._say.say("Stopped.")
        else:
            text = sentence(Interrupted(), self.delivery.locale)
        try:
            async with asyncio.timeout(_LAST_WORD_SECONDS):
                await self._put_back_or_say(text)
        except Exception as unsaid:  # noqa: BLE001 - there is no further road to the person
            _log.warning("stop_unsaid", error=type(unsaid).__name__)

    async def _say_failed(self, error: Exception, *, logged: bool = False) -> None:
        if not logged:
            log_failure(error, self.run.reference)
        if self._posted:
            return  # the answer is there; what went wrong came after it
        try:
            await self._put_back_or_say(failure(error, self.delivery.locale, self.run.reference))
        except Exception as unsaid:  # noqa: BLE001 - there is no further road to the person
            _log.warning("failure_unsaid", error=type(unsaid).__name__)

    async def _put_back_or_say(self, text: str) -> None:
        """Say ``text`` in the reply, or, where an answer stood, put that back and say it aside."""
        if self.replaced is not None and self.replaced.message is not None:
            try:
                await self._put_back(self.replaced.message)
            finally:
                await say_alone(self.replaced, text)
        else:
            view = plain(text, self._last_buttons())
            if self.delivery.outlived:
                await self.delivery.send(view)
            else:
                await self.delivery.edit(view, ())
            await self._stands()
        await self._told()

    async def _put_back(self, message: discord.Message) -> None:
        if self._drawn:
            await self.delivery.edit(restored(message))
