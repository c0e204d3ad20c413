"""The documentation is what the code is: every command, setting, model, error, link and example.

Parts of pages, from ``<!-- begin: NAME -->`` to ``<!-- end: NAME -->``, are written from the code.
To write them anew after a change, run this file with ``LOOKOUT_WRITE_DOCS=1`` in the environment.
"""

import asyncio
import inspect
import itertools
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import pytest
from annotated_types import Ge, Gt, Le
from discord import app_commands, ui
from discord.ext import commands
from pydantic.fields import FieldInfo

import bot
from bot.app import Lookout
from bot.cli.arguments import build_parser
from bot.config import Config, StorageSettings
from bot.config.example import example_toml
from bot.config.model import settings
from bot.domain import errors
from bot.domain.conversation import Conversation, Retention, Turn, TurnState
from bot.domain.ports import Asker
from bot.domain.task import Layout, Parameters, TaskName
from bot.services.look import LookRequest
from bot.storage.tables import Base
from bot.ui.controls import Control, answer_buttons, cancel_button, stop_button
from bot.ui.conversation.controls import turn_buttons, unanswered_buttons
from bot.ui.conversation.listing import (
    PAGE_SIZE,
    Entry,
    Page,
    Position,
    Scope,
    confirmation,
    listed,
)
from bot.ui.conversation.opened import Ending, opened
from bot.ui.conversation.settings_panel import panel
from bot.ui.i18n import words
from bot.vision.builtin.tesseract import LANGUAGES_BY_SCRIPT
from bot.vision.recommended import RECOMMENDED, Use
from tests.vision.fakes import ScriptedEngine

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_AnyCommand = (
    app_commands.Command[commands.Cog, ..., object] | app_commands.Group | app_commands.ContextMenu
)
_USES = {
    Use.GENERAL: "Everything",
    Use.SMALL: "Everything, small",
    Use.LARGE: "Everything, large",
    Use.TEXT: "Reading text",
}
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TURN = Turn(
    id=1,
    conversation_id=1,
    parent_id=None,
    depth=0,
    person_id=1,
    speaker=0,
    guild_id=1,
    channel_id=1,
    private=False,
    parameters=Parameters(),
    created_at=_NOW,
    state=TurnState.ANSWERED,
    answer_message_id=1,
)
_CONVERSATION = Conversation(
    id=1,
    owner_id=1,
    guild_id=1,
    channel_id=1,
    private=False,
    title="",
    turns=1,
    pictures=1,
    created_at=_NOW,
    last_at=_NOW,
    expires_at=_NOW,
    last_turn_id=1,
)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _blocks(page: Path, *languages: str) -> list[str]:
    """Return the code blocks of a page, without the indent of the list they stand in."""
    found = _FENCE.findall(_text(page))
    return [
        "\n".join(line.removeprefix(indent) for line in code.splitlines())
        for indent, language, code in found
        if language in languages
    ]


def _prose(page: Path) -> str:
    return _CODE.sub("", _FENCE.sub("", _text(page)))


def _anchor(heading: str) -> str:
    """Make the anchor of a heading as GitHub does."""
    plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return plain.replace(" ", "-")


# Parts of pages that are written from the code.


def _settings_part() -> str:
    """A table a section: name in the file, default, meaning; the variable follows from the name."""
    lines: list[str] = []
    for section, rows in itertools.groupby(settings(), key=lambda row: row[0]):
        kind = Config.model_fields[section].annotation
        assert kind is not None
        lines += ["", f"## [{section}]", "", kind.__doc__ or "", ""]
        lines += ["| Setting | Default | Meaning | Environment |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{section}.{name}` | `{_default(section, name)}` | {_meaning(field)} | "
            f"`{_variable(section, name)}` |"
            for _, name, field in rows
        ]
    return "\n".join(lines) + "\n\n"


