"""Pictures on their way into turns: their numbers, their rows and their stills."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

from sqlalchemy import and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.conversation import KeptFrame, KeptPicture, Place
from bot.domain.conversation_ports import NewPicture
from bot.domain.errors import ConversationFull, Expired
from bot.domain.picture import Note, Picture, PictureFacts, PictureRef
from bot.storage.conversation_tables import (
    ConversationRow,
    PictureFrameRow,
    TurnPictureRow,
    TurnRow,
)
from bot.storage.posted import unsigned
from bot.storage.rows import frame_rows, picture_row, with_preface
from bot.storage.turns import Turns, way


class Attaching(Turns):
    """Keeps the pictures of turns."""

    async def attach(
        self, turn_id: int, pictures: Sequence[NewPicture], *, preface: str = ""
    ) -> tuple[KeptPicture, ...]:
        """Keep the pictures of a turn under new numbers; raises ConversationFull, Expired."""
        sealed = await self._blobs.sealed(frame for new in pictures for frame in new.picture.frames)
        async with self._database.writing() as session:
            turn = await self._standing(session, turn_id)
            if preface:
                turn.words = with_preface(self._database.seal, turn.words, preface)
            numbered = await self._number(session, turn, pictures)
            attached = await self._keep(session, turn_id, numbered, sealed)
        await self._blobs.bound()
        return attached

    async def replace_pictures(
        self, turn_id: int, pictures: Mapping[int, Picture]
    ) -> tuple[KeptPicture, ...]:
        """Keep other stills of pictures on the way to a turn; raises Expired."""
        sealed = await self._blobs.sealed(
            frame for picture in pictures.values() for frame in picture.frames
        )
        async with self._database.writing() as session:
            await self._standing(session, turn_id)
            back = select(way(turn_id).c.id)
            bring = select(TurnPictureRow.turn_id).where(
                TurnPictureRow.turn_id.in_(back), TurnPictureRow.number.in_(pictures)
            )
            replaced: list[KeptPicture] = []
            for holder_id in (await session.scalars(bring.distinct())).all():
                changed = [
                    replace(kept, **_prepared(pictures[kept.number]))
                    for kept in await self._known(session, holder_id)
                    if kept.number in pictures
                ]
                replaced += await self._keep(session, holder_id, changed, sealed)
        await self._blobs.bound()
        return tuple(replaced)

    async def load(self, pictures: Sequence[KeptPicture]) -> Mapping[int, Picture]:
        """Return kept pictures with their bytes, by number; those no longer kept are missing."""
        return await self._blobs.load(pictures)

    async def describe(self, conversation_id: int, number: int, description: str) -> None:
        """Keep what is known in words of a picture."""
        ours = select(TurnRow.id).where(TurnRow.conversation_id == conversation_id)
        sealed = self._database.seal.seal_text(description)
        async with self._database.writing() as session:
            await session.execute(
                update(TurnPictureRow)
                .where(TurnPictureRow.turn_id.in_(ours), TurnPictureRow.number == number)
                .values(description=sealed)
            )

    async def _number(
        self, session: AsyncSession, turn: TurnRow, pictures: Sequence[NewPicture]
    ) -> list[KeptPicture]:
        """Give pictures their numbers; one that the turn has keeps its own."""
        conversation = await session.get_one(ConversationRow, turn.conversation_id)
        here = {
            _origin(kept.source, kept.part_of, kept.place): kept.number
            for kept in await self._known(session, turn.id)
        }
        numbered = []
        for new in pictures:
            number = here.pop(_origin(new.source, new.part_of, new.place), None)
            if number is None:
                number = conversation.last_number = conversation.last_number + 1
                if number > self._limits.pictures:
                    raise ConversationFull("pictures", self._limits.pictures)
            numbered.append(
                KeptPicture(
                    number=number,
                    source=new.source,
                    part_of=new.part_of,
                    place=new.place,
                    description=new.description,
                    answered_as=new.answered_as,
                    **_prepared(new.picture),
                )
            )
        return numbered

    async def _known(self, session: AsyncSession, turn_id: int) -> tuple[KeptPicture, ...]:
        fetched = await self.fetch(session, select(TurnRow.id).where(TurnRow.id == turn_id))
        turns = self.opened(fetched)
        if not turns:  # its end was marked a moment ago, without waiting for our lock
            raise Expired
        return turns[0].pictures

    async def _keep(
        self,
        session: AsyncSession,
        turn_id: int,
        pictures: Sequence[KeptPicture],
        sealed: Mapping[str, bytes],
    ) -> tuple[KeptPicture, ...]:
        """Write the rows of pictures in place of older ones; where they are kept, their stills."""
        shows = select(TurnRow.id).where(TurnRow.id == turn_id, self._times.turn_shows())
        if await session.scalar(shows) is None:
            pictures = [replace(kept, frames=()) for kept in pictures]
        await self._blobs.lock(session)
        await self._drop_stills(session, turn_id, [kept.number for kept in pictures])
        used = {frame.sha256 for kept in pictures for frame in kept.frames}
        await self._blobs.add(session, {sha256: sealed[sha256] for sha256 in used})
        for kept in pictures:
            await session.merge(picture_row(self._database.seal, turn_id, kept))
        await session.flush()
        session.add_all(row for kept in pictures for row in frame_rows(turn_id, kept))
        return tuple(pictures)

    async def _drop_stills(
        self, session: AsyncSession, turn_id: int, numbers: Sequence[int]
    ) -> None:
        these = and_(PictureFrameRow.turn_id == turn_id, PictureFrameRow.number.in_(numbers))
        frames = (await session.scalars(select(PictureFrameRow).where(these))).all()
        if frames:
            await session.execute(delete(PictureFrameRow).where(these))
            await self._blobs.drop_unused(session, frames)


def _origin(source: PictureRef, part_of: int | None, place: Place | None) -> tuple[object, ...]:
    """Return what tells pictures of one turn apart, however often they are prepared."""
    return source.kind, source.message_id, source.item_id, unsigned(source.url), part_of, place


class _Prepared(TypedDict):
    frames: tuple[KeptFrame, ...]
    facts: PictureFacts
    notes: tuple[Note, ...]


def _prepared(picture: Picture) -> _Prepared:
    """Return what a KeptPicture takes from how its picture was prepared."""
    frames = tuple(map(KeptFrame.of, picture.frames))
    return {"frames": frames, "facts": picture.facts, "notes": picture.notes}
