"""Turns of conversations, as they are kept, and the dialogues they make."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.domain.conversation import KeptFrame, KeptPicture, Place, Turn, TurnState, Window
from bot.domain.picture import Frame, Picture, PictureFacts, PictureRef, SourceKind
from bot.domain.task import Dialogue, Line, Parameters, Shown
from bot.tasks.ask import REMEMBERED, answer_line, person_line, picture_name, recap_line

SOURCE = PictureRef(SourceKind.OPTION, "https://cdn.discordapp.com/attachments/1/2/picture.png")
OWN_LANGUAGE = Parameters(language="")
"""Whoever asks is answered in the language of the question."""


def turn(
    question: str = "What is this?",
    *,
    answer: str = "",
    speaker: int = 0,
    preface: str = "",
    parameters: Parameters = OWN_LANGUAGE,
    pictures: Sequence[KeptPicture] = (),
) -> Turn:
    """Keep a turn; with an answer it counts as answered."""
    return Turn(
        id=1,
        conversation_id=1,
        parent_id=None,
        depth=0,
        person_id=10 + speaker,
        speaker=speaker,
        guild_id=None,
        channel_id=5,
        private=False,
        parameters=parameters,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        state=TurnState.ANSWERED if answer else TurnState.WAITING,
        question=question,
        preface=preface,
        answer=answer,
        pictures=tuple(pictures),
    )


def picture(*data: bytes) -> Picture:
    """Take bytes for a prepared picture, one frame each."""
    frames = [
        Frame(each, "image/png", 64, 64, at_seconds=index / 2 if len(data) > 1 else None)
        for index, each in enumerate(data)
    ]
    return Picture(tuple(frames), PictureFacts("PNG", 64, 64, 100, frame_count=len(data)))


def kept(
    number: int, picture: Picture, *, part_of: int | None = None, place: Place | None = None
) -> KeptPicture:
    """Keep a picture under its number."""
    frames = tuple(
        KeptFrame(frame.sha256, frame.media_type, frame.width, frame.height, frame.at_seconds)
        for frame in picture.frames
    )
    return KeptPicture(number, SOURCE, frames, part_of, place)


def window(recap: str) -> Window:
    """Make a window that begins at the second turn."""
    return Window(id=1, conversation_id=1, first_depth=1, recap=recap)


def dialogue(
    turns: Sequence[Turn],
    pictures: Mapping[int, Picture] = {},
    *,
    view: Window | None = None,
    seed: int | None = None,
) -> Dialogue:
    """Write down a conversation whose last turn is asked now."""
    lines: list[Line] = [] if view is None else [recap_line(view, ()), REMEMBERED]
    for each in turns:
        shown = [Shown(picture_name(had), pictures[had.number]) for had in each.pictures]
        lines += [person_line(each, shown=shown), answer_line(each)]
    return Dialogue(turns[-1].parameters, tuple(lines[:-1]), seed)