def _default(section: str, name: str) -> str:
    example = re.search(
        rf"\[{section}\].*?^#{name} = (.+?)$", example_toml(), re.MULTILINE | re.DOTALL
    )
    assert example is not None
    return example[1]


def _meaning(field: FieldInfo) -> str:
    least = next((item.ge for item in field.metadata if isinstance(item, Ge)), None)
    above = next((item.gt for item in field.metadata if isinstance(item, Gt)), None)
    most = next((item.le for item in field.metadata if isinstance(item, Le)), None)
    if most is None:
        return field.description or ""
    low = f"{least:,}" if least is not None else f"more than {above:,}"
    return f"{field.description} From {low} to {most:,}."


def _variable(section: str, name: str) -> str:
    if (section, name) == ("discord", "token"):
        return "DISCORD_TOKEN"
    if (section, name) == ("vision", "models"):
        name = "models__ocr"  # a variable a task
    return f"LOOKOUT_{section}__{name}".upper()


def _models_part() -> str:
    rows = [
        f"| `{worth.model}` | {_USES[worth.use]} | {worth.gigabytes} GB | {worth.remark} |"
        for worth in RECOMMENDED
    ]
    return "\n".join(["| Model | For | Size | Remark |", "| --- | --- | --- | --- |", *rows, ""])


def _error_classes() -> list[type[errors.LookoutError]]:
    found = (kind for _, kind in inspect.getmembers(errors, inspect.isclass))
    return [
        kind
        for kind in found
        if issubclass(kind, errors.LookoutError) and kind is not errors.LookoutError
    ]


def _errors_part() -> str:
    parents = {parent for kind in _error_classes() for parent in kind.__bases__}
    lines = ["| Error | Kind | What happened |", "| --- | --- | --- |"]
    for kind in sorted(set(_error_classes()) - parents, key=lambda item: item.__name__):
        side = "UserError" if issubclass(kind, errors.UserError) else "ServiceError"
        meaning = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
        lines.append(f"| `{kind.__name__}` | {side} | {meaning.replace('``', '`')} |")
    return "\n".join([*lines, ""])


@pytest.mark.parametrize(
    ("page", "part", "written"),
    [
        ("configuration.md", "settings", _settings_part()),
        ("models.md", "models", _models_part()),
        ("troubleshooting.md", "errors", _errors_part()),
    ],
)
def test_what_is_written_from_the_code_is_up_to_date(page: str, part: str, written: str) -> None:
    """Each part equals what is generated, or is written when asked for."""
    path = DOCS / page
    begin, end = f"<!-- begin: {part} -->\n", f"<!-- end: {part} -->"
    before, found, rest = _text(path).partition(begin)
    assert found, f"{page} has no part {part}"
    now, found, after = rest.partition(end)
    assert found, f"{page} does not end its part {part}"
    if os.environ.get("LOOKOUT_WRITE_DOCS") == "1":
        path.write_text(before + begin + written + end + after, encoding="utf-8")
        now = written
    assert now == written


# Commands.


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> list[_AnyCommand]:
    """Every command of a client with all cogs loaded; subcommands instead of their groups."""
    return asyncio.run(_commands(tmp_path_factory.mktemp("docs")))


async def _commands(folder: Path) -> list[_AnyCommand]:
    config = Config(storage=StorageSettings(database=f"sqlite:///{folder}/new.sqlite3"))
    async with (
        Lookout(config, engine=ScriptedEngine()) as lookout,
        commands.Bot(command_prefix="!", intents=discord.Intents(guilds=True)) as client,
    ):
        await lookout.attach(client)
        slash = client.tree.walk_commands()
        menus = client.tree.get_commands(type=discord.AppCommandType.message)
        return [*(one for one in slash if isinstance(one, app_commands.Command)), *menus]


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "commands.md"])
def test_every_command_is_documented(tree: list[_AnyCommand], page: Path) -> None:
    text = _text(page)
    for command in tree:
        menu = isinstance(command, app_commands.ContextMenu)
        name = command.qualified_name
        assert (f"**{name}**" if menu else f"| `/{name}` |") in text, name


