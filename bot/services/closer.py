"""Look closer: a part of a picture, cut from its original as sharp as the model can see it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.conversation import Closer, KeptPicture, Place
from bot.domain.conversation_ports import ConversationStore, NewPicture
from bot.domain.errors import FetchFailed, NoTextFound, PictureError, PictureGone
from bot.domain.picture import Note, Picture, PictureNeeds, Region
from bot.domain.ports import TextFinder
from bot.domain.task import Parameters, TaskName
from bot.services.originals import Originals, Prepare
from bot.tasks import TASKS

WHOLE = Region(0.0, 0.0, 1.0, 1.0)
_OVERLAP = 0.08
"""How much of the picture neighbouring parts share, so that nothing is cut through in both."""
_COLUMN_AND_ROW = {
    Place.TOP_LEFT: (0, 0),
    Place.TOP: (1, 0),
    Place.TOP_RIGHT: (2, 0),
    Place.LEFT: (0, 1),
    Place.MIDDLE: (1, 1),
    Place.RIGHT: (2, 1),
    Place.BOTTOM_LEFT: (0, 2),
    Place.BOTTOM: (1, 2),
    Place.BOTTOM_RIGHT: (2, 2),
}


def ninth(place: Place) -> Region:
    """Return one of nine parts; it reaches a little into its neighbours."""
    column, row = _COLUMN_AND_ROW[place]
    left, right = _span(column)
    top, bottom = _span(row)
    return Region(left, top, right, bottom)


def within(outer: Region, inner: Region) -> Region:
    """Return ``inner``, a part of ``outer``, as a part of what ``outer`` is a part of."""
    width, height = outer.right - outer.left, outer.bottom - outer.top
    return Region(
        outer.left + inner.left * width,
        outer.top + inner.top * height,
        outer.left + inner.right * width,
        outer.top + inner.bottom * height,
    )


def region_in_original(kept: KeptPicture, pictures: Mapping[int, KeptPicture]) -> Region | None:
    """Return which part of its original a picture shows; None when that is not known any more."""
    if kept.part_of is None:
        return WHOLE
    outer = pictures.get(kept.part_of)
    if outer is None or kept.place is None or kept.place is Place.TEXT:
        return None
    around = region_in_original(outer, pictures)
    return None if around is None else within(around, ninth(kept.place))


@dataclass(frozen=True, slots=True)
class CloserLook:
    """Cuts parts out of pictures of a conversation."""

    originals: Originals
    store: ConversationStore
    text_finder: TextFinder | None

    async def take(
        self, wish: Closer, pictures: Mapping[int, KeptPicture], needs: PictureNeeds
    ) -> tuple[NewPicture, tuple[Note, ...]]:
        """Return the wished part, of the original or else of the kept copy, with a note then.

        Raises NoTextFound, and what fetching the original raised when there is no copy either.
        """
        whole = pictures[wish.number]
        try:
            picture = await self._from_original(wish, whole, pictures, needs)
            notes: tuple[Note, ...] = ()
        except (PictureError, FetchFailed):
            copies = await self.store.load([whole])
            if wish.number not in copies:
                raise
            picture = await self._from_copy(wish, copies[wish.number], needs)
            notes = (Note.REDUCED_COPY,)
        return NewPicture(picture, whole.source, wish.number, wish.place), notes

    async def _from_original(
        self,
        wish: Closer,
        whole: KeptPicture,
        pictures: Mapping[int, KeptPicture],
        needs: PictureNeeds,
    ) -> Picture:
        around = region_in_original(whole, pictures)
        if around is None:
            raise PictureGone
        async with self.originals.opened(whole.source) as prepare:
            return await self._part(wish, around, prepare, needs)

    async def _from_copy(self, wish: Closer, copy: Picture, needs: PictureNeeds) -> Picture:
        async def prepare(what: PictureNeeds) -> Picture:
            return await self.originals.prepare_again(copy.frames[0].data, what)

        return await self._part(wish, WHOLE, prepare, needs)

    async def _part(
        self, wish: Closer, around: Region, prepare: Prepare, needs: PictureNeeds
    ) -> Picture:
        if wish.place is Place.TEXT:
            region = within(around, await self._text(around, prepare))
        else:
            region = within(around, ninth(wish.place))
        return await prepare(replace(needs, region=region))

    async def _text(self, around: Region, prepare: Prepare) -> Region:
        """Find the text in a part of a picture, at the size in which text is read."""
        sharp = TASKS[TaskName.OCR].needs(Parameters())
        page = await prepare(replace(sharp, region=None if around == WHOLE else around))
        found = None if self.text_finder is None else await self.text_finder.find_text(page)
        if found is None:
            raise NoTextFound
        return found


def _span(index: int) -> tuple[float, float]:
    return max(0.0, index / 3 - _OVERLAP / 2), min(1.0, (index + 1) / 3 + _OVERLAP / 2)
