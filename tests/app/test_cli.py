"""The command line: what can be typed, what is printed where, and how it ends."""

import argparse
import io
import json
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import __version__
from bot.cli import main
from bot.cli.arguments import build_parser
from bot.cli.commands import COMMANDS
from bot.cli.exits import Exit, say
from bot.cli.files import FileUnreadable, LocalFiles, file_ref
from bot.cli.line import Line
from bot.cli.look import look, parameters_from
from bot.cli.progress import LookProgress
from bot.domain.answer import Answer, Table, Usage
from bot.domain.errors import (
    EngineUnavailable,
    ModelMissing,
    PictureBroken,
    PictureTooLarge,
)
from bot.domain.picture import Frame, Note, Picture, PictureFacts, PictureRef
from bot.domain.task import Detail, Layout, Parameters, TaskName
from bot.services.look import LookRequest, LookResult
from bot.services.progress import Outcome, Part, Report, Seen, Stage
from tests.app.checks import TOKEN
from tests.app.command import bot

PICTURE = Picture((Frame(b"png", "image/png", 32, 24),), PictureFacts("PNG", 640, 480, 3))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


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


def parse(*arguments: str) -> argparse.Namespace:
    return build_parser().parse_args(arguments)


# What can be typed


def test_every_command_that_can_be_typed_is_carried_out() -> None:
    typed = {
        "run": (), "playground": (), "describe": ("x",), "alt": ("x",), "ocr": ("x",),
        "doctor": (), "models": ("list",), "db": ("upgrade",),
    }  # fmt: skip
    assert {parse(name, *rest).command for name, rest in typed.items()} == set(COMMANDS)


def test_common_options_may_stand_before_or_after_the_command() -> None:
    before = parse("--config", "a.toml", "-v", "doctor")
    after = parse("doctor", "--config", "a.toml", "-v")
    assert (before.config, before.verbose) == (Path("a.toml"), True)
    assert (after.config, after.verbose) == (Path("a.toml"), True)
    assert (parse("doctor").config, parse("doctor").verbose) == (None, False)


def test_options_become_the_task_s_parameters() -> None:
    arguments = parse(
        "describe", "a.png", "--detail", "detailed", "--focus", "the hat", "--language", "ja"
    )
    assert parameters_from(arguments) == Parameters(
        language="ja", detail=Detail.DETAILED, focus="the hat"
    )
    arguments = parse("ocr", "a.png", "--layout", "markdown", "--text-language", "zh-CN")
    assert parameters_from(arguments) == Parameters(layout=Layout.MARKDOWN, text_language="zh-CN")


def test_asking_for_csv_asks_for_tables_unless_another_layout_is_named() -> None:
    assert parameters_from(parse("ocr", "a.png", "--csv", "t.csv")).layout is Layout.TABLE
    named = parse("ocr", "a.png", "--csv", "t.csv", "--layout", "markdown")
    assert parameters_from(named).layout is Layout.MARKDOWN


@pytest.mark.parametrize(
    "arguments",
    [["ocr"], ["ocr", "a.png", "--detail", "brief"], ["models"], ["db"], ["dance"], ["--dance"]],
)
def test_wrong_usage_ends_with_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == Exit.USAGE
    assert "usage: python -m bot" in capsys.readouterr().err


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


# How it ends


def test_the_missing_model_s_sentence_is_a_command() -> None:
    assert "python -m bot models pull qwen3-vl:8b" in say(ModelMissing("qwen3-vl:8b"))


async def test_the_version_is_printed(tmp_path: Path) -> None:
    done = await bot("--version", folder=tmp_path)
    assert (done.code, done.out.strip()) == (0, f"Lookout {__version__}")


async def test_wrong_settings_end_with_three_and_every_problem(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[limits]\nqueue = 0\nqeue = 1\n")
    done = await bot("doctor", folder=tmp_path)
    assert done.code == Exit.CONFIGURATION
    assert done.out == ""
    assert "limits.qeue: unknown setting; did you mean limits.queue?" in done.err
    assert "limits.queue: input should be greater than or equal to 1" in done.err


async def test_run_without_a_token_names_the_playground(tmp_path: Path) -> None:
    done = await bot("run", folder=tmp_path)
    assert done.code == Exit.CONFIGURATION
    assert "DISCORD_TOKEN" in done.err
    assert "python -m bot playground" in done.err
    assert "Traceback" not in done.err


async def test_an_engine_that_is_down_ends_with_four(tmp_path: Path) -> None:
    env = {"LOOKOUT_VISION__HOST": f"http://127.0.0.1:{_free_port()}"}
    done = await bot("models", "list", folder=tmp_path, env=env)
    assert done.code == Exit.SERVICE
    assert "python -m bot doctor" in done.err
    assert "Traceback" not in done.err


async def test_db_upgrade_makes_the_database_once(tmp_path: Path) -> None:
    first = await bot("db", "upgrade", folder=tmp_path)
    second = await bot("db", "upgrade", folder=tmp_path)
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert re.fullmatch(r"The database went from revision none to \w+\.\n", first.out)
    assert re.fullmatch(r"The database is up to date \(revision \w+\)\.\n", second.out)
    assert (tmp_path / "data" / "lookout.sqlite3").is_file()


def test_interrupted_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    async def interrupted(*_: object) -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    monkeypatch.setitem(COMMANDS, "doctor", interrupted)
    assert main(["doctor"]) == Exit.INTERRUPTED
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("token", "command"), [("", "playground"), (TOKEN, "run")])
def test_without_a_command_a_token_decides(
    token: str, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", token)
    called: list[str] = []

    def remember(name: str) -> Callable[..., Any]:
        async def act(*_: object) -> int:
            called.append(name)
            return 0

        return act

    for name in COMMANDS:
        monkeypatch.setitem(COMMANDS, name, remember(name))
    assert main([]) == Exit.OK
    assert called == [command]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
