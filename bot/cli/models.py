"""``models list`` and ``models pull``."""

import json
import sys
from contextlib import aclosing

from bot.cli.exits import Exit, say
from bot.cli.line import Line
from bot.cli.pull_bar import PullBar
from bot.config import Config, VisionSettings
from bot.domain.errors import EngineError, ModelMissing
from bot.vision.models import InstalledModel, ModelCatalog, same_model
from bot.vision.recommended import RECOMMENDED

_GIGABYTE = 1_000_000_000


def open_catalog(vision: VisionSettings) -> ModelCatalog:
    """Return the catalogue of the configured Ollama, to be used with ``async with``."""
    return ModelCatalog(host=vision.host, connect_timeout_seconds=vision.connect_timeout_seconds)


async def list_models(catalog: ModelCatalog, vision: VisionSettings, *, as_json: bool) -> Exit:
    """Print what Ollama has, and in text also what is worth having.

    Raises EngineError; what is worth having was printed then, too.
    """
    try:
        installed = await catalog.list_models()
    except EngineError:
        if not as_json:
            _print_worth_having(())
        raise
    configured = vision.all_models
    if as_json:
        rows = [
            {
                "name": model.name,
                "size_bytes": model.size_bytes,
                "sees": model.sees,
                "context_tokens": model.context_tokens,
                "configured": _named(model.name, configured),
            }
            for model in installed
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return Exit.OK
    if not installed:
        print("Ollama has no models yet.")
    for model in installed:
        mark = "*" if _named(model.name, configured) else " "
        sight = "sees pictures" if model.sees else "text only"
        print(f"{mark} {model.name:<28} {model.size_bytes / _GIGABYTE:5.1f} GB  {sight}")
    missing = [name for name in configured if not _installed(name, installed)]
    for name in missing:
        print(f"! {name:<28} is configured and not installed: python -m bot models pull {name}")
    print()
    _print_worth_having(installed)
    return Exit.OK


def _print_worth_having(installed: tuple[InstalledModel, ...]) -> None:
    print("Worth having (python -m bot models pull NAME):")
    for worth in RECOMMENDED:
        if not _installed(worth.model, installed):
            print(f"  {worth.model:<28} {worth.gigabytes:5.1f} GB  {worth.remark}")
    sys.stdout.flush()


def _named(name: str, configured: tuple[str, ...]) -> bool:
    return any(same_model(name, wanted) for wanted in configured)


def _installed(wanted: str, installed: tuple[InstalledModel, ...]) -> bool:
    return any(same_model(model.name, wanted) for model in installed)


async def pull(catalog: ModelCatalog, name: str, line: Line) -> Exit:
    """Download a model with its progress shown. Raises EngineError."""
    bar = PullBar(line)
    try:
        async with aclosing(catalog.pull(name)) as steps:
            async for step in steps:
                bar.show(step)
    finally:
        line.clear()
    problem = (await catalog.check(name)).problem
    if problem is not None:
        line.say(say(problem))
        return Exit.SERVICE
    line.say(f"{name} is installed and sees pictures.")
    return Exit.OK


async def pull_missing(config: Config, line: Line) -> None:
    """Download the configured models that Ollama does not have; a failure is only told."""
    if config.vision.engine != "ollama":
        return
    async with open_catalog(config.vision) as catalog:
        for name in config.vision.all_models:
            if isinstance((await catalog.check(name)).problem, ModelMissing):
                line.say(f"{name} is not installed yet; Ollama downloads it now, once.")
                await _pull_or_tell(catalog, name, line)


async def _pull_or_tell(catalog: ModelCatalog, name: str, line: Line) -> None:
    try:
        await pull(catalog, name, line)
    except EngineError as error:
        line.say(say(error))
