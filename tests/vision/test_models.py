"""Listing, checking and downloading models."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from bot.domain.errors import (
    AnswerInterrupted,
    EngineBusy,
    EngineError,
    EngineRejected,
    EngineUnavailable,
    ModelCannotSee,
    ModelMissing,
    ModelUnsupported,
)
from bot.vision.models import InstalledModel, ModelCatalog, PullProgress
from bot.vision.ollama_client import Shown
from bot.vision.ollama_facts import facts_from, version_numbers
from bot.vision.recommended import DEFAULT_MODEL, RECOMMENDED, Use
from tests.vision.imitation.server import (
    LLAMA_VISION,
    MODEL,
    TEXT_ONLY,
    ImitationOllama,
    Reply,
    cuts,
    refuses,
    responds,
    sends,
)


@pytest.fixture
async def server() -> AsyncIterator[ImitationOllama]:
    async with ImitationOllama() as running:
        yield running


@pytest.fixture
async def catalog(server: ImitationOllama) -> AsyncIterator[ModelCatalog]:
    async with ModelCatalog(host=server.host) as opened:
        yield opened


def replies(body: Any) -> Reply:
    return responds(200, json.dumps(body).encode())


def lines(*objects: dict[str, Any]) -> Reply:
    return sends(*[json.dumps(line).encode() + b"\n" for line in objects])


async def test_models_are_listed_with_one_call(
    server: ImitationOllama, catalog: ModelCatalog
) -> None:
    """Since 0.30 the list says what each model can do."""
    details = {"context_length": 32768}
    server.overrides["/api/tags"] = replies(
        {
            "models": [
                {"name": MODEL, "size": 6, "capabilities": ["vision"], "details": details},
                {"name": TEXT_ONLY, "size": 2, "capabilities": ["completion"], "details": {}},
            ]
        }
    )
    assert await catalog.list_models() == (
        InstalledModel(MODEL, 6, sees=True, context_tokens=32768),
        InstalledModel(TEXT_ONLY, 2, sees=False, context_tokens=None),
    )
    assert len(server.received) == 1


async def test_older_servers_are_asked_model_by_model(
    server: ImitationOllama, catalog: ModelCatalog
) -> None:
    """Before 0.30 only the single model says what it can do."""
    server.overrides["/api/tags"] = replies({"models": [{"name": MODEL, "size": 6}]})
    listed = await catalog.list_models()
    assert listed == (InstalledModel(MODEL, 6, sees=True, context_tokens=32768),)


async def test_a_pull_reports_its_progress(server: ImitationOllama, catalog: ModelCatalog) -> None:
    """Status words and bytes, to the end."""
    server.overrides["/api/pull"] = lines(
        {"status": "pulling manifest"},
        {"status": "pulling abc", "digest": "sha256:abc", "total": 100, "completed": 40},
        {"status": "success"},
    )
    assert [progress async for progress in catalog.pull(MODEL)] == [
        PullProgress("pulling manifest"),
        PullProgress("pulling abc", 40, 100),
        PullProgress("success"),
    ]
    assert server.received[0].body == {"model": MODEL, "stream": True}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (lines({"error": "pull model manifest: file does not exist"}), ModelMissing),
        (lines({"status": "pulling abc"}, {"error": "no space left on device"}), EngineRejected),
        (lines({"status": "pulling abc"}), AnswerInterrupted),
        (cuts(b'{"status": "pulling abc"}\n'), AnswerInterrupted),
        (lines({"status": 7}), EngineRejected),
        (refuses(503, "server busy"), EngineBusy),
    ],
    ids=["unknown", "disk_full", "ends_early", "cut", "mistyped", "busy"],
)
async def test_a_failed_pull_is_an_error(
    server: ImitationOllama, catalog: ModelCatalog, reply: Reply, error: type[EngineError]
) -> None:
    """Errors come after HTTP 200, as the last line, and no success means failure."""
    server.overrides["/api/pull"] = reply
    with pytest.raises(error):
        async for _ in catalog.pull(MODEL):
            pass


async def test_a_pull_can_be_stopped(server: ImitationOllama, catalog: ModelCatalog) -> None:
    """Closing the iterator hangs up."""
    server.overrides["/api/pull"] = server.hangs(b'{"status": "pulling abc"}\n')
    async with aclosing(catalog.pull(MODEL)) as progress:
        await anext(progress)
    await server.hung_up.wait()


async def test_a_model_in_use_is_checked(server: ImitationOllama, catalog: ModelCatalog) -> None:
    """A model that is partly in ordinary memory is slow, and the share is known."""
    loaded = {"name": MODEL, "size": 1000, "size_vram": 250, "context_length": 8192}
    other = {"name": "other:1b", "size": 1000, "size_vram": 1000}
    server.overrides["/api/ps"] = replies({"models": [other, loaded]})
    found = await catalog.check(MODEL)
    assert found.problem is None
    assert (found.engine_version, found.version_is_old) == ("0.33.0", False)
    assert (found.family, found.context_tokens) == ("qwen3vl", 32768)
    assert (found.loaded, found.loaded_context_tokens) == (True, 8192)
    assert found.processor_share == 0.75


async def test_a_model_not_in_use_is_checked(
    server: ImitationOllama, catalog: ModelCatalog
) -> None:
    """A model that is not loaded takes no memory; an old server is named old."""
    server.version = "0.21.0"
    server.overrides["/api/ps"] = replies({"models": []})
    found = await catalog.check(MODEL)
    assert (found.loaded, found.processor_share, found.version_is_old) == (False, 0.0, True)


@pytest.mark.parametrize(
    ("model", "problem"),
    [("absent", ModelMissing), (TEXT_ONLY, ModelCannotSee), (LLAMA_VISION, ModelUnsupported)],
)
async def test_what_is_wrong_with_a_model_is_told(
    catalog: ModelCatalog, model: str, problem: type[EngineError]
) -> None:
    """The check names the problem instead of raising it."""
    found = await catalog.check(model)
    assert isinstance(found.problem, problem)
    assert found.engine_version == "0.33.0"


async def test_a_check_without_a_server() -> None:
    """Nothing listens there: that is the problem."""
    async with ModelCatalog(host="http://127.0.0.1:1") as catalog:
        found = await catalog.check(MODEL)
    assert isinstance(found.problem, EngineUnavailable)
    assert found.engine_version == ""


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("0.33.0", (0, 33, 0)), ("v0.34.1-rc2", (0, 34, 1)), ("0.9", (0, 9)), ("dev", ()), ("", ())],
)
def test_versions_are_compared_by_number(version: str, numbers: tuple[int, ...]) -> None:
    """0.9 is older than 0.30, release candidates count as their release."""
    assert version_numbers(version) == numbers


def test_projectors_with_tiles_are_told_apart() -> None:
    """Llava 1.6 and its kin carry a grid of tile sizes; the first Llava has none."""
    kind = {"clip.projector_type": "mlp"}
    grid = kind | {"clip.vision.image_grid_pinpoints": None}
    assert facts_from("m", Shown(projector_info=kind), "0.33.0").projector == "mlp"
    assert facts_from("m", Shown(projector_info=grid), "0.33.0").projector == "mlp_grid"


def test_recommendations_are_complete() -> None:
    """The default is among them, each name stands once, and there is one for every use."""
    names = [entry.model for entry in RECOMMENDED]
    assert DEFAULT_MODEL in names
    assert len(set(names)) == len(names)
    assert {entry.use for entry in RECOMMENDED} == set(Use)
