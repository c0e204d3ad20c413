"""Delivers one answer into one interaction: progress, streamed text, the final layout."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord
from discord import ui

from bot.domain.errors import LookoutError, StorageFailed
from bot.domain.picture import PictureRef
from bot.domain.ports import PostedAnswer
from bot.services.look import LookRequest, LookResult, lasting_sources
from bot.services.progress import Part
from bot.ui.controls import NOT_KEPT, Control, answer_buttons, delete_button
from bot.ui.delivery import InteractionDelivery
from bot.ui.errors import log_failure
from bot.ui.house import House
from bot.ui.layouts import Rendered, finished, looking
from bot.ui.replying import Reply
from bot.ui.running import Run


@dataclass(kw_only=True)
class AnswerReply(Reply[LookResult]):
    """One request being answered; ``replaces`` is the kept answer whose place this one takes."""

    request: LookRequest
    as_file: bool = False
    replaces: PostedAnswer | None = None
    kept_sources: tuple[PictureRef, ...] | None = None
    """What to keep for the buttons where the request's own sources are only stand-ins."""
    _parts: tuple[Part, ...] = field(init=False)

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
        in_place = replaces is not None
        delivery = InteractionDelivery(
            interaction, house.replies.token_seconds, private, in_place=in_place
        )

        async def work(run: Run) -> None:
            reply = cls(
                house=house,
                run=run,
                delivery=delivery,
                replaced=interaction if in_place else None,
                request=request,
                as_file=as_file,
                replaces=replaces,
                kept_sources=kept_sources,
            )
            await reply.deliver()

        place = interaction.message if in_place else None
        house.running.start(
            request.asker.person_id, work, place_id=place.id if place is not None else None
        )

    async def _work(self) -> LookResult:
        return await self.house.look.run(self.request, self._report)

    def _report(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._changed.set()

    def _progress(self) -> ui.LayoutView:
        return looking(self.request, self._parts, self.delivery.locale, [self._cancel_button()])

    def _last_buttons(self) -> list[Control]:
        return [delete_button(self.request.asker.person_id, self._say)]

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
            self.delivery.locale,
            reference=self.run.reference,
            as_file=self.as_file,
            buttons=answer_buttons(
                self.request,
                posted.id if posted is not None else NOT_KEPT,
                self._say,
                private=self.delivery.private,
                may_ask=self.house.engine.room() is not None,
            ),
        )
        await self._post_kept(rendered, posted)
        await self._forget(self.replaces)

    async def _post_kept(self, rendered: Rendered, posted: PostedAnswer | None) -> None:
        """Post the answer; its record goes again when no button came to belong to it."""
        try:
            await self._post(rendered)
        except BaseException:
            await self._forget(posted)
            raise

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
