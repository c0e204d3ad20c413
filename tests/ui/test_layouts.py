"""How finished answers look."""

from dataclasses import replace
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answer import Answer, Table
from bot.domain.errors import EngineUnavailable, LookoutError, NotAPicture
from bot.domain.picture import Frame, Note, Picture, PictureFacts, PictureRef, SourceKind
from bot.domain.ports import Asker
from bot.domain.task import Layout, Parameters, TaskName
from bot.services.look import LookRequest
from bot.services.progress import Outcome, Part, Seen, Stage
from bot.ui.files import csv_bytes
from bot.ui.layouts import TEXT_LIMIT, Rendered, finished, looking

LOOKS = (TaskName.DESCRIBE, TaskName.ALT, TaskName.OCR)
PICTURE = Picture((Frame(b"png", "image/png", 40, 40),), PictureFacts("PNG", 40, 40, 3))


def source(kind: SourceKind = SourceKind.ATTACHMENT, *, spoiler: bool = False) -> PictureRef:
    return PictureRef(kind, url="https://cdn.discordapp.com/a.png", spoiler=spoiler)


def seen(text: str, **more: Any) -> Seen:
    return Seen(PICTURE, Answer(text, "ollama", "qwen3-vl:8b", **more))


def render(
    task: TaskName,
    *outcomes: Outcome,
    sources: tuple[PictureRef | LookoutError, ...] = (),
    as_file: bool = False,
    layout: Layout = Layout.PLAIN,
) -> Rendered:
    request = LookRequest(
        task, sources or tuple(source() for _ in outcomes), Parameters(layout=layout), Asker(1)
    )
    return finished(request, outcomes, "en-US", reference="AB12", as_file=as_file, buttons=[])


def texts(view: ui.LayoutView) -> list[str]:
    return [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]


def test_the_maker_is_named_first_and_the_text_follows() -> None:
    rendered = render(TaskName.DESCRIBE, seen("A cat."))
    assert texts(rendered.view) == ["-# AI description by qwen3-vl:8b", "A cat."]


def test_alt_text_stands_alone_and_reads_as_written() -> None:
    rendered = render(TaskName.ALT, seen("“SALE”. A red poster."))
    assert texts(rendered.view)[1] == "“SALE”. A red poster."


def test_read_text_shows_its_marks_instead_of_obeying_them() -> None:
    rendered = render(TaskName.OCR, seen("a  *b*\n\n# c"))
    assert texts(rendered.view)[1] == "a  \\*b\\*\n\n\\# c"


def test_tables_and_markdown_stand_in_a_block_as_they_are_written() -> None:
    rendered = render(TaskName.OCR, seen("| a |\n| --- |"), layout=Layout.TABLE)
    assert texts(rendered.view)[1] == "```\n| a |\n| --- |\n```"


def test_several_pictures_are_numbered_in_order_and_failures_keep_their_place() -> None:
    rendered = render(TaskName.DESCRIBE, seen("One."), NotAPicture("video"), seen("Three."))
    _, first, second, third = texts(rendered.view)
    assert first == "**Picture 1 of 3**\nOne."
    assert second.startswith("**Picture 2 of 3**\nThat is a video.")
    assert third == "**Picture 3 of 3**\nThree."


def test_our_own_failures_carry_the_reference_of_the_log() -> None:
    assert texts(render(TaskName.DESCRIBE, EngineUnavailable()).view)[-1].endswith(
        "-# Reference: AB12"
    )


@pytest.mark.parametrize("task", LOOKS)
def test_a_spoilered_picture_gets_a_spoilered_answer(task: TaskName) -> None:
    rendered = render(task, seen("secret"), sources=(source(SourceKind.OPTION, spoiler=True),))
    body = texts(rendered.view)[1]
    assert body.startswith("||")
    assert body.endswith("||")
    (gallery,) = [i for i in rendered.view.walk_children() if isinstance(i, ui.MediaGallery)]
    assert gallery.items[0].spoiler


def test_a_commands_own_picture_is_shown_with_alt_text() -> None:
    rendered = render(TaskName.ALT, seen("A cat."), sources=(source(SourceKind.OPTION),))
    (attached,) = rendered.files
    assert (attached.name, attached.data, attached.alt_text) == ("picture-1.png", b"png", "A cat.")


def test_a_messages_picture_is_not_posted_again() -> None:
    assert render(TaskName.DESCRIBE, seen("A cat.")).files == ()


