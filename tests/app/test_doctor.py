"""The doctor: what it makes of what it finds, and that its probes find what is there."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from aiohttp import web

from bot.config import Config, PictureSettings, StorageSettings, VisionSettings
from bot.doctor import as_json, as_text, examine
from bot.doctor.check import Check, State, fail, ok, warn
from bot.doctor.discord_findings import discord_checks, token_checks
from bot.doctor.discord_login import (
    PERMISSION_NAMES,
    PERMISSIONS,
    Application,
    LoginProblem,
    look_up,
)
from bot.doctor.engine_findings import engine_checks, model_checks
from bot.doctor.local_findings import (
    ReaderFacts,
    database_checks,
    disk_check,
    picture_checks,
    reader_checks,
)
from bot.doctor.probes import probe_database, probe_disk, probe_models, probe_pictures
from bot.domain.errors import (
    EngineRejected,
    EngineTimeout,
    EngineUnavailable,
    FormatUnsupported,
    ModelCannotSee,
    ModelMissing,
    ModelUnsupported,
    PictureHostile,
    StorageFailed,
)
from bot.domain.task import TaskName
from bot.storage.database import Database, DatabaseHealth
from bot.vision.models import ModelCheck
from tests.app.command import bot
from tests.vision.imitation.server import MODEL, ImitationOllama, responds

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4OQ" + ".GabcDE." + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5"
VISION = VisionSettings()
MODEL_FOUND = ModelCheck(
    "qwen3-vl:8b", engine_version="0.33.0", family="qwen3vl", context_tokens=262_144
)
APPLICATION = Application(
    id=1234,
    name="Lookout",
    guild_install_url="https://discord.com/oauth2/authorize?client_id=1234",
    user_install_url="https://discord.com/oauth2/authorize?client_id=1234&integration_type=1",
    user_install=True,
    public=True,
    needs_code_grant=False,
    has_interactions_endpoint=False,
)
HEALTH = DatabaseHealth("sqlite", None, "0001", "0001", 5_000_000, 50_000_000_000)


def states(checks: Iterable[Check]) -> list[tuple[str, str]]:
    return [(check.name, check.state.value) for check in checks]


def advised(checks: Iterable[Check]) -> bool:
    """Whether every finding but a good one says what to do."""
    return all(bool(check.advice) is (check.state is not State.OK) for check in checks)


# Token and Discord


@pytest.mark.parametrize(
    ("token", "state"),
    [
        ("", State.WARN),
        (TOKEN, State.OK),
        ("not a token", State.FAIL),
        (TOKEN.replace(".", ""), State.FAIL),
        (f"Bot {TOKEN}", State.FAIL),
    ],
)
def test_the_token_s_shape_is_judged_without_showing_it(token: str, state: State) -> None:
    (check,) = token_checks(token)
    assert check.state is state
    assert advised([check])
    assert not token or token not in check.sentence + check.advice


@pytest.mark.parametrize("problem", LoginProblem)
def test_a_failed_login_is_a_failure(problem: LoginProblem) -> None:
    checks = list(discord_checks(problem))
    assert states(checks) == [("discord", "fail")]
    assert advised(checks)


def test_an_application_in_order_shows_links_and_permissions() -> None:
    checks = list(discord_checks(APPLICATION))
    assert {check.state for check in checks} == {State.OK}
    told = " ".join(check.sentence for check in checks)
    assert APPLICATION.guild_install_url in told
    assert APPLICATION.user_install_url in told
    assert "Attach Files" in told
    assert "no privileged intent" in told


@pytest.mark.parametrize(
    ("change", "name", "state"),
    [
        ({"has_interactions_endpoint": True}, "interactions", State.FAIL),
        ({"needs_code_grant": True}, "install", State.FAIL),
        ({"user_install": False}, "user install", State.WARN),
        ({"public": False}, "public", State.WARN),
    ],
)
def test_what_is_wrong_with_an_application_is_told(
    change: dict[str, bool], name: str, state: State
) -> None:
    checks = list(discord_checks(replace(APPLICATION, **change)))  # type: ignore[arg-type]
    assert (name, state.value) in states(checks)
    assert advised(checks)


def test_the_permissions_are_those_that_are_told() -> None:
    assert {name for name, granted in PERMISSIONS if granted} == {
        "read_messages" if name == "view_channel" else name for name in PERMISSION_NAMES
    }


def _user() -> dict[str, Any]:
    return {"id": "1234", "username": "lookout", "discriminator": "0", "avatar": None, "bot": True}


def _application(**more: Any) -> dict[str, Any]:
    return {
        "id": "1234",
        "name": "Lookout",
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0",
        "owner": _user(),
        "flags": 0,
        "integration_types_config": {"0": {}, "1": {}},
        **more,
    }


@asynccontextmanager
async def _discord(application: dict[str, Any]) -> AsyncIterator[str]:
    """Answer as Discord's API does; a wrong token gets 401."""

    async def reply(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"Bot {TOKEN}":
            return web.json_response({"message": "no", "code": 0}, status=401)
        body = _user() if request.path.endswith("/users/@me") else application
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")

    server = web.Application()
    server.router.add_route("GET", "/{path:.*}", reply)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_the_login_finds_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    async with _discord(_application()) as address:
        monkeypatch.setattr(discord.http.Route, "BASE", address)
        found = await look_up(TOKEN)
    assert isinstance(found, Application)
    assert (found.id, found.name, found.user_install) == (1234, "Lookout", True)
    query = parse_qs(urlsplit(found.guild_install_url).query)
    assert query["permissions"] == [str(PERMISSIONS.value)]
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}
    query = parse_qs(urlsplit(found.user_install_url).query)
    assert (query["integration_type"], query["scope"]) == (["1"], ["applications.commands"])


