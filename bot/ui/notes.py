"""What people read below an answer about how it came to be."""

from bot.domain.picture import Note
from bot.ui.i18n import mark, words

_NOTES: dict[Note, str] = {
    Note.LOWER_PART_MISSING: mark("The file is cut off: the lower part of the picture is missing."),
    Note.FRAMES_SAMPLED: mark("Only some frames of the animation were looked at."),
    Note.SHRUNK_AFTER_CONTEXT_ERROR: mark("The picture was made smaller to fit the model."),
    Note.ANSWER_CUT: mark("The answer reached its length limit and stops early."),
    Note.FALLBACK_READER: mark(
        "The picture model is not running; the built-in reader answered instead."
    ),
    Note.SCRIPT_NOT_READABLE: mark("There is writing in a script that cannot be read here."),
    Note.CONTEXT_LEFT_OUT: mark(
        "This conversation has grown long: the model knows its beginning only in a few words."
    ),
    Note.PICTURES_IN_WORDS: mark(
        "Earlier pictures are no longer kept: the model knows only what was said about them."
    ),
    Note.REDUCED_COPY: mark(
        "The original is gone: this part was cut out of a smaller copy of the picture."
    ),
    Note.STOPPED_HERE: mark("Somebody stopped the answer here."),
}


def note_sentence(note: Note, locale: str) -> str:
    """Say a note about how an answer came to be."""
    return words(locale).say(_NOTES[note])
