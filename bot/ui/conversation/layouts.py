"""How a turn of a conversation looks: while its answer comes, and when it is there."""

from collections.abc import Sequence

from discord import ui

from bot.domain.conversation import KeptPicture, Place, Turn
from bot.domain.picture import Picture, SourceKind
from bot.services.converse import TurnResult
from bot.services.progress import Part, Stage
from bot.tasks.phrases import clip_at_sentence
from bot.ui.controls import Control
from bot.ui.files import MAX_FILES, Attached, picture_name, text_file
from bot.ui.i18n import Words, mark, words
from bot.ui.layouts import (
    ALT_LIMIT,
    TEXT_LIMIT,
    Rendered,
    closed,
    maker,
    media_item,
    plain,
    progress,
)
from bot.ui.notes import note_sentence
from bot.ui.sentences import sentence
from bot.ui.text import clip_words, displayed, neutral_clipped, one_line, quoted, spoilered

_SENTENCE = 100
_QUESTION_LIMIT = 400
_REFUSED_LIMIT = 600
_NAME_LIMIT = 60
PLACES: dict[Place, str] = {
    Place.TOP_LEFT: mark("top left"),
    Place.TOP: mark("top"),
    Place.TOP_RIGHT: mark("top right"),
    Place.LEFT: mark("left"),
    Place.MIDDLE: mark("middle"),
    Place.RIGHT: mark("right"),
    Place.BOTTOM_LEFT: mark("bottom left"),
    Place.BOTTOM: mark("bottom"),
    Place.BOTTOM_RIGHT: mark("bottom right"),
    Place.TEXT: mark("its text"),
}
"""What the parts of a picture are called."""


def answering(
    part: Part, locale: str, *, hidden: bool, buttons: Sequence[Control]
) -> ui.LayoutView:
    """Show how far an answer has come, with what is written so far."""
    say = words(locale)
    if part.stage is Stage.FOLLOWING:
        text = say.say("Waiting for the answer before this one…")
    else:
        text = progress(part, say, TEXT_LIMIT - _SENTENCE)
        if hidden and part.text.strip():
            text = spoilered(text)
    return plain(text, buttons)


def answered(
    result: TurnResult, locale: str, *, with_question: bool, buttons: Sequence[Control]
) -> Rendered:
    """Lay out an answer.

    ``with_question`` is for where nobody else can see what was asked: in a command or a form.
    """
    say, turn = words(locale), result.turn
    model = maker(result.answer.engine, result.answer.model, say)
    above = ["-# " + say.say("AI answer by {model}", model=model)]
    if with_question:
        above.append(who_asked(turn, say, _QUESTION_LIMIT, hidden=result.spoiler))
    captions = _captions(result, say)
    refused = _refused(result, locale)
    notes = [note_sentence(note, locale) for note in dict.fromkeys(result.answer.notes)]
    in_part = say.say("Shown in part: the whole text is in text.txt.")
    furniture = sum(len(f"-# {line}\n") for line in (*above, *captions, refused, *notes, in_part))
    text, complete = result.answer.text.strip(), True
    body = say.say("The model said nothing.")
    if text:
        body, complete = displayed(text, TEXT_LIMIT - furniture, hidden=result.spoiler)
    if not complete:
        notes.append(in_part)
    documents = [] if complete else [text_file([("", text)])]
    carried = _carried(result)[: MAX_FILES - len(documents)]
    pictures = [_attached(kept, picture, say) for kept, picture in carried]
    container: ui.Container[ui.LayoutView] = ui.Container(ui.TextDisplay("\n".join(above)))
    container.add_item(ui.TextDisplay(f"{body}\n{refused}" if refused else body))
    if captions:
        container.add_item(ui.TextDisplay("\n".join(f"-# {caption}" for caption in captions)))
    if pictures:
        gallery = ui.MediaGallery[ui.LayoutView]()
        for attached, (kept, _) in zip(pictures, carried, strict=True):
            gallery.append_item(media_item(attached, spoiler=kept.source.spoiler))
        container.add_item(gallery)
    for document in documents:
        container.add_item(ui.File(f"attachment://{document.name}", spoiler=result.spoiler))
    if notes:
        container.add_item(ui.TextDisplay("\n".join(f"-# {note}" for note in notes)))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return Rendered(closed(view, buttons), (*pictures, *documents))


def part_name(turn: Turn, say: Words) -> str:
    """Name what a turn looks closer at; empty when it does not."""
    if turn.closer is None:
        return ""
    return _part(turn.closer.place, turn.closer.number, say)


def _part(place: Place, number: int, say: Words) -> str:
    return say.say(
        "Picture {number}, looked at more closely: {part}",
        number=number,
        part=say.say(PLACES[place]),
    )


def who_asked(turn: Turn, say: Words, limit: int, *, hidden: bool) -> str:
    """Say who asked what. A mention names a person as they are called now, and pings nobody."""
    person = f"<@{turn.person_id}>" if turn.person_id is not None else say.say("Somebody")
    lines = [say.say("{person} asked:", person=person)]
    closer = part_name(turn, say)
    if closer:
        lines.append(quoted(closer))
    question, _ = displayed(turn.question.strip(), limit, hidden=hidden)
    if turn.question.strip():
        lines.append(question if hidden else quoted(question))
    return "\n".join(lines)


def _refused(result: TurnResult, locale: str) -> str:
    """Say why pictures could not be used, each reason once."""
    reasons = dict.fromkeys(sentence(error, locale) for error in result.refused)
    return clip_words("\n".join(reasons), _REFUSED_LIMIT)


def _captions(result: TurnResult, say: Words) -> list[str]:
    """Say the numbers of the pictures that came, once there is more than one."""
    if all(kept.number == 1 for kept, _ in result.new):
        return []
    return [_caption(kept, say) for kept, _ in result.new]


def _caption(kept: KeptPicture, say: Words) -> str:
    if kept.part_of is not None and kept.place is not None:
        name = _part_of(kept.part_of, kept.place, say)
    else:
        name = neutral_clipped(one_line(kept.source.name, _NAME_LIMIT), _NAME_LIMIT)
    if not name:
        return say.say("Picture {number}", number=kept.number)
    return say.say("Picture {number}: {name}", number=kept.number, name=name)


def _part_of(number: int, place: Place, say: Words) -> str:
    return say.say("part of picture {number}, {part}", number=number, part=say.say(PLACES[place]))


def _carried(result: TurnResult) -> list[tuple[KeptPicture, Picture]]:
    """Return what nobody else in the channel can see: a command's own pictures, and parts."""
    return [
        (kept, picture)
        for kept, picture in result.new
        if kept.source.kind is SourceKind.OPTION or kept.part_of is not None
    ]


def _alt_text(kept: KeptPicture, say: Words) -> str:
    if kept.description.strip():
        return clip_at_sentence(kept.description.strip(), ALT_LIMIT)
    if kept.part_of is not None and kept.place is not None:
        return _part_of(kept.part_of, kept.place, say)
    return say.say("Picture {number}, which the question is about", number=kept.number)


def _attached(kept: KeptPicture, picture: Picture, say: Words) -> Attached:
    name = picture_name(kept.number - 1, picture, spoiler=kept.source.spoiler)
    return Attached(name, picture.frames[0].data, _alt_text(kept, say))
