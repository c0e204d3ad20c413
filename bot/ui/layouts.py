"""How an answer looks: one layout while it comes, one when it is there (Components V2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import discord
from discord import ui

from bot.domain.answer import Answer, Table
from bot.domain.errors import LookoutError, UserError
from bot.domain.picture import SourceKind
from bot.domain.task import Layout, TaskName
from bot.services.look import LookRequest
from bot.services.progress import Outcome, Part, Seen, Stage
from bot.tasks.phrases import clip_at_sentence
from bot.ui.controls import Control
from bot.ui.files import Attached, picture_name, table_files, text_file
from bot.ui.i18n import Words, words
from bot.ui.sentences import note_sentence, sentence
from bot.ui.text import fenced, neutral, neutral_clipped, shares, spoilered

TEXT_LIMIT = 4000
"""Characters a Components V2 message may display altogether (discord.py, LayoutView)."""
_FURNITURE = 500
ALT_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished answer: its view and the files the view names."""

    view: ui.LayoutView
    files: tuple[Attached, ...] = ()


def looking(
    request: LookRequest,
    parts: Sequence[Part],
    locale: str,
    buttons: Sequence[Control],
) -> ui.LayoutView:
    """Show how far an answer has come, with what is written so far."""
    say = words(locale)
    budget = (TEXT_LIMIT - _FURNITURE) // max(1, len(parts))
    lines = []
    for index, part in enumerate(parts):
        text = _progress(part, say, budget)
        if _is_spoiler(request, index) and part.text:
            text = spoilered(text)
        lines.append(f"{_heading(index, len(parts), say)}{text}")
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n\n".join(lines)))
    return _closed(view, buttons)


def plain(text: str, buttons: Sequence[Control] = ()) -> ui.LayoutView:
    """Show one sentence, with controls where there are any."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text[:TEXT_LIMIT]))
    return _closed(view, buttons)


def restored(message: discord.Message) -> ui.LayoutView:
    """Rebuild the layout that ``message`` had, so that it can be put back."""
    view = ui.LayoutView.from_message(message, timeout=None)
    names = {attachment.filename for attachment in message.attachments}
    for item in view.walk_children():
        if isinstance(item, ui.MediaGallery):
            item.items = [_attached_again(media, names) for media in item.items]
        elif isinstance(item, ui.File):
            item.url = _attachment_url(item.media.url, names)
    view.stop()
    return view


def _attached_again(media: discord.MediaGalleryItem, names: set[str]) -> discord.MediaGalleryItem:
    return discord.MediaGalleryItem(
        _attachment_url(media.media.url, names),
        description=media.description,
        spoiler=media.spoiler,
    )


def _attachment_url(url: str, names: set[str]) -> str:
    """Name an attachment the way it is sent; what comes back is a signed link."""
    name = urlsplit(url).path.rpartition("/")[2] or urlsplit(url).netloc
    return f"attachment://{name}" if name in names else url


def _closed(view: ui.LayoutView, buttons: Sequence[Control]) -> ui.LayoutView:
    """Add controls and stop the view: clicks are heard by custom id, not kept in memory."""
    if buttons:
        view.add_item(ui.ActionRow(*buttons))
    view.stop()
    return view


def finished(
    request: LookRequest,
    outcomes: Sequence[Outcome],
    locale: str,
    *,
    reference: str,
    as_file: bool,
    buttons: Sequence[Control],
) -> Rendered:
    """Lay out the answers, each in its picture's place, and the files they name."""
    say = words(locale)
    budgets = shares([_wanted(outcome) for outcome in outcomes], TEXT_LIMIT - _FURNITURE)
    pictures: list[Attached] = []
    wholes: list[tuple[str, str]] = []
    tables: list[Table] = []
    hidden = any(_is_spoiler(request, index) for index in range(len(outcomes)))
    container: ui.Container[ui.LayoutView] = ui.Container()
    label = _label(request.task, outcomes, say)
    if label:
        container.add_item(ui.TextDisplay(label))
    for index, outcome in enumerate(outcomes):
        heading = _heading(index, len(outcomes), say)
        if isinstance(outcome, LookoutError):
            container.add_item(ui.TextDisplay(heading + failure(outcome, locale, reference)))
            continue
        veiled = _is_spoiler(request, index)
        body, complete = _body(request, outcome.answer, say, budgets[index])
        container.add_item(ui.TextDisplay(heading + (spoilered(body) if veiled else body)))
        if outcome.answer.text and (as_file or not complete):
            wholes.append((heading.strip("*\n"), outcome.answer.text))
        tables += outcome.answer.tables
        picture = _carried_picture(request, index, outcome)
        if picture is not None:
            pictures.append(picture)
            container.add_item(ui.MediaGallery(_media(picture, spoiler=veiled)))
    documents = [*([text_file(wholes)] if wholes else []), *table_files(tables)]
    for document in documents:
        container.add_item(ui.File(f"attachment://{document.name}", spoiler=hidden))
    notes = _notes(outcomes, locale)
    if notes:
        container.add_item(ui.TextDisplay("\n".join(f"-# {note}" for note in notes)))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return Rendered(_closed(view, buttons), (*pictures, *documents))


