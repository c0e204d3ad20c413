"""The house itself: rooms, sizes, doors, lock files, and that importing does nothing."""

import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "bench", "bot", "cogs", "config.example.toml", "docs", "migrations", "pyproject.toml",
    "requirements", "tests",
}  # fmt: skip
MAX_MODULE_LINES = 400
MAX_TEST_MODULE_LINES = 500
"""Tests stand side by side and are not read as a whole."""
EXTRAS = (
    "builtin", "dev", "encryption", "heif", "moderation", "playground", "postgres", "video",
)  # fmt: skip
HEAVY = ("PIL", "numpy", "cv2", "onnxruntime", "rapidocr", "zxingcpp", "xllamacpp", "simcord",
         "matplotlib", "av")  # fmt: skip


@cache
def _tracked() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    names = listed.stdout.decode().split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


def _modules() -> list[str]:
    paths = (path.relative_to(ROOT) for path in _tracked() if path.suffix == ".py")
    names = [".".join(path.with_suffix("").parts) for path in paths]
    return sorted(
        name.removesuffix(".__init__") for name in names if name.startswith(("bot", "cogs"))
    )


def _python(code: str) -> str:
    """Run ``code`` in an interpreter of its own, from the top level, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_top_level_is_the_one_the_architecture_names() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in _tracked()}
    assert found <= TOP_LEVEL


def test_no_module_is_too_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in _tracked()
        if path.suffix == ".py"
    }
    limits = {True: MAX_TEST_MODULE_LINES, False: MAX_MODULE_LINES}
    too_long = {n: lines for n, lines in lengths.items() if lines > limits[n.startswith("tests/")]}
    assert too_long == {}


def test_nothing_names_a_place_on_somebodys_machine() -> None:
    home = re.compile(rb"(?<![\w.~-])/(?:work|root|home|Users|tmp/\w|opt)/[\w.-]+")
    found = {
        str(path.relative_to(ROOT)): match.group().decode()
        for path in _tracked()
        if path != Path(__file__) and (match := home.search(path.read_bytes()))
    }
    assert found == {}


_LINT_IMPORTS = """
import sys
sys.stdout = sys.stderr
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True, no_logo=True))
"""


def test_the_doors_open_downward_only() -> None:
    _python(_LINT_IMPORTS)  # it switches off every logger that its process has


_IMPORT_ALL = """
import importlib, json, logging, sys
done = []
watched = (
    "socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename"
)
def watch(event, arguments):
    if event in watched:
        done.append(event)
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        done.append(f"open {arguments[0]}")
sys.addaudithook(watch)
for name in MODULES:
    importlib.import_module(name)
print(json.dumps([done, len(logging.getLogger().handlers)]))
"""


def test_importing_any_module_has_no_effect() -> None:
    modules = [name for name in _modules() if name != "bot.__main__"]
    printed = _python(f"MODULES = {modules!r}\n{_IMPORT_ALL}")
    assert json.loads(printed) == [[], 0]


@pytest.mark.parametrize("module", ["bot.app", "bot.cli", "bot.client"])
def test_the_bot_itself_starts_without_heavy_libraries(module: str) -> None:
    """Pictures are decoded and read in other processes; the bot stays small."""
    printed = _python(
        f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert printed.strip() == "[]"


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _locked(name: str) -> dict[str, set[str]]:
    """Return the versions per package in a lock file (several where markers tell them apart)."""
    versions: dict[str, set[str]] = {}
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    for match in re.finditer(r"^([\w.-]+)==(\S+)", text, re.MULTILINE):
        versions.setdefault(_canonical(match.group(1)), set()).add(match.group(2))
    return versions


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("core", ()),
        ("heif", ("heif",)),
        ("postgres", ("postgres",)),
        ("run", ("builtin", "encryption", "moderation", "playground", "video")),
        ("dev", EXTRAS),
    ],
)
def test_lock_files_hold_what_pyproject_asks_for(name: str, extras: tuple[str, ...]) -> None:
    project = _pyproject()["project"]
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    locked = _locked(name)
    for text in wanted:
        requirement = Requirement(text)
        versions = locked.get(_canonical(requirement.name), set())
        assert versions, f"{text}: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), text


def test_the_development_lock_knows_every_extra() -> None:
    extras = _pyproject()["project"]["optional-dependencies"]
    assert sorted(extras) == sorted((*EXTRAS, "pdq")), "pdq needs a compiler: it is in no lock file"


def test_every_lock_file_is_part_of_the_development_one() -> None:
    dev = _locked("dev")
    for name in ("core", "run", "heif", "postgres"):
        assert _locked(name).items() <= dev.items()


@pytest.mark.parametrize("name", ["core", "run", "heif", "postgres", "dev"])
def test_lock_files_are_hashed_and_name_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text))
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"://|--index|--find-links|file:", text)
