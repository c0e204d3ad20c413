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
from bot.services.look import LookRequest, lasting_sources
from bot.services.progress import Outcome, Part, Seen, Stage
from bot.tasks.phrases import clip_at_sentence
from bot.ui.controls import Control
from bot.ui.files import Attached, picture_name, table_files, text_file
from bot.ui.i18n import Words, words
from bot.ui.notes import note_sentence
from bot.ui.sentences import sentence
from bot.ui.text import (
    SPOILER,
    bars_parted,
    displayed,
    fenced,
    neutral_clipped,
    shares,
    spoilered,
)

TEXT_LIMIT = 4000
"""Characters a Components V2 message may display altogether (discord.py, LayoutView)."""
_SENTENCE = 100
"""Room for a heading, or for a sentence in place of an answer's text."""
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
    budget = TEXT_LIMIT // len(parts) - _SENTENCE
    lines = []
    for index, part in enumerate(parts):
        hidden = is_spoiler(request, index) and bool(part.text.strip())
        text = progress(part, say, budget)
        heading = _heading(index, len(parts), say)
        lines.append(heading + (spoilered(text) if hidden else text))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n\n".join(lines)))
    return closed(view, buttons)


def plain(text: str, buttons: Sequence[Control] = ()) -> ui.LayoutView:
    """Show one sentence, with controls where there are any."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text[:TEXT_LIMIT]))
    return closed(view, buttons)


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


def closed(view: ui.LayoutView, buttons: Sequence[Control]) -> ui.LayoutView:
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
    count = len(outcomes)
    headings = [_heading(index, count, say) for index in range(count)]
    label = _label(request.task, outcomes, say)
    said = [
        failure(outcome, locale, reference) if isinstance(outcome, LookoutError) else ""
        for outcome in outcomes
    ]
    notes = _notes(outcomes, say)
    in_part = say.say("Shown in part: the whole text is in text.txt.")
    small_print = sum(len(f"-# {note}\n") for note in (*notes, in_part))
    furniture = small_print + sum(map(len, [label, *headings, *said]))
    budgets = shares([_wanted(outcome) for outcome in outcomes], TEXT_LIMIT - furniture)
    pictures: list[Attached] = []
    wholes: list[tuple[str, str]] = []
    tables: list[Table] = []
    container: ui.Container[ui.LayoutView] = ui.Container()
    if label:
        container.add_item(ui.TextDisplay(label))
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, LookoutError):
            container.add_item(ui.TextDisplay(headings[index] + said[index]))
            continue
        body, complete = _body(request, index, outcome.answer, say, budgets[index])
        container.add_item(ui.TextDisplay(headings[index] + body))
        if outcome.answer.text and (as_file or not complete):
            wholes.append((headings[index].strip("*\n"), outcome.answer.text))
        if not complete and in_part not in notes:
            notes.append(in_part)
        tables += outcome.answer.tables
        position = sum(source is not None for source in lasting_sources(request, outcomes)[:index])
        picture = _carried_picture(request, index, position, outcome, say)
        if picture is not None:
            pictures.append(picture)
            media = media_item(picture, spoiler=is_spoiler(request, index))
            container.add_item(ui.MediaGallery(media))
    documents = [*([text_file(wholes)] if wholes else []), *table_files(tables)]
    hidden = any(is_spoiler(request, index) for index in range(count))
    for document in documents:
        container.add_item(ui.File(f"attachment://{document.name}", spoiler=hidden))
    if notes:
        container.add_item(ui.TextDisplay("\n".join(f"-# {note}" for note in notes)))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return Rendered(closed(view, buttons), (*pictures, *documents))


def failure(error: BaseException, locale: str, reference: str) -> str:
    """Say an error; one of ours comes with the reference that the log has too."""
    text = sentence(error, locale)
    if isinstance(error, UserError):
        return text
    return f"{text}\n-# {words(locale).say('Reference: {reference}', reference=reference)}"


def progress(part: Part, say: Words, budget: int) -> str:
    """Say how far a picture or a turn has come, with what is written so far."""
    if isinstance(part.outcome, LookoutError):
        return sentence(part.outcome, say.locale)
    if part.text.strip():
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
    """Ask for what an answer may take: every character may need an escape."""
    return 0 if isinstance(outcome, LookoutError) else 2 * len(outcome.answer.text) + _SENTENCE


def _body(
    request: LookRequest, index: int, answer: Answer, say: Words, budget: int
) -> tuple[str, bool]:
    """Return what is shown of an answer, and whether that is all of it."""
    empty = _empty(request, answer, say)
    if empty:
        return empty, True
    hidden = is_spoiler(request, index)
    if request.task is not TaskName.OCR or request.parameters.layout is Layout.PLAIN:
        return displayed(answer.text, budget, hidden=hidden)
    text = bars_parted(answer.text) if hidden else answer.text
    budget -= 2 * len(SPOILER) if hidden else 0
    shown = fenced(text, budget)
    return (spoilered(shown) if hidden else shown), len(fenced(text)) <= budget


def _empty(request: LookRequest, answer: Answer, say: Words) -> str:
    """Say what an answer without text means."""
    if answer.decorative:
        return say.say("Decorative: this picture carries no information, so it needs no alt text.")
    if answer.text.strip():
        return ""
    if request.parameters.layout is Layout.TABLE:
        return say.say("I found no table in this picture. Try the layout “plain text”.")
    return say.say("There is no text in this picture.")


def media_item(picture: Attached, *, spoiler: bool) -> discord.MediaGalleryItem:
    """Show an attached picture, with its alt text."""
    return discord.MediaGalleryItem(
        f"attachment://{picture.name}", description=picture.alt_text or None, spoiler=spoiler
    )


def _carried_picture(
    request: LookRequest, index: int, position: int, seen: Seen, say: Words
) -> Attached | None:
    """Return the picture itself when nobody else in the channel can see it (a command's option)."""
    source = request.sources[index]
    if isinstance(source, LookoutError) or source.kind is not SourceKind.OPTION:
        return None
    if request.task is TaskName.OCR:
        alt_text = say.say("The picture whose text was read")
    else:
        alt_text = clip_at_sentence(seen.answer.text.strip(), ALT_LIMIT)
    name = picture_name(position, seen.picture, spoiler=source.spoiler)
    return Attached(name, seen.picture.frames[0].data, alt_text)


def _notes(outcomes: Sequence[Outcome], say: Words) -> list[str]:
    notes = [
        note for outcome in outcomes if isinstance(outcome, Seen) for note in outcome.answer.notes
    ]
    return [note_sentence(note, say.locale) for note in dict.fromkeys(notes)]


def is_spoiler(request: LookRequest, index: int) -> bool:
    """Say whether a picture, and so all that is said of it, is hidden."""
    source = request.sources[index]
    return not isinstance(source, LookoutError) and source.spoiler
