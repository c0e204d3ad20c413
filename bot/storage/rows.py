"""Rows of conversations as the values they stand for."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from bot.domain.conversation import (
    AskRequest,
    Closer,
    KeptFrame,
    KeptPicture,
    Turn,
    TurnState,
    Window,
)
from bot.domain.picture import Note, PictureFacts, PictureRef
from bot.domain.task import Parameters
from bot.storage.conversation_tables import (
    PictureFrameRow,
    TurnPictureRow,
    TurnRow,
    WindowRow,
)
from bot.storage.seal import Seal

_parameters = TypeAdapter(Parameters)
_closer = TypeAdapter(Closer | None)
_facts = TypeAdapter(PictureFacts)
_source = TypeAdapter(PictureRef)
_sources = TypeAdapter(tuple[PictureRef, ...])


def sealed_words(seal: Seal, request: AskRequest) -> bytes:
    """Return what a question brings in words, as a turn's row holds it."""
    sources = [asdict(source) for source in request.sources if isinstance(source, PictureRef)]
    return seal.seal_json({"question": request.question, "preface": "", "sources": sources})


def empty_words(seal: Seal) -> bytes:
    """Return the words of a turn that is forgotten."""
    return seal.seal_json({"question": "", "preface": "", "sources": []})


def with_preface(seal: Seal, words: bytes, preface: str) -> bytes:
    """Return a turn's words with another preface; as they are when no key opens them."""
    opened = seal.open_json(words)
    return words if opened is None else seal.seal_json({**opened, "preface": preface})


def preface_of(seal: Seal, words: bytes) -> str:
    """Return the preface in a turn's words; empty when no key opens them."""
    opened = seal.open_json(words)
    return "" if opened is None else str(opened["preface"])


def question_of(seal: Seal, words: bytes) -> str:
    """Return the question in a turn's words; empty when no key opens them."""
    opened = seal.open_json(words)
    return "" if opened is None else str(opened["question"])


def turn_of(seal: Seal, row: TurnRow, pictures: tuple[KeptPicture, ...], *, over: bool) -> Turn:
    """Return a turn; one that is over, or that no key opens, as FORGOTTEN."""
    words: Any = None if over else seal.open_json(row.words)
    answer = None if over else seal.open_text(row.answer)
    parameters: Any = None if over else seal.open_json(row.parameters)
    if words is None or answer is None or parameters is None:
        if not over:
            seal.unreadable("turn", row.id)
        return _forgotten(row)
    return Turn(
        id=row.id,
        conversation_id=row.conversation_id,
        parent_id=row.parent_id,
        depth=row.depth,
        person_id=row.person_id,
        speaker=row.speaker,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        private=row.private,
        parameters=_parameters.validate_python(parameters),
        created_at=row.created_at,
        state=row.state,
        question=words["question"],
        preface=words["preface"],
        answer=answer,
        sources=_sources.validate_python(words["sources"]),
        pictures=pictures,
        again=tuple(row.again),
        closer=_closer.validate_python(row.closer),
        seed=row.seed,
        window_id=row.window_id,
        engine=row.engine,
        model=row.model,
        notes=tuple(Note(note) for note in row.notes),
        prompt_tokens=row.prompt_tokens,
        answer_tokens=row.answer_tokens,
        question_message_id=row.question_message_id,
        answer_message_id=row.answer_message_id,
        first_try_id=row.first_try_id,
    )


def _forgotten(row: TurnRow) -> Turn:
    return Turn(
        id=row.id,
        conversation_id=row.conversation_id,
        parent_id=row.parent_id,
        depth=row.depth,
        person_id=None,
        speaker=row.speaker,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        private=row.private,
        parameters=Parameters(),
        created_at=row.created_at,
        state=TurnState.FORGOTTEN,
        window_id=row.window_id,
        engine=row.engine,
        model=row.model,
        answer_message_id=row.answer_message_id,
    )


def picture_row(seal: Seal, turn_id: int, kept: KeptPicture) -> TurnPictureRow:
    """Return the row of a picture."""
    return TurnPictureRow(
        turn_id=turn_id,
        number=kept.number,
        part_of=kept.part_of,
        place=kept.place,
        facts=None if kept.facts is None else asdict(kept.facts),
        notes=list(kept.notes),
        source=seal.seal_json(asdict(kept.source)),
        description=seal.seal_text(kept.description),
        answered_as=kept.answered_as,
    )


def frame_rows(turn_id: int, kept: KeptPicture) -> list[PictureFrameRow]:
    """Return the rows of a picture's stills."""
    return [
        PictureFrameRow(turn_id=turn_id, number=kept.number, position=position, **asdict(frame))
        for position, frame in enumerate(kept.frames)
    ]


def picture_of(
    seal: Seal, row: TurnPictureRow, frames: Sequence[PictureFrameRow]
) -> KeptPicture | None:
    """Return a picture; None when no key opens what is known of it."""
    source, description = seal.open_json(row.source), seal.open_text(row.description)
    if source is None or description is None:
        seal.unreadable("turn_picture", f"{row.turn_id}/{row.number}")
        return None
    return KeptPicture(
        number=row.number,
        source=_source.validate_python(source),
        frames=tuple(
            KeptFrame(
                sha256=frame.sha256,
                media_type=frame.media_type,
                width=frame.width,
                height=frame.height,
                at_seconds=frame.at_seconds,
            )
            for frame in frames
        ),
        part_of=row.part_of,
        place=row.place,
        description=description,
        facts=_facts.validate_python(row.facts),
        notes=tuple(Note(note) for note in row.notes),
        answered_as=row.answered_as,
    )


def window_of(seal: Seal, row: WindowRow) -> Window | None:
    """Return a window; None when no key opens its words."""
    recap = seal.open_text(row.recap)
    if recap is None:
        seal.unreadable("window", row.id)
        return None
    return Window(row.id, row.conversation_id, row.first_depth, recap, tuple(row.carried))
