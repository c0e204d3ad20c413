"""``describe``, ``alt`` and ``ocr``: the bot's own services, for files."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from bot.cli.exits import Exit, say
from bot.cli.files import file_ref
from bot.cli.line import Line
from bot.cli.progress import LookProgress
from bot.domain.answer import Answer, Table
from bot.domain.errors import LookoutError, ServiceError
from bot.domain.ports import Asker
from bot.domain.task import Detail, Layout, Parameters, TaskName
from bot.services.look import LookRequest, LookResult
from bot.services.progress import Outcome, Report, Seen
from bot.ui.files import csv_bytes
from bot.ui.notes import note_sentence

LOCALE = "en-US"
_OPERATOR = Asker(person_id=0)


class Looks(Protocol):
    """What this needs of ``bot.services.look.Look``."""

    async def run(self, request: LookRequest, report: Report) -> LookResult:
        """Answer every picture of ``request``."""
        ...


def parameters_from(arguments: argparse.Namespace) -> Parameters:
    """Read a task's parameters off the command line."""
    layout = getattr(arguments, "layout", None)
    if layout is None:
        layout = Layout.TABLE if getattr(arguments, "csv", None) else Layout.PLAIN
    return Parameters(
        language=arguments.language,
        detail=Detail(getattr(arguments, "detail", Detail.STANDARD)),
        layout=Layout(layout),
        focus=getattr(arguments, "focus", ""),
        text_language=getattr(arguments, "text_language", ""),
    )


async def look(arguments: argparse.Namespace, looks: Looks, pictures_at_once: int) -> Exit:
    """Answer every file in order, printing each batch as soon as it is done."""
    task = TaskName(arguments.command)
    parameters = parameters_from(arguments)
    line = Line(sys.stderr)
    tables: list[Table] = []
    worst = Exit.OK
    for names in _batches(arguments.files, pictures_at_once):
        progress = LookProgress(line, names)
        sources = tuple(file_ref(name) for name in names)
        request = LookRequest(task, sources, parameters, _OPERATOR)
        result = await looks.run(request, progress.report)
        line.clear()
        for name, outcome in zip(names, result.outcomes, strict=True):
            if arguments.json:
                print(json.dumps(as_json(name, task, outcome), ensure_ascii=False), flush=True)
            else:
                _print(name, outcome, line, headed=len(arguments.files) > 1)
            worst = max(worst, _exit(outcome))
            if isinstance(outcome, Seen):
                tables += outcome.answer.tables
    path: Path | None = getattr(arguments, "csv", None)
    if path is not None:
        worst = max(worst, await _write_tables(path, tables, line))
    return worst


def _batches(names: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(names), size):
        yield tuple(names[start : start + size])


def _exit(outcome: Outcome) -> Exit:
    if isinstance(outcome, Seen):
        return Exit.OK
    return Exit.SERVICE if isinstance(outcome, ServiceError) else Exit.PICTURE


def _print(name: str, outcome: Outcome, line: Line, *, headed: bool) -> None:
    if isinstance(outcome, LookoutError):
        line.say(f"{name}: {say(outcome)}")
        return
    answer = outcome.answer
    if headed:
        print(f"{name}:")
    if answer.text:
        print(answer.text)
    if headed:
        print()
    sys.stdout.flush()
    for remark in _remarks(answer):
        line.say(f"{name}: {remark}")


def _remarks(answer: Answer) -> Iterator[str]:
    if answer.decorative:
        yield "The picture is decorative: its alt text is best left empty."
    elif not answer.text:
        yield "There is no text in the picture."
    for note in answer.notes:
        yield note_sentence(note, LOCALE)


def as_json(name: str, task: TaskName, outcome: Outcome) -> dict[str, Any]:
    """Write one file's outcome as the JSON object that ``--json`` prints."""
    head: dict[str, Any] = {"file": name, "task": task.value, "ok": isinstance(outcome, Seen)}
    if isinstance(outcome, LookoutError):
        return head | {"error": type(outcome).__name__, "message": say(outcome)}
    answer, picture = outcome.answer, outcome.picture
    return head | {
        "text": answer.text,
        "decorative": answer.decorative,
        "tables": [table.rows for table in answer.tables],
        "notes": [note.value for note in answer.notes],
        "engine": answer.engine,
        "model": answer.model,
        "cached": answer.cached,
        "prompt_tokens": answer.usage.prompt_tokens,
        "answer_tokens": answer.usage.answer_tokens,
        "format": picture.facts.format,
        "width": picture.facts.width,
        "height": picture.facts.height,
        "frames": picture.facts.frame_count,
    }


async def _write_tables(path: Path, tables: Sequence[Table], line: Line) -> Exit:
    if not tables:
        line.say("No table was found, so no CSV file was written.")
        return Exit.OK
    try:
        await asyncio.to_thread(path.write_bytes, csv_bytes(tables))
    except OSError as error:
        line.say(f"{path}: cannot be written ({error.strerror}).")
        return Exit.USAGE
    return Exit.OK
