"""``describe``, ``alt`` and ``ocr``: what is printed where, for files and standard input."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from bot.cli.exits import Exit, say
from bot.cli.files import FileUnreadable, LocalFiles, file_ref
from bot.cli.line import Line
from bot.cli.look import look
from bot.cli.progress import LookProgress
from bot.domain.answer import Answer, Table, Usage
from bot.domain.errors import (
    EngineUnavailable,
    PictureBroken,
    PictureTooLarge,
)
from bot.domain.picture import Frame, Note, Picture, PictureFacts, PictureRef
from bot.domain.task import TaskName
from bot.services.look import LookRequest, LookResult
from bot.services.progress import Outcome, Part, Report, Seen, Stage
from tests.app.command import Terminal, bot, parse

PICTURE = Picture((Frame(b"png", "image/png", 32, 24),), PictureFacts("PNG", 640, 480, 3))


class FakeLook:
    """Answers each file with what was queued for it, after reporting on the way."""

    def __init__(self, **outcomes: Outcome) -> None:
        self._outcomes = outcomes
        self.history: list[LookRequest] = []

    async def run(self, request: LookRequest, report: Report) -> LookResult:
        self.history.append(request)
        report(tuple(Part() for _ in request.sources))
        report(tuple(Part(Stage.LOOKING) for _ in request.sources))
        names = [source.name for source in request.sources if isinstance(source, PictureRef)]
        outcomes = tuple(self._outcomes[name] for name in names)
        report(tuple(Part(Stage.DONE, outcome=outcome) for outcome in outcomes))
        return LookResult(outcomes)


def seen(text: str, **more: Any) -> Seen:
    return Seen(PICTURE, Answer(text, engine="ollama", model="seeing:1b", **more))


# describe, alt, ocr


async def test_the_answer_goes_to_standard_output_and_progress_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    looks = FakeLook(cat=seen("A cat on a chair."))
    assert await look(parse("describe", "cat"), looks, 10) is Exit.OK
    printed = capsys.readouterr()
    assert printed.out == "A cat on a chair.\n"
    assert printed.err == "cat: reading the file …\ncat: looking …\n"
    assert looks.history[0].task is TaskName.DESCRIBE


async def test_several_files_are_answered_in_order_under_their_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    looks = FakeLook(b=seen("Second."), a=seen("First."))
    await look(parse("alt", "a", "b"), looks, 10)
    assert capsys.readouterr().out == "a:\nFirst.\n\nb:\nSecond.\n\n"


async def test_many_files_are_asked_about_in_batches(capsys: pytest.CaptureFixture[str]) -> None:
    looks = FakeLook(a=seen("1"), b=seen("2"), c=seen("3"))
    await look(parse("alt", "a", "b", "c"), looks, 2)
    assert [len(request.sources) for request in looks.history] == [2, 1]
    assert capsys.readouterr().out.split() == ["a:", "1", "b:", "2", "c:", "3"]


async def test_a_file_that_fails_does_not_keep_the_others_from_their_answers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    looks = FakeLook(a=seen("First."), b=PictureBroken("empty"))
    assert await look(parse("alt", "b", "a"), looks, 10) is Exit.PICTURE
    printed = capsys.readouterr()
    assert "First." in printed.out
    assert "b: That file is empty." in printed.err


async def test_a_failing_engine_weighs_more_than_a_broken_picture(
    capsys: pytest.CaptureFixture[str],
) -> None:
    looks = FakeLook(a=EngineUnavailable(), b=PictureBroken())
    assert await look(parse("alt", "a", "b"), looks, 10) is Exit.SERVICE
    assert "python -m bot doctor" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "outcome", "remark"),
    [
        ("ocr", seen(""), "There is no text in the picture."),
        ("alt", seen("", decorative=True), "The picture is decorative"),
        ("ocr", seen("x", notes=(Note.FALLBACK_READER,)), "the built-in reader answered instead"),
    ],
)
async def test_remarks_go_to_standard_error(
    command: str, outcome: Seen, remark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await look(parse(command, "a"), FakeLook(a=outcome), 10)
    printed = capsys.readouterr()
    assert remark in printed.err
    assert printed.out.strip() == outcome.answer.text


async def test_json_is_one_object_a_line_for_answers_and_failures_alike(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table((("Köln", "1"), ("大阪", "2")))
    answer = seen("| … |", tables=(table,), usage=Usage(300, 12), notes=(Note.ANSWER_CUT,))
    looks = FakeLook(a=answer, b=PictureTooLarge(1024))
    assert await look(parse("ocr", "a", "b", "--json"), looks, 10) is Exit.PICTURE
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first == {
        "file": "a", "task": "ocr", "ok": True, "text": "| … |", "decorative": False,
        "tables": [[["Köln", "1"], ["大阪", "2"]]], "notes": ["answer_cut"], "engine": "ollama",
        "model": "seeing:1b", "cached": False, "prompt_tokens": 300, "answer_tokens": 12,
        "format": "PNG", "width": 640, "height": 480, "frames": 1,
    }  # fmt: skip
    assert second["ok"] is False
    assert second["error"] == "PictureTooLarge"
    assert second["message"].startswith("That file is larger than")


async def test_tables_of_all_files_are_written_as_csv(tmp_path: Path) -> None:
    looks = FakeLook(
        a=seen("…", tables=(Table((("x", "1"),)),)), b=seen("…", tables=(Table((("y", "2"),)),))
    )
    path = tmp_path / "t.csv"
    assert await look(parse("ocr", "a", "b", "--csv", str(path)), looks, 10) is Exit.OK
    assert path.read_text("utf-8-sig").split() == ["x,1", "y,2"]


async def test_no_table_writes_no_file_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    await look(parse("ocr", "a", "--csv", str(path)), FakeLook(a=seen("text")), 10)
    assert not path.exists()
    assert "No table was found" in capsys.readouterr().err


async def test_a_csv_file_that_cannot_be_written_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = FakeLook(a=seen("…", tables=(Table((("x",),)),)))
    path = tmp_path / "missing" / "t.csv"
    assert await look(parse("ocr", "a", "--csv", str(path)), looks, 10) is Exit.USAGE
    assert "cannot be written (No such file or directory)" in capsys.readouterr().err


# Files


async def test_a_file_s_bytes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"12345")
    assert await LocalFiles(5).fetch(file_ref(str(path))) == b"12345"


async def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"123456")
    with pytest.raises(PictureTooLarge):
        await LocalFiles(5).fetch(file_ref(str(path)))


@pytest.mark.parametrize(
    ("name", "reason"),
    [("absent.png", "No such file or directory"), (".", "Is a directory"), ("\0", "unusable name")],
)
async def test_a_file_that_cannot_be_read_says_why(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileUnreadable) as caught:
        await LocalFiles(5).fetch(file_ref(name))
    assert say(caught.value) == f"The file cannot be read: {reason}."


async def test_standard_input_can_be_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that did not fit the model is fetched a second time."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"12345")))
    files = LocalFiles(5)
    assert await files.fetch(file_ref("-")) == b"12345"
    assert await files.fetch(file_ref("-")) == b"12345"


# Progress


def test_a_terminal_shows_one_living_line_that_is_gone_at_the_end() -> None:
    stream = Terminal()
    line = Line(stream)
    progress = LookProgress(line, ("a.png", "b.png"))
    progress.report((Part(Stage.LOOKING, text="abc"), Part(Stage.WAITING, place=2)))
    progress.report((Part(Stage.DONE, outcome=seen("abc")), Part(Stage.WAITING, place=1)))
    progress.report((Part(outcome=seen("abc")), Part(outcome=seen("abc"))))
    assert stream.getvalue().split("\r\x1b[K") == [
        "",
        "0 of 2 done; a.png: looking … 3 characters",
        "1 of 2 done; b.png: waiting, place 1 in the queue …",
        "",
    ]


def test_a_terminal_line_is_cut_to_the_terminal_s_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    Line(stream).draw("x" * 50)
    assert stream.getvalue() == f"\r\x1b[K{'x' * 19}"


def test_elsewhere_each_change_is_a_line_and_is_said_once() -> None:
    stream = io.StringIO()
    progress = LookProgress(Line(stream), ("a",))
    for part in (
        Part(Stage.WAITING, place=2),
        Part(Stage.WAITING, place=2),
        Part(Stage.LOOKING, text="a"),
        Part(Stage.LOOKING, text="ab"),
        Part(Stage.DONE, text="ab", outcome=seen("ab")),
    ):
        progress.report((part,))
    assert stream.getvalue().splitlines() == [
        "a: waiting, place 2 in the queue …",
        "a: looking … 1 characters",
    ]


# The whole road


async def test_a_picture_s_text_goes_from_standard_input_to_standard_output(
    tmp_path: Path,
) -> None:
    """The real services, with the built-in reader; a file that is missing does not matter."""
    page = Image.new("RGB", (640, 120), "white")
    font = ImageFont.load_default(40)
    ImageDraw.Draw(page).text((20, 30), "Hello from Lookout", fill="black", font=font)
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    env = {"LOOKOUT_VISION__ENGINE": "builtin"}
    arguments = ("ocr", "-", "missing.png", "--json")
    done = await bot(*arguments, folder=tmp_path, env=env, stdin=buffer.getvalue())
    assert done.code == Exit.PICTURE
    read, missing = (json.loads(line) for line in done.out.splitlines())
    assert (read["text"], read["engine"], read["width"]) == ("Hello from Lookout", "builtin", 640)
    assert missing["error"] == "FileUnreadable"
    assert "Traceback" not in done.err