def test_every_option_is_documented_beside_its_command(tree: list[_AnyCommand]) -> None:
    lines = _text(DOCS / "commands.md").splitlines()
    for command in tree:
        if not isinstance(command, app_commands.Command):
            continue
        name = command.qualified_name
        row = next(line for line in lines if line.startswith(f"| `/{name}` |"))
        options = re.findall(r"`(\w+)`", row.split("|")[2])
        assert options == [parameter.name for parameter in command.parameters]


def test_every_slash_command_in_the_docs_exists(tree: list[_AnyCommand]) -> None:
    slash = [command for command in tree if isinstance(command, app_commands.Command)]
    known = {command.qualified_name.partition(" ")[0] for command in slash}
    known |= {f"lookout-{name}" for name in known}  # in a host bot
    known |= {"proc", "go", "post", "restart", "sam"}  # Linux; the playground
    for page in PAGES:
        written = set(re.findall(r"`/([a-z-]+)[ `]", _text(page)))
        assert written <= known, page.name


def test_every_button_is_documented() -> None:
    labels = {button.label for button in _buttons()}
    assert {"Cancel", "Stop here", "Ask", "Look closer", "Open 6", "Show in Discord"} <= labels
    text = _text(DOCS / "commands.md")
    for label in labels:
        assert label is not None
        assert f"| **{label.rstrip(' 0123456789')}** |" in text, label


def _buttons() -> Iterator[Control]:
    """Yield what can be pressed: under answers, while they come, and in the list."""
    say = words("en-US")
    yield from (cancel_button(1, say), stop_button(1, say))
    for task, layout in itertools.product(TaskName, Layout):
        request = LookRequest(task, (), Parameters(layout=layout), Asker(1))
        yield from answer_buttons(request, 1, say, private=False, may_ask=True)
    yield from turn_buttons(_TURN, say, kept=True, thread=True)
    yield from unanswered_buttons(_TURN, say)
    entry, position = Entry(_CONVERSATION, readable=True), Position(Scope.SERVER, PAGE_SIZE)
    for view in (
        listed(Page(position, (entry,), older=True), say, settings=""),
        confirmation(entry, position, say),
        opened(_CONVERSATION, Ending((_TURN,), hidden=False), say),
    ):
        yield from (item for item in view.walk_children() if isinstance(item, ui.Button))


def test_every_choice_of_the_settings_is_documented() -> None:
    month = Retention(timedelta(days=30), timedelta(days=30))
    shown = panel(month, month, words("en-US")).walk_children()
    written = [item.content for item in shown if isinstance(item, ui.TextDisplay)]
    choices = [text for text in written if re.fullmatch(r"\*\*[^*]+\*\*", text)]
    assert len(choices) == 2
    for choice in choices:
        assert f"| {choice} |" in _text(DOCS / "commands.md")


def test_what_is_stored_is_said() -> None:
    """Every table has its row on the page about privacy."""
    named = set(re.findall(r"`(\w+)`", " ".join(_rows(DOCS / "privacy.md"))))
    assert set(Base.metadata.tables) <= named


def _rows(page: Path) -> list[str]:
    """Return the first cell of every row of a page's tables."""
    return [line.split("|")[1] for line in _text(page).splitlines() if line.startswith("| ")]


# Files, links, examples.


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_prose(page)):
        if link.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor:
            anchors = {_anchor(heading) for heading in _HEADING.findall(_text(target))}
            assert anchor in anchors, link


