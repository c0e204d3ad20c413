"""Delivers one answer into one interaction: progress, streamed text, the final layout."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord
import structlog

from bot.domain.errors import Interrupted, LookoutError, StorageFailed
from bot.domain.picture import PictureRef
from bot.domain.ports import PostedAnswer
from bot.services.look import LookRequest, LookResult, lasting_sources
from bot.services.progress import Part
from bot.ui.controls import NOT_KEPT, Control, answer_buttons, cancel_button, delete_button
from bot.ui.delivery import InteractionDelivery
from bot.ui.errors import log_failure, say_alone
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
    request: LookRequest
    run: Run
    delivery: InteractionDelivery
    as_file: bool = False
    replaces: PostedAnswer | None = None
    kept_sources: tuple[PictureRef, ...] | None = None
    """What to keep for the buttons where the request's own sources are only stand-ins."""
    _parts: tuple[Part, ...] = field(init=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _drawn: bool = False
    _posted: bool = False

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
        kept_sources: tuple[PictureRef, ...] | None = None,
    ) -> None:
        """Start answering in the background; the interaction must have been acknowledged."""
        delivery = InteractionDelivery(
            interaction, house.replies.token_seconds, private, in_place=replaces is not None
        )

        async def work(run: Run) -> None:
            reply = cls(house, request, run, delivery, as_file, replaces, kept_sources)
            await reply.deliver()

        house.running.start(
            request.asker.person_id, work, replaces_id=replaces.id if replaces else None
        )

    @property
    def _interaction(self) -> discord.Interaction[discord.Client]:
        return self.delivery.interaction

    @property
    def _locale(self) -> str:
        return self._interaction.locale.value

    async def deliver(self) -> None:
        """Answer, whatever happens."""
        try:
            if self.run.stopped is None:
                await self._answer()
            else:  # asked for while closing
                await self._say_stopped()
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
        if look.done():
            return
        news = asyncio.create_task(self._changed.wait())
        left = None if self.delivery.outlived else max(0.0, self.delivery.seconds_left)
        try:
            await asyncio.wait({look, news}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

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
            await self.delivery.edit(
                looking(self.request, self._parts, self._locale, [self._cancel_button()])
            )
        except discord.NotFound:
            raise
        except (discord.HTTPException, OSError) as missed:
            # Only the last edit matters: one that Discord did not take costs no answer.
            _log.warning("progress_unsaid", error=type(missed).__name__)
            return _SLOWEST_INTERVAL_SECONDS
        took = time.monotonic() - began
        return min(_SLOWEST_INTERVAL_SECONDS, max(interval, 2 * took))

    async def _move(self) -> None:
        """Say that the answer will come as a message of its own. Raises Undeliverable."""
        self.delivery.check_may_move()
        text = words(self._locale).say(
            "This takes longer than Discord lets me wait here. The answer will come as a new "
            "message in this channel."
        )
        self.delivery.outlived = True
        await self.delivery.edit(plain(text, [self._cancel_button()]))

    def _cancel_button(self) -> Control:
        return cancel_button(self.run.id, words(self._locale))

    async def _finish(self, result: LookResult) -> None:
        errors = [outcome for outcome in result.outcomes if isinstance(outcome, LookoutError)]
        for error in errors:
            log_failure(error, self.run.reference)
        if self.replaces is not None and errors:
            await self._say_failed(errors[0], logged=True)
            return
        posted = await self._remember(result) if result.seen else None
        rendered = finished(
            self.request,
            result.outcomes,
            self._locale,
            reference=self.run.reference,
            as_file=self.as_file,
            buttons=answer_buttons(
                self.request,
                posted.id if posted is not None else NOT_KEPT,
                words(self._locale),
                private=self.delivery.private,
            ),
        )
        await self._post(rendered, posted)
        await self._forget(self.replaces)

    async def _post(self, rendered: Rendered, posted: PostedAnswer | None) -> None:
        """Post the answer; its record goes again when no button came to belong to it."""
        self._drawn = True
        posting = asyncio.ensure_future(self.delivery.post(rendered.view, rendered.files))
        try:
            await asyncio.wait([posting])
        except asyncio.CancelledError:  # an answer on its way is not called back
            await asyncio.wait([posting], timeout=_LAST_WORD_SECONDS)
        if not posting.done():
            posting.cancel()
            await asyncio.wait([posting])
        if posting.cancelled() or posting.exception() is not None:
            await self._forget(posted)
        posting.result()
        self._posted = True

    async def _remember(self, result: LookResult) -> PostedAnswer | None:
        """Keep what the buttons need; without it the answer is delivered without them."""
        lasting = lasting_sources(self.request, result.outcomes)
        sources = self.kept_sources or lasting
        now = datetime.now(UTC)
        posted = PostedAnswer(
            id=self.house.new_id(),
            task=self.request.task,
            parameters=self.request.parameters,
            sources=tuple(
                source
                for source, lasts in zip(sources, lasting, strict=True)
                if source is not None and lasts is not None
            ),
            asker_id=self.request.asker.person_id,
            guild_id=self.request.asker.guild_id,
            private=self.delivery.private,
            created_at=now,
            expires_at=now + self.house.replies.buttons_kept,
        )
        try:
            await self.house.posted.add(posted)
        except StorageFailed as error:
            log_failure(error, self.run.reference)
            return None
        return posted

    async def _forget(self, posted: PostedAnswer | None) -> None:
        if posted is None:
            return
        try:
            await self.house.posted.delete(posted.id)
        except StorageFailed as error:
            log_failure(error, self.run.reference)

    async def _say_stopped(self) -> None:
        """Say that the answer was stopped, in the little time that is left."""
        _log.info("stopped", reason=self.run.stopped)
        if self._posted:
            return
        if self.run.stopped is Stop.CANCELLED:
            text = words(self._locale).say("Stopped.")
        else:
            text = sentence(Interrupted(), self._locale)
        try:
            async with asyncio.timeout(_LAST_WORD_SECONDS):
                await self._put_back_or_say(text)
        except Exception as unsaid:  # noqa: BLE001 - there is no further road to the person
            _log.warning("stop_unsaid", error=type(unsaid).__name__)

    async def _say_failed(self, error: Exception, *, logged: bool = False) -> None:
        if not logged:
            log_failure(error, self.run.reference)
        try:
            await self._put_back_or_say(failure(error, self._locale, self.run.reference))
        except Exception as unsaid:  # noqa: BLE001 - there is no further road to the person
            _log.warning("failure_unsaid", error=type(unsaid).__name__)

    async def _put_back_or_say(self, text: str) -> None:
        """Say ``text`` in the reply, or, where an answer stood, put that back and say it aside."""
        if self.replaces is not None and self._interaction.message is not None:
            try:
                if self._drawn:
                    await self.delivery.edit(restored(self._interaction.message))
            finally:
                await say_alone(self._interaction, text)
            return
        asker_id = self.request.asker.person_id
        view = plain(text, [delete_button(asker_id, words(self._locale))])
        if self.delivery.outlived:
            await self.delivery.send(view)
        else:
            await self.delivery.edit(view, ())