def test_long_text_is_shown_in_part_and_attached_whole() -> None:
    text = "word " * 3000
    rendered = render(TaskName.OCR, seen(text))
    (attached,) = rendered.files
    assert attached.name == "text.txt"
    assert attached.data.decode() == text
    assert texts(rendered.view)[1].endswith("…")
    assert texts(rendered.view)[-1] == "-# Shown in part: the whole text is in text.txt."


def test_text_is_attached_when_a_file_was_asked_for() -> None:
    (attached,) = render(TaskName.OCR, seen("short"), as_file=True).files
    assert attached.data == b"short"


def test_tables_come_as_csv_files() -> None:
    table = Table((("Name", "Sum"), ("Äpfel", "=1+1"), ("日本", "-5")))
    (attached,) = render(TaskName.OCR, seen("| … |", tables=(table,))).files
    assert attached.name == "table-1.csv"
    assert attached.data.decode("utf-8-sig") == "Name,Sum\r\nÄpfel,'=1+1\r\n日本,-5\r\n"


def test_many_tables_share_one_file() -> None:
    tables = tuple(Table((("a",), (str(n),))) for n in range(7))
    (attached,) = render(TaskName.OCR, seen("x", tables=tables)).files
    assert attached.name == "tables.csv"
    assert attached.data == csv_bytes(tables)


def test_decorative_and_empty_are_said_in_words() -> None:
    decorative = texts(render(TaskName.ALT, seen("", decorative=True)).view)[1]
    empty = texts(render(TaskName.OCR, seen("")).view)[1]
    assert decorative.startswith("Decorative")
    assert empty == "There is no text in this picture."


def test_a_page_without_a_table_is_not_called_a_page_without_text() -> None:
    rendered = render(TaskName.OCR, seen(""), layout=Layout.TABLE)
    assert texts(rendered.view)[1].startswith("I found no table")


def test_a_spoilers_file_is_a_spoiler_too() -> None:
    (attached,) = render(
        TaskName.ALT, seen("x"), sources=(source(SourceKind.OPTION, spoiler=True),)
    ).files
    assert attached.name == "SPOILER_picture-1.png"


def test_carried_pictures_are_counted_without_what_was_refused() -> None:
    sources = (NotAPicture("document"), source(SourceKind.OPTION), source(SourceKind.OPTION))
    rendered = render(TaskName.ALT, NotAPicture("document"), seen("a"), seen("b"), sources=sources)
    assert [item.name for item in rendered.files] == ["picture-1.png", "picture-2.png"]


def test_the_built_in_reader_names_itself() -> None:
    read = Seen(PICTURE, Answer("x", "builtin", "rapidocr", notes=(Note.FALLBACK_READER,)))
    label, _, note = texts(render(TaskName.OCR, read).view)
    assert label == "-# Text read by the built-in reader"
    assert "not running" in note


lengths = st.lists(st.integers(min_value=0, max_value=9000), min_size=1, max_size=10)


@given(
    lengths,
    st.sampled_from(LOOKS),
    st.sampled_from(list(Layout)),
    st.sampled_from(["a", "*", "||", "`", "\n", "@", "https://a.example/||b "]),
    st.booleans(),
)
def test_every_answer_fits_into_one_message(
    sizes: list[int], task: TaskName, layout: Layout, piece: str, spoiler: bool
) -> None:
    outcomes: list[Outcome] = [
        seen(("word" + piece) * (size // 5), notes=tuple(Note)) for size in sizes
    ]
    outcomes[-1] = EngineUnavailable()
    sources = tuple(source(spoiler=spoiler) for _ in outcomes)
    rendered = render(task, *outcomes, sources=sources, layout=layout)
    assert rendered.view.content_length() <= TEXT_LIMIT
    assert len(rendered.files) <= 10


@given(lengths)
def test_progress_fits_into_one_message(sizes: list[int]) -> None:
    request = LookRequest(TaskName.OCR, tuple(source() for _ in sizes), Parameters(), Asker(1))
    parts = [Part(Stage.LOOKING, text="<@1> " * (size // 5)) for size in sizes]
    assert looking(request, parts, "en-US", []).content_length() <= TEXT_LIMIT


def test_progress_tells_the_place_in_the_queue() -> None:
    request = LookRequest(TaskName.OCR, (source(), source()), Parameters(), Asker(1))
    parts = [Part(Stage.WAITING, place=1), replace(Part(Stage.WAITING), place=4)]
    (text,) = texts(looking(request, parts, "en-US", []))
    assert "Next in the queue…" in text
    assert "place 4" in text
