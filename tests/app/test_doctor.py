"""The doctor: what it makes of what it finds, and that its probes find what is there."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.config import Config, PictureSettings, StorageSettings, VisionSettings
from bot.doctor import as_json, as_text, examine
from bot.doctor.check import State, fail, ok, warn
from bot.doctor.engine_findings import engine_checks, model_checks
from bot.doctor.local_findings import (
    ReaderFacts,
    database_checks,
    disk_check,
    picture_checks,
    reader_checks,
)
from bot.doctor.probes import probe_database, probe_disk, probe_models, probe_pictures
from bot.domain.answer import Answer
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
from bot.domain.ports import AnswerKey
from bot.domain.task import Parameters, TaskName
from bot.storage.answers import SqlAnswerStore
from bot.storage.database import Database, DatabaseHealth
from bot.vision.models import ModelCheck
from tests.app.checks import advised, states
from tests.app.command import bot
from tests.vision.imitation.server import MODEL, ImitationOllama, responds

VISION = VisionSettings()
MODEL_FOUND = ModelCheck(
    "qwen3-vl:8b", engine_version="0.33.0", family="qwen3vl", context_tokens=262_144
)
HEALTH = DatabaseHealth("sqlite", None, "0001", "0001", 5_000_000, 50_000_000_000)


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
    assert await probe_database(StorageSettings(database=url)) is None
    assert _names_in(tmp_path) == []


async def test_a_database_in_order_is_found_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite3"
    async with Database(url) as database:
        await database.upgrade()
    found = await probe_database(StorageSettings(database=url))
    assert isinstance(found, DatabaseHealth)
    assert states(database_checks(found)) == [("database", "ok")]


async def test_a_database_sealed_with_another_key_is_found_so(tmp_path: Path) -> None:
    mine, other = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    url = f"sqlite:///{tmp_path}/sealed.sqlite3"
    key = AnswerKey("0" * 64, TaskName.DESCRIBE, 1, "ollama", "tiny", Parameters())
    async with Database(url, encryption_keys=[mine]) as database:
        await database.upgrade()
        answers = SqlAnswerStore(database, retention=timedelta(days=1))
        await answers.put(key, Answer("A dog.", "ollama", "tiny"))
    for keys, state in (([mine], "ok"), ([other], "fail"), ([], "fail")):
        settings = StorageSettings.model_validate({"database": url, "encryption_keys": keys})
        checks = list(database_checks(await probe_database(settings)))
        assert states(checks) == [("database", state)]
        assert mine not in as_text(checks)


async def test_a_file_that_is_no_database_is_found_damaged(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    found = await probe_database(StorageSettings(database=f"sqlite:///{path}"))
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