def failure(error: BaseException, locale: str, reference: str) -> str:
    """Say an error; one of ours comes with the reference that the log has too."""
    text = sentence(error, locale)
    if isinstance(error, UserError):
        return text
    return f"{text}\n-# {words(locale).say('Reference: {reference}', reference=reference)}"


def _progress(part: Part, say: Words, budget: int) -> str:
    if isinstance(part.outcome, LookoutError):
        return sentence(part.outcome, say.locale)
    if part.text:
        return neutral_clipped(part.text, budget)
    if part.stage is Stage.FETCHING:
        return say.say("Getting the picture…")
    if part.stage is Stage.WAITING and part.place is not None:
        if part.place == 1:
            return say.say("Next in the queue…")
        return say.say("Waiting in the queue, place {place}…", place=part.place)
    return say.say("Looking…")


def _heading(index: int, count: int, say: Words) -> str:
    if count == 1:
        return ""
    number = say.say("Picture {number} of {count}", number=index + 1, count=count)
    return f"**{number}**\n"


def _label(task: TaskName, outcomes: Sequence[Outcome], say: Words) -> str:
    """Say first what made this, so that it can be skipped or doubted."""
    answers = [outcome.answer for outcome in outcomes if isinstance(outcome, Seen)]
    if not answers:
        return ""
    model = ", ".join(dict.fromkeys(maker(a.engine, a.model, say) for a in answers))
    measured = all(answer.engine == "builtin" for answer in answers)
    labels = {
        TaskName.DESCRIBE: say.say("Description by {model}", model=model)
        if measured
        else say.say("AI description by {model}", model=model),
        TaskName.ALT: say.say("Alt text by {model}: check it before you use it", model=model)
        if measured
        else say.say("AI alt text by {model}: check it before you use it", model=model),
        TaskName.OCR: say.say("Text read by {model}", model=model),
    }
    return "-# " + labels[task]


def maker(engine: str, model: str, say: Words) -> str:
    """Name what answers, for people."""
    return say.say("the built-in reader") if engine == "builtin" else neutral_clipped(model, 80)


def _wanted(outcome: Outcome) -> int:
    return 600 if isinstance(outcome, LookoutError) else 2 * len(outcome.answer.text) + 100


def _body(request: LookRequest, answer: Answer, say: Words, budget: int) -> tuple[str, bool]:
    """Return what is shown of an answer, and whether that is all of it."""
    if answer.decorative:
        return say.say(
            "Decorative: this picture carries no information, so it needs no alt text."
        ), True
    if not answer.text.strip():
        return say.say("There is no text in this picture."), True
    if request.task is not TaskName.OCR or request.parameters.layout is Layout.PLAIN:
        return neutral_clipped(answer.text, budget), len(neutral(answer.text)) <= budget
    complete = fenced(answer.text)
    return (complete, True) if len(complete) <= budget else (fenced(answer.text, budget), False)


def _media(picture: Attached, *, spoiler: bool) -> discord.MediaGalleryItem:
    return discord.MediaGalleryItem(
        f"attachment://{picture.name}", description=picture.alt_text or None, spoiler=spoiler
    )


def _carried_picture(request: LookRequest, index: int, seen: Seen) -> Attached | None:
    """Return the picture itself when nobody else in the channel can see it (a command's option)."""
    source = request.sources[index]
    if isinstance(source, LookoutError) or source.kind is not SourceKind.OPTION:
        return None
    alt_text = clip_at_sentence(seen.answer.text.strip(), ALT_LIMIT)
    return Attached(picture_name(index, seen.picture), seen.picture.frames[0].data, alt_text)


def _notes(outcomes: Sequence[Outcome], locale: str) -> list[str]:
    notes = [
        note for outcome in outcomes if isinstance(outcome, Seen) for note in outcome.answer.notes
    ]
    return [note_sentence(note, locale) for note in dict.fromkeys(notes)]


def _is_spoiler(request: LookRequest, index: int) -> bool:
    source = request.sources[index]
    return not isinstance(source, LookoutError) and source.spoiler
