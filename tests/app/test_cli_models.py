"""``models list`` and ``models pull`` against a server that behaves like Ollama."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.exits import Exit
from bot.cli.line import Line
from bot.cli.models import list_models, open_catalog, pull, pull_missing
from bot.cli.pull_bar import PullBar
from bot.config import Config, VisionSettings
from bot.domain.errors import EngineUnavailable, ModelMissing
from bot.domain.task import TaskName
from bot.vision.models import ModelCatalog, PullProgress
from bot.vision.recommended import RECOMMENDED
from tests.app.command import Terminal, bot
from tests.vision.imitation.server import (
    MODEL,
    TEXT_ONLY,
    ImitationOllama,
    Reply,
    refuses,
    responds,
    sends,
    shown,
)

LAYER = {"status": "pulling 6a0746a1ec1a", "digest": "sha256:6a", "total": 4_000_000_000}


@pytest.fixture
async def server() -> AsyncIterator[ImitationOllama]:
    async with ImitationOllama() as running:
        running.overrides["/api/ps"] = responds(200, b'{"models": []}')
        yield running


@pytest.fixture
def vision(server: ImitationOllama) -> VisionSettings:
    return VisionSettings(host=server.host, model=MODEL, models={TaskName.OCR: "glm-ocr"})


@pytest.fixture
async def catalog(vision: VisionSettings) -> AsyncIterator[ModelCatalog]:
    async with open_catalog(vision) as opened:
        yield opened


def pulls(*lines: dict[str, Any]) -> Reply:
    """Download in these steps."""
    return sends(*[json.dumps(line).encode() + b"\n" for line in lines])


def has(*models: dict[str, Any]) -> Reply:
    """List these models."""
    return responds(200, json.dumps({"models": models}).encode())


def installed(name: str, *capabilities: str) -> dict[str, Any]:
    return {"name": name, "size": 6_200_000_000, "capabilities": ["completion", *capabilities]}


async def test_the_list_marks_what_is_configured_and_what_is_missing(
    server: ImitationOllama,
    catalog: ModelCatalog,
    vision: VisionSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.overrides["/api/tags"] = has(
        installed(MODEL, "vision"), installed(TEXT_ONLY), installed("gemma4:latest", "vision")
    )
    assert await list_models(catalog, vision, as_json=False) is Exit.OK
    here, worth = capsys.readouterr().out.split("\n\n")
    first, second, third, missing = (line.split() for line in here.splitlines())
    assert first == ["*", MODEL, "6.2", "GB", "sees", "pictures"]
    assert second == [TEXT_ONLY, "6.2", "GB", "text", "only"]
    assert third[0] == "gemma4:latest"
    assert missing[:2] == ["!", "glm-ocr"]
    assert "python -m bot models pull glm-ocr" in here
    assert "qwen3-vl:8b" in worth
    assert "gemma4" not in worth


async def test_without_any_model_the_list_says_so(
    server: ImitationOllama,
    catalog: ModelCatalog,
    vision: VisionSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.overrides["/api/tags"] = has()
    await list_models(catalog, vision, as_json=False)
    assert capsys.readouterr().out.startswith("Ollama has no models yet.\n")


async def test_without_ollama_the_list_still_says_what_is_worth_having(
    server: ImitationOllama,
    catalog: ModelCatalog,
    vision: VisionSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.overrides["/api/tags"] = responds(502)
    with pytest.raises(EngineUnavailable):
        await list_models(catalog, vision, as_json=False)
    first, *worth = capsys.readouterr().out.splitlines()
    assert first.startswith("Worth having")
    assert [line.split()[0] for line in worth] == [each.model for each in RECOMMENDED]

    with pytest.raises(EngineUnavailable):
        await list_models(catalog, vision, as_json=True)
    assert capsys.readouterr().out == ""


async def test_the_list_as_json(
    server: ImitationOllama,
    catalog: ModelCatalog,
    vision: VisionSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.overrides["/api/tags"] = has(installed(MODEL, "vision"))
    await list_models(catalog, vision, as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {
            "name": MODEL,
            "size_bytes": 6_200_000_000,
            "sees": True,
            "context_tokens": None,
            "configured": True,
        }
    ]


async def test_a_pull_shows_its_steps_and_says_that_the_model_sees(
    server: ImitationOllama, catalog: ModelCatalog
) -> None:
    server.overrides["/api/pull"] = pulls(
        {"status": "pulling manifest"},
        LAYER,
        {**LAYER, "completed": 1_900_000_000},
        {**LAYER, "completed": 4_000_000_000},
        {"status": "success"},
    )
    stream = io.StringIO()
    assert await pull(catalog, MODEL, Line(stream)) is Exit.OK
    assert stream.getvalue().splitlines() == [
        "pulling manifest",
        "pulling 6a0746a1ec1a (4.0 GB)",
        "pulling 6a0746a1ec1a: 40 %",
        "pulling 6a0746a1ec1a: 100 %",
        "success",
        f"{MODEL} is installed and sees pictures.",
    ]


async def test_a_pulled_model_without_sight_is_a_failure(
    server: ImitationOllama, catalog: ModelCatalog
) -> None:
    server.overrides["/api/pull"] = pulls({"status": "success"})
    stream = io.StringIO()
    assert await pull(catalog, TEXT_ONLY, Line(stream)) is Exit.SERVICE
    assert f"{TEXT_ONLY} cannot see pictures" in stream.getvalue()


async def test_a_pull_that_fails_clears_the_living_line(
    server: ImitationOllama, catalog: ModelCatalog
) -> None:
    server.overrides["/api/pull"] = pulls(
        LAYER, {"error": "pull model manifest: file does not exist"}
    )
    stream = Terminal()
    with pytest.raises(ModelMissing):
        await pull(catalog, "unknown", Line(stream))
    assert stream.getvalue().endswith("\r\x1b[K")


async def test_run_pulls_what_is_missing_and_nothing_else(server: ImitationOllama) -> None:
    vision = VisionSettings(host=server.host, model=MODEL, models={TaskName.OCR: "new:1b"})
    server.overrides["/api/pull"] = pulls({"status": "success"})
    stream = io.StringIO()
    await pull_missing(Config(vision=vision), Line(stream))
    assert [r.body["model"] for r in server.received if r.path == "/api/pull"] == ["new:1b"]
    assert "new:1b is not installed yet" in stream.getvalue()


async def test_run_goes_on_when_a_pull_fails(server: ImitationOllama) -> None:
    vision = VisionSettings(host=server.host, model="new:1b")
    server.overrides["/api/pull"] = refuses(500, "no space left on device")
    stream = io.StringIO()
    await pull_missing(Config(vision=vision), Line(stream))
    assert "python -m bot doctor" in stream.getvalue()


async def test_run_with_the_built_in_reader_asks_no_ollama(server: ImitationOllama) -> None:
    vision = VisionSettings(host=server.host, engine="builtin")
    await pull_missing(Config(vision=vision), Line(io.StringIO()))
    assert server.received == []


async def test_models_pull_from_the_command_line(server: ImitationOllama, tmp_path: Path) -> None:
    server.models["new:1b"] = shown("qwen3vl", "vision")
    server.overrides["/api/pull"] = pulls(LAYER, {"status": "success"})
    env = {"LOOKOUT_VISION__HOST": server.host}
    done = await bot("models", "pull", "new:1b", folder=tmp_path, env=env)
    assert (done.code, done.out) == (Exit.OK, "")
    assert done.err.endswith("new:1b is installed and sees pictures.\n")


# The bar


def test_the_bar_shows_percent_amount_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    times = iter((0.0, 10.0))
    bar = PullBar(Line(stream), lambda: next(times))
    bar.show(PullProgress("pulling 6a", 0, 4_000_000_000))
    bar.show(PullProgress("pulling 6a", 1_000_000_000, 4_000_000_000))
    start, later = stream.getvalue().split("\r\x1b[K")[1:]
    assert start == f"{'░' * 24}   0 %  0.0 MB of 4.0 GB  pulling 6a"
    assert later == (
        f"{'█' * 6}{'░' * 18}  25 %  1.0 GB of 4.0 GB  100.0 MB/s  0:30 left  pulling 6a"
    )


def test_the_rate_counts_only_what_came_while_we_watched() -> None:
    """A download that goes on where it stopped does not begin with a rate of gigabytes."""
    stream = Terminal()
    times = iter((0.0, 1.0))
    bar = PullBar(Line(stream), lambda: next(times))
    bar.show(PullProgress("pulling 6a", 3_000_000_000, 4_000_000_000))
    bar.show(PullProgress("pulling 6a", 3_050_000_000, 4_000_000_000))
    assert "50.0 MB/s" in stream.getvalue()


def test_the_bar_is_drawn_at_most_ten_times_a_second_and_always_when_full() -> None:
    stream = Terminal()
    times = iter((0.0, 0.01, 0.02, 0.03))
    bar = PullBar(Line(stream), lambda: next(times))
    for completed in (0, 10, 20, 100):
        bar.show(PullProgress("pulling 6a", completed, 100))
    assert stream.getvalue().count("\r") == 2
    assert "100 %" in stream.getvalue()


def test_a_step_without_a_size_is_shown_by_name() -> None:
    stream = Terminal()
    PullBar(Line(stream)).show(PullProgress("verifying sha256 digest"))
    assert stream.getvalue() == "\r\x1b[Kverifying sha256 digest …"