async def test_the_login_finds_what_is_set_up_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = _application(
        interactions_endpoint_url="https://example.org",
        bot_require_code_grant=True,
        bot_public=False,
        integration_types_config={"0": {}},
    )
    async with _discord(wrong) as address:
        monkeypatch.setattr(discord.http.Route, "BASE", address)
        found = await look_up(TOKEN)
    assert isinstance(found, Application)
    assert found.has_interactions_endpoint
    assert found.needs_code_grant
    assert not found.public
    assert not found.user_install


async def test_a_refused_token_is_told_apart_from_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with _discord(_application()) as address:
        monkeypatch.setattr(discord.http.Route, "BASE", address)
        assert await look_up(TOKEN.replace("G", "H")) is LoginProblem.REFUSED
    assert await look_up(TOKEN) is LoginProblem.UNREACHABLE


async def test_somebody_else_answering_in_discord_s_place_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ImitationOllama() as server:
        server.overrides["/users/@me"] = responds(200, b"<html>Log in to this network</html>")
        monkeypatch.setattr(discord.http.Route, "BASE", server.host)
        assert await look_up(TOKEN) is LoginProblem.UNREACHABLE


# Ollama


def test_an_engine_and_a_model_in_order() -> None:
    checks = [*engine_checks(MODEL_FOUND, VISION), *model_checks(MODEL_FOUND, VISION)]
    assert states(checks) == [("ollama", "ok"), ("model qwen3-vl:8b", "ok")]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (EngineUnavailable(), "Nothing answers at http://127.0.0.1:11434"),
        (EngineTimeout("connect", 5), "Nothing answers"),
        (EngineRejected(404), "does not speak as Ollama does"),
    ],
)
def test_no_ollama_is_one_failure_and_no_word_about_models(
    problem: EngineUnavailable, words: str
) -> None:
    found = ModelCheck("qwen3-vl:8b", problem=problem)
    checks = list(engine_checks(found, VISION))
    assert states(checks) == [("ollama", "fail")]
    assert words in checks[0].sentence
    assert advised(checks)
    assert list(model_checks(found, VISION)) == []


def test_an_old_ollama_is_a_warning() -> None:
    checks = list(engine_checks(replace(MODEL_FOUND, version_is_old=True), VISION))
    assert states(checks) == [("ollama", "warn")]
    assert advised(checks)


@pytest.mark.parametrize(
    ("problem", "advice"),
    [
        (ModelMissing("qwen3-vl:8b"), "python -m bot models pull qwen3-vl:8b"),
        (ModelCannotSee("qwen3-vl:8b"), "python -m bot models list"),
        (ModelUnsupported("qwen3-vl:8b", "0.33.0", "gemma4"), "Use gemma4 instead"),
        (EngineRejected(500), "Ollama's own log"),
    ],
)
def test_a_model_that_cannot_be_used_is_a_failure_with_its_remedy(
    problem: ModelMissing, advice: str
) -> None:
    (check,) = model_checks(replace(MODEL_FOUND, problem=problem), VISION)
    assert check.state is State.FAIL
    assert advice in check.advice


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"context_tokens": 4096}, "vision.num_ctx = 4096 or less"),
        ({"loaded": True, "loaded_context_tokens": 4096}, "same context"),
        ({"loaded": True, "processor_share": 0.4}, "smaller model"),
    ],
)
def test_what_makes_a_model_slow_or_forgetful_is_a_warning(
    change: dict[str, Any], words: str
) -> None:
    good, warning = model_checks(replace(MODEL_FOUND, **change), VISION)
    assert (good.state, warning.state) == (State.OK, State.WARN)
    assert words in warning.advice


async def test_every_configured_model_is_asked_about() -> None:
    async with ImitationOllama() as server:
        server.overrides["/api/ps"] = responds(200, b'{"models": []}')
        vision = VisionSettings(host=server.host, model=MODEL, models={TaskName.OCR: "absent:1b"})
        first, second = await probe_models(vision)
    assert first.problem is None
    assert isinstance(second.problem, ModelMissing)


# Database and disk


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (None, State.OK),
        (HEALTH, State.OK),
        (replace(HEALTH, revision=None), State.WARN),
        (replace(HEALTH, trouble="locked"), State.FAIL),
        (StorageFailed("unreachable"), State.FAIL),
        (StorageFailed("something new"), State.FAIL),
    ],
)
def test_the_database_is_judged(found: DatabaseHealth | StorageFailed | None, state: State) -> None:
    checks = list(database_checks(found))
    assert states(checks) == [("database", state.value)]
    assert advised(checks)


