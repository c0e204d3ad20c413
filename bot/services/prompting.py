"""From a turn in the store to the prompt that the engine is sent."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.conversation import KeptFrame, KeptPicture, Turn, TurnState, Window
from bot.domain.conversation_ports import ConversationStore
from bot.domain.errors import Expired, LookoutError, NoPicture, PictureGone, StorageFailed
from bot.domain.picture import Frame, Picture, PictureNeeds
from bot.domain.task import Dialogue, Line
from bot.services.closer import WHOLE, region_in_original
from bot.services.context import Plan, View, counted_before, plan, reopened
from bot.services.costs import Load, Meter, without
from bot.services.dialogue import lines_of, numbers_of
from bot.services.originals import Originals
from bot.tasks.ask import system_text

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A dialogue and how it came to be."""

    view: View
    plan: Plan
    dialogue: Dialogue
    loaded: Mapping[int, Picture] = field(repr=False)
    in_words: tuple[int, ...]
    """Numbers of pictures that are no longer to be had."""
    first_depth: int

    @property
    def load(self) -> Load:
        """What all of it is made of."""
        return Load.of(self.dialogue.lines, system_text())

    def measured(self, prompt_tokens: int) -> tuple[Load, int]:
        """Return what the engine's count is news about: what was added to the last counted prompt.

        All of it, where there is none or something of it has gone since.
        """
        counted = None if self.plan.opens or self.in_words else counted_before(self.view)
        if counted is None or counted.prompt_tokens is None:
            return self.load, prompt_tokens
        turns = self.plan.before[: self.plan.before.index(counted) + 1]
        lines = lines_of(turns, self.plan.window, self.view.pictures, self.loaded)
        added = without(self.load, Load.of(lines, system_text()))
        return added, prompt_tokens - counted.prompt_tokens


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a prompt may hold, and what things cost.

    ``tight`` begins a new window in any case; ``drift`` is by how much estimates were too low.
    """

    meter: Meter
    budget: int
    tight: bool = False
    drift: float = 1.0


@dataclass(frozen=True, slots=True)
class Prompter:
    """Builds prompts."""

    store: ConversationStore
    originals: Originals

    async def build(
        self,
        turn: Turn,
        model: str,
        limits: Limits,
        at_hand: dict[int, Picture],
        needs: PictureNeeds | None,
    ) -> Prompt:
        """Build the prompt of a turn from what is kept right now.

        ``at_hand`` holds pictures by number that need not be loaded. Pictures that are not kept any
        more are fetched again for ``needs``, put there and, where they may be, back into the store;
        without ``needs`` words stand for them. Raises Expired when the turn is gone, PictureGone
        and NoPicture when no picture is on the way to it.
        """
        planned = None
        while planned is None:  # else something that the new window tells of was just deleted
            view, first_depth = await self._view(turn, model, at_hand)
            planned = await self._opened(view, self._plan(view, limits))
        asked = replace(view.turn, again=planned.again)
        turns = (*planned.before, asked)
        numbers = numbers_of(turns, planned.window, view.pictures)
        loaded = await self._loaded([view.pictures[n] for n in numbers], at_hand)
        missing = [view.pictures[n] for n in numbers if n not in loaded]
        if missing and needs is not None:
            fetched = await self._fetched_again(missing, view.pictures, needs)
            at_hand.update(fetched)
            await self._put_back(turn, fetched)
            loaded |= {n: at_hand[n] for n in numbers if n in at_hand}
        return Prompt(
            view=view,
            plan=planned,
            dialogue=_dialogue(turns, planned.window, view.pictures, loaded),
            loaded=loaded,
            in_words=tuple(number for number in numbers if number not in loaded),
            first_depth=first_depth,
        )

    async def holds(self, prompt: Prompt) -> bool:
        """Say whether nothing of what a prompt tells was deleted since it was built."""
        path = await self.store.path(prompt.view.turn.id, prompt.first_depth)
        before = (*prompt.view.before, prompt.view.turn)
        return _told(_alive(path)) == _told(before)

    def _plan(self, view: View, limits: Limits) -> Plan:
        if limits.tight and (view.before or view.window):
            return reopened(view, limits.meter, limits.budget, limits.drift)
        return plan(view, limits.meter, limits.budget)

    async def _opened(self, view: View, planned: Plan) -> Plan | None:
        """Keep a plan's new window, if it has one; None when it tells of what was just deleted."""
        if not planned.opens or planned.window is None:
            return planned
        new = planned.window
        try:
            window = await self.store.open_window(
                new.conversation_id,
                new.first_depth,
                new.recap,
                new.carried,
                told=[turn.id for turn in view.before],
                continues=None if view.window is None else view.window.id,
            )
        except Expired:
            return None
        _log.info("window_opened", turn=view.turn.id, first_depth=window.first_depth)
        return replace(planned, window=window)

    async def _view(
        self, turn: Turn, model: str, at_hand: Mapping[int, Picture]
    ) -> tuple[View, int]:
        window = await self._window(turn)
        first_depth = window.first_depth if window else 0
        path = await self.store.path(turn.id, first_depth)
        if not path or path[-1].id != turn.id or path[-1].state is TurnState.FORGOTTEN:
            raise Expired
        pictures: dict[int, KeptPicture] = {}
        for kept in await self.store.pictures(turn.id):
            if kept.part_of is None or kept.part_of in pictures:  # else its whole was deleted
                pictures[kept.number] = _sized(kept, at_hand.get(kept.number))
        before = _alive(path[:-1])
        if not pictures:
            raise NoPicture if len(before) == len(path) - 1 else PictureGone
        return View(path[-1], before, window, pictures, model), first_depth

    async def _window(self, turn: Turn) -> Window | None:
        """Return the window of the newest answer on the way to a turn."""
        if turn.parent_id is None:
            return None
        parent = await self.store.turn(turn.parent_id)
        if parent is not None and parent.state is not TurnState.ANSWERED:
            path = await self.store.path(parent.id)
            parent = next((t for t in reversed(path) if t.state is TurnState.ANSWERED), None)
        if parent is None or parent.window_id is None:
            return None
        return await self.store.window(parent.window_id)

    async def _loaded(
        self, kept: Iterable[KeptPicture], at_hand: Mapping[int, Picture]
    ) -> dict[int, Picture]:
        loaded = {one.number: at_hand[one.number] for one in kept if one.number in at_hand}
        rest = [one for one in kept if one.number not in at_hand]
        return loaded | dict(await self.store.load(rest)) if rest else loaded

    async def _fetched_again(
        self,
        missing: Iterable[KeptPicture],
        pictures: Mapping[int, KeptPicture],
        needs: PictureNeeds,
    ) -> dict[int, Picture]:
        async def fetch(kept: KeptPicture) -> tuple[int, Picture | None]:
            region = region_in_original(kept, pictures)
            if region is None:
                return kept.number, None
            part = replace(needs, region=None if region == WHOLE else region)
            try:
                async with self.originals.opened(kept.source) as prepare:
                    picture = await prepare(part)
                    if _pixels(picture.frames) > _pixels(kept.frames or picture.frames):
                        pixels = kept.frames[0].width * kept.frames[0].height
                        few = min(part.max_frames, len(kept.frames))
                        picture = await prepare(replace(part, max_pixels=pixels, max_frames=few))
            except LookoutError:
                _log.info("picture_in_words", number=kept.number)
                return kept.number, None
            return kept.number, picture

        found = await asyncio.gather(*map(fetch, missing))
        return {number: picture for number, picture in found if picture is not None}

    async def _put_back(self, turn: Turn, fetched: Mapping[int, Picture]) -> None:
        """Keep again what had to be fetched again, so that the next question need not."""
        if fetched:
            with contextlib.suppress(StorageFailed, Expired):  # the next question will
                await self.store.replace_pictures(turn.id, fetched)


def _dialogue(
    turns: tuple[Turn, ...],
    window: Window | None,
    pictures: Mapping[int, KeptPicture],
    loaded: Mapping[int, Picture],
) -> Dialogue:
    asked = turns[-1]
    lines: tuple[Line, ...] = lines_of(turns, window, pictures, loaded)
    return Dialogue(asked.parameters, lines, asked.seed)


def _sized(kept: KeptPicture, at_hand: Picture | None) -> KeptPicture:
    """Fill in the stills of a picture whose bytes are not kept but here."""
    if kept.frames or at_hand is None:
        return kept
    return replace(kept, frames=tuple(map(KeptFrame.of, at_hand.frames)))


def _pixels(frames: Sequence[Frame | KeptFrame]) -> int:
    return sum(frame.width * frame.height for frame in frames)


def _alive(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    return tuple(turn for turn in turns if turn.state is not TurnState.FORGOTTEN)


def _told(turns: Iterable[Turn]) -> list[tuple[object, ...]]:
    """Return what the prompt depends on of each turn."""
    return [
        (turn.id, turn.state, turn.window_id, len(turn.answer), [k.number for k in turn.pictures])
        for turn in turns
    ]