def test_every_picture_is_shown() -> None:
    linked = {Path(link).name for page in PAGES for link in _LINK.findall(_prose(page))}
    assert {path.name for path in (DOCS / "images").iterdir()} <= linked


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(_prose(page)))
        ahead += [(page.parent / link).resolve() for link in links if link and "://" not in link]
    assert set(PAGES) - seen == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_in_the_docs_compiles(page: Path) -> None:
    for code in _blocks(page, "python"):
        compile(code, str(page), "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_in_the_docs_are_valid(page: Path) -> None:
    for code in _blocks(page, "toml"):
        Config.model_validate(tomllib.loads(code))


def _typed() -> Iterator[tuple[str, list[str]]]:
    """Yield every line that people are told to type, with its page."""
    for page in PAGES:
        for code in _blocks(page, "sh"):
            for line in code.splitlines():
                yield str(page.relative_to(ROOT)), shlex.split(line, comments=True)


def test_commands_of_the_command_line_in_the_docs_are_understood() -> None:
    parser = build_parser()
    tried = 0
    for page, line in _typed():
        for index in range(len(line) - 2):
            if line[index].endswith("python") and line[index + 1 : index + 3] == ["-m", "bot"]:
                given = list(itertools.takewhile(lambda word: word != ">", line[index + 3 :]))
                try:
                    parser.parse_args(given)
                except SystemExit:
                    pytest.fail(f"{page}: {' '.join(line)}")
                tried += 1
    assert tried


def test_the_makefile_has_what_the_docs_run() -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    typed = {line[line.index("make") + 1] for _, line in _typed() if "make" in line[:-1]}
    assert {"run", "test"} <= typed
    assert typed <= targets


def test_environment_variables_in_the_docs_are_settings() -> None:
    known = {_variable(section, name) for section, name, _ in settings()}
    known |= {f"LOOKOUT_{section}__{name}".upper() for section, name, _ in settings()}
    others = {"LOOKOUT_CONFIG", "LOOKOUT_WRITE_DOCS", "LOOKOUT_TEST_OLLAMA"}
    for page in PAGES:
        for name in re.findall(r"\b(?:LOOKOUT_\w+|DISCORD_TOKEN)\b", _text(page)):
            assert name in known | others or name == "LOOKOUT_", f"{page}: {name}"


def test_settings_named_in_the_docs_exist() -> None:
    known = {f"{section}.{name}" for section, name, _ in settings()}
    sections = "|".join(Config.model_fields)
    for page in PAGES:
        for name in re.findall(rf"`((?:{sections})\.[a-z_]+)\b", _text(page)):
            module = (ROOT / "bot" / f"{name.replace('.', '/')}.py").exists()
            assert name in known or module or name.endswith((".tree", ".md", ".py")), (
                f"{page}: {name}"
            )


def test_modules_named_by_the_architecture_exist() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", _text(DOCS / "architecture.md")))
    paths = {f"/{path.relative_to(ROOT)}" for path in ROOT.glob("*/**/*.py")}
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in paths)] == []


def test_errors_named_on_the_engine_page_exist() -> None:
    known = {kind.__name__ for kind in _error_classes()}
    named = set(
        re.findall(r"^\|[^|]*\| `(\w+)` \|", _text(DOCS / "engine-errors.md"), re.MULTILINE)
    )
    assert named
    assert named <= known


def test_the_scripts_of_tesseract_are_listed() -> None:
    text = _text(DOCS / "read-text.md")
    for script, languages in LANGUAGES_BY_SCRIPT.items():
        codes = (code for code in languages if not code.startswith("script/"))
        assert f"| {script} | {', '.join(f'`{code}`' for code in codes)} |" in text


def test_every_decision_has_its_four_parts_and_a_place_in_the_list() -> None:
    listed = _text(DOCS / "adr" / "README.md")
    decisions = sorted((DOCS / "adr").glob("[0-9]*.md"))
    numbers = [int(page.name[:4]) for page in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    for page in decisions:
        assert f"({page.name})" in listed
        headings = _HEADING.findall(_text(page))
        assert headings[1:] == ["Status", "Context", "Decision", "Consequences"], page.name


def test_the_changelog_knows_this_version() -> None:
    headings = re.findall(r"^## \[([^\]]+)\]", _text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == bot.__version__
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]
    assert project["version"] == bot.__version__