def _names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_looking_at_a_database_that_is_not_there_yet_makes_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/new.sqlite3"
    assert await probe_database(url) is None
    assert _names_in(tmp_path) == []


async def test_a_database_in_order_is_found_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite3"
    async with Database(url) as database:
        await database.upgrade()
    found = await probe_database(url)
    assert isinstance(found, DatabaseHealth)
    assert states(database_checks(found)) == [("database", "ok")]


async def test_a_file_that_is_no_database_is_found_damaged(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    found = await probe_database(f"sqlite:///{path}")
    assert isinstance(found, StorageFailed)
    assert found.reason == "damaged"


@pytest.mark.parametrize(
    ("free_bytes", "state"),
    [(50_000_000_000, State.OK), (500_000_000, State.WARN), (50_000_000, State.FAIL)],
)
def test_the_disk_is_judged(free_bytes: int, state: State) -> None:
    check = disk_check(free_bytes)
    assert check.state is state
    assert advised([check])


async def test_the_disk_is_measured_where_the_database_will_be(tmp_path: Path) -> None:
    free_bytes = await probe_disk(f"sqlite:///{tmp_path}/not/yet/new.sqlite3")
    assert free_bytes is not None
    assert free_bytes > 0
    assert await probe_disk("postgresql://lookout@127.0.0.1/lookout") is None


# Pictures and the built-in reader


def test_formats_that_can_be_read_are_named() -> None:
    (check,) = picture_checks({"JPEG": None, "AVIF": None})
    assert check.state is State.OK
    assert "JPEG, AVIF" in check.sentence


def test_heic_without_its_extra_is_a_warning_and_its_licence_is_told() -> None:
    checks = list(picture_checks({"JPEG": None, "HEIC": FormatUnsupported("HEIF", "heif")}))
    assert states(checks) == [("pictures", "ok"), ("HEIC", "warn")]
    assert "GPL" in checks[1].advice


def test_a_decoder_that_fails_is_a_failure() -> None:
    checks = list(picture_checks({"JPEG": None, "HEIC": PictureHostile("memory")}))
    assert states(checks) == [("pictures", "ok"), ("pictures", "fail")]
    assert "HEIC (PictureHostile)" in checks[1].sentence


async def test_a_sample_of_every_format_is_really_decoded() -> None:
    found = await probe_pictures(PictureSettings())
    assert list(found) == ["JPEG", "PNG", "GIF", "WebP", "AVIF", "HEIC"]
    assert {name for name, problem in found.items() if problem is not None} <= {"HEIC"}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (ReaderFacts(installed=False, needed=False, tesseract=False), ["warn"]),
        (ReaderFacts(installed=False, needed=True, tesseract=False), ["fail"]),
        (ReaderFacts(True, needed=True, tesseract=False, scripts=("Latin",)), ["ok", "warn"]),
        (ReaderFacts(True, needed=False, tesseract=True, scripts=("Latin", "Thai")), ["ok"]),
    ],
)
def test_the_built_in_reader_is_judged(facts: ReaderFacts, expected: list[str]) -> None:
    checks = list(reader_checks(facts))
    assert [check.state.value for check in checks] == expected
    assert advised(checks)
    assert all(script in checks[0].sentence for script in facts.scripts)


# The whole


def test_text_has_a_line_a_check_its_advice_below_and_a_sum() -> None:
    text = as_text([ok("token", "Fine."), warn("disk", "Little.", "Free some.")])
    assert text.splitlines() == [
        "ok    token  Fine.",
        "warn  disk   Little.",
        "             → Free some.",
        "1 fine, 1 to know, 0 to mend.",
    ]


def test_json_is_a_list_of_checks() -> None:
    assert json.loads(as_json([fail("disk", "Full.", "Free some.")])) == [
        {"name": "disk", "state": "fail", "sentence": "Full.", "advice": "Free some."}
    ]


async def test_everything_is_examined(tmp_path: Path) -> None:
    storage = StorageSettings(database=f"sqlite:///{tmp_path}/data/new.sqlite3")
    async with ImitationOllama() as server:
        server.overrides["/api/ps"] = responds(200, b'{"models": []}')
        vision = VisionSettings(host=server.host, model=MODEL)
        checks = await examine(Config(vision=vision, storage=storage))
    names = [check.name for check in checks]
    for name in ("lookout", "token", "ollama", f"model {MODEL}", "database", "disk", "pictures"):
        assert name in names
    assert "built-in reader" in names
    assert [check for check in checks if check.state is State.FAIL] == []
    assert advised(checks)


async def test_the_command_ends_with_four_when_something_is_to_mend(tmp_path: Path) -> None:
    env = {"LOOKOUT_VISION__HOST": "http://127.0.0.1:1"}
    done = await bot("doctor", "--json", folder=tmp_path, env=env)
    assert done.code == 4
    found = {row["name"]: row for row in json.loads(done.out)}
    assert found["ollama"]["state"] == "fail"
    assert found["pictures"]["state"] == "ok"
