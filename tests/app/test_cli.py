"""The command line: what can be typed, what is printed where, and how it ends."""

import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import discord
import pytest

from bot import __version__
from bot.cli import main
from bot.cli.commands import COMMANDS
from bot.cli.exits import Exit, say
from bot.cli.look import parameters_from
from bot.domain.errors import (
    ModelMissing,
)
from bot.domain.picture import Frame, Picture, PictureFacts
from bot.domain.task import Detail, Layout, Parameters
from tests.app.checks import TOKEN
from tests.app.command import bot, parse

PICTURE = Picture((Frame(b"png", "image/png", 32, 24),), PictureFacts("PNG", 640, 480, 3))


# What can be typed


def test_every_command_that_can_be_typed_is_carried_out() -> None:
    typed = {
        "run": (), "worker": (), "playground": (), "describe": ("x",), "alt": ("x",), "ocr": ("x",),
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


@pytest.mark.parametrize(
    ("arguments", "choices"),
    [
        (["describe", "a.png", "--detail", "foo"], ["brief", "standard", "detailed"]),
        (["ocr", "a.png", "--layout", "foo"], ["plain", "markdown", "table"]),
    ],
)
def test_a_wrong_choice_is_answered_with_the_choices(
    arguments: list[str], choices: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    problem = capsys.readouterr().err.splitlines()[-1]
    assert "invalid choice: 'foo'" in problem
    assert all(choice in problem for choice in choices)


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


def test_run_without_a_way_to_discord_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("LOOKOUT_VISION__ENGINE", "builtin")
    monkeypatch.setattr(discord.http.Route, "BASE", f"http://127.0.0.1:{_free_port()}")
    assert main(["run"]) == Exit.SERVICE
    printed = capsys.readouterr()
    assert printed.err.startswith("Discord cannot be reached from here.")
    assert TOKEN not in printed.out + printed.err


async def test_an_engine_that_is_down_ends_with_four(tmp_path: Path) -> None:
    env = {"LOOKOUT_VISION__HOST": f"http://127.0.0.1:{_free_port()}"}
    done = await bot("models", "list", folder=tmp_path, env=env)
    host = env["LOOKOUT_VISION__HOST"]
    assert (done.code, done.err) == (
        Exit.SERVICE,
        f"No Ollama answers at {host}. Start it with `ollama serve`, or set vision.host.\n",
    )
    assert "qwen3-vl:8b" in done.out

    done = await bot("models", "pull", "gemma4", folder=tmp_path, env=env)
    assert done.code == Exit.SERVICE
    assert f"No Ollama answers at {host}." in done.err


async def test_a_database_that_fails_is_told_with_reason_and_setting(tmp_path: Path) -> None:
    (tmp_path / "not-a-database.sqlite3").write_text("no database at all" * 100)
    env = {"LOOKOUT_STORAGE__DATABASE": "sqlite:///not-a-database.sqlite3"}
    done = await bot("db", "upgrade", folder=tmp_path, env=env)
    assert done.code == Exit.SERVICE
    assert "The file is damaged or not a database." in done.err
    assert "storage.database" in done.err
    assert "Traceback" not in done.err


async def test_the_database_is_written_anew_when_asked(tmp_path: Path) -> None:
    done = await bot("db", "rewrite", folder=tmp_path)
    assert done.code == Exit.OK
    assert done.out == "The database was written anew: nothing deleted is left in it.\n"


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


async def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = await bot("db", "upgrade", folder=tmp_path, output=writing)
    finally:
        os.close(writing)
    assert (done.code, done.err) == (Exit.OK, "")
