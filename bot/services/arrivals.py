"""The pictures that come with a question: fetched, prepared, and what was said of them before."""

import asyncio
import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.conversation import AskRequest, KeptPicture
from bot.domain.conversation_ports import NewPicture
from bot.domain.errors import LookoutError, NoPicture, PictureError, StorageFailed
from bot.domain.picture import Frame, Note, Picture, PictureNeeds, PictureRef
from bot.domain.ports import AnswerStore, Engine, PostedAnswer
from bot.domain.task import TaskName
from bot.services.choosing import chosen, kept_under
from bot.services.closer import CloserLook
from bot.services.costs import Meter
from bot.services.originals import Originals, Prepare
from bot.tasks.phrases import clip_at_sentence

_DESCRIPTION_CHARACTERS = 320
"""How much is kept of what was said of a picture, for when it can no longer be shown."""
_PREFACE_CHARACTERS = 1500
_PICTURES_SHARE = 0.75
"""How much of the room the new pictures of one question may take."""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came with a question, ready to be attached to its turn."""

    pictures: tuple[NewPicture, ...] = ()
    preface: str = ""
    refused: tuple[LookoutError, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Gets the pictures of questions."""

    originals: Originals
    engine: Engine
    answers: AnswerStore
    closer: CloserLook

    async def gather(
        self, request: AskRequest, earlier: Mapping[int, KeptPicture], meter: Meter, budget: int
    ) -> Arrived:
        """Fetch and prepare what is new, in the order of the request, which brings something.

        Some may fail. When all do, raises the first error. ``budget`` is the room in tokens.
        """
        engine = chosen(self.engine, TaskName.ASK)
        needs = self.originals.needs(engine, TaskName.ASK, request.parameters)
        if request.closer is not None:
            part, notes = await self.closer.take(request.closer, earlier, needs)
            return Arrived((part,), notes=notes)
        share = int(budget * _PICTURES_SHARE) // len(request.sources)
        found = await asyncio.gather(
            *(self._one(request, source, needs, meter, share) for source in request.sources)
        )
        pictures = tuple(new for new, _ in found if isinstance(new, NewPicture))
        refused = tuple(new for new, _ in found if isinstance(new, LookoutError))
        if not pictures:
            raise refused[0] if refused else NoPicture()
        said = [text for new, text in found if isinstance(new, NewPicture)]
        return Arrived(pictures, _preface(said), refused)

    async def _one(
        self,
        request: AskRequest,
        source: PictureRef | Exception,
        needs: PictureNeeds,
        meter: Meter,
        share: int,
    ) -> tuple[NewPicture | LookoutError, str]:
        """Return a picture with what was said of it, or why it cannot be used."""
        if isinstance(source, Exception):
            return (source if isinstance(source, LookoutError) else PictureError()), ""
        try:
            async with self.originals.opened(source) as prepare:
                picture = await _fitting(prepare, needs, meter, share)
                said, answered_as = await self._said(request.posted, source, prepare)
        except LookoutError as error:
            return error, ""
        description = clip_at_sentence(said, _DESCRIPTION_CHARACTERS)
        new = NewPicture(picture, source, description=description, answered_as=answered_as)
        return new, said

    async def _said(
        self, posted: PostedAnswer | None, source: PictureRef, prepare: Prepare
    ) -> tuple[str, str]:
        """Return what the answer that is followed up said of a picture, as far as it is kept.

        And the SHA-256 by which whoever deletes the picture finds that answer.
        """
        if posted is None or source not in posted.sources:
            return "", ""
        engine = chosen(self.engine, posted.task)
        seen = await prepare(self.originals.needs(engine, posted.task, posted.parameters))
        with contextlib.suppress(StorageFailed):
            kept = await self.answers.get(kept_under(engine, posted.task, posted.parameters, seen))
            if kept is not None:
                return clip_at_sentence(kept.text, _PREFACE_CHARACTERS), seen.sha256
        return "", seen.sha256

    async def smaller(self, picture: Picture, needs: PictureNeeds, share: float) -> Picture:
        """Make a prepared picture that did not fit smaller, to a ``share`` of its pixels.

        Of several stills every second goes as well.
        """
        frames = []
        for frame in picture.frames[:: 2 if picture.animated else 1]:
            pixels = max(int(frame.width * frame.height * share), needs.min_side**2)
            small = await self.originals.prepare_again(
                frame.data, replace(needs, max_pixels=pixels)
            )
            one = small.frames[0]
            frames.append(Frame(one.data, one.media_type, one.width, one.height, frame.at_seconds))
        return Picture(tuple(frames), picture.facts, picture.notes)


async def _fitting(prepare: Prepare, needs: PictureNeeds, meter: Meter, share: int) -> Picture:
    """Prepare a picture, smaller and smaller while it costs more than its share of the room.

    Models that take the same for a picture of any size are given up on after the first try.
    """
    picture = await prepare(needs)
    tokens = meter.prepared(picture)
    for _ in range(_TRIES):
        if tokens <= share:
            break
        frame = picture.frames[0]
        pixels = max(math.floor(frame.width * frame.height * share / tokens), needs.min_side**2)
        smaller = await prepare(replace(needs, max_pixels=pixels))
        if meter.prepared(smaller) >= tokens:
            break
        picture, tokens = smaller, meter.prepared(smaller)
    return picture


def _preface(said: list[str]) -> str:
    """Put together what was said of each picture, by the numbers that a first turn's get."""
    if len(said) == 1:
        return said[0]
    return "\n".join(f"Picture {number}: {text}" for number, text in enumerate(said, 1) if text)
