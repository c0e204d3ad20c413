"""One coroutine a command. What only one of them needs is imported when it is used."""

import argparse
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from bot.cli.exits import DiscordUnreachable, Exit, OllamaUnreachable
from bot.cli.files import LocalFiles
from bot.cli.line import Line
from bot.config import Config
from bot.domain.errors import ConfigError, EngineUnavailable

if TYPE_CHECKING:
    from bot.storage.database import Database

_NOTHING_TO_LOG_IN_WITH = (
    "discord.token: is not set (DISCORD_TOKEN); without one, `make run` and "
    "`python -m bot playground` open the playground instead"
)
_NO_PLAYGROUND = 'the playground needs the extra "playground": run `make setup`'
Command = Callable[[argparse.Namespace, Config], Coroutine[Any, Any, int]]


async def _run(_arguments: argparse.Namespace, config: Config) -> int:
    if not config.discord.token.get_secret_value():
        raise ConfigError((_NOTHING_TO_LOG_IN_WITH,))
    import aiohttp  # noqa: PLC0415 - as bot.client
    import discord  # noqa: PLC0415 - as bot.client

    from bot.cli.models import pull_missing  # noqa: PLC0415 - speaks to Ollama
    from bot.client import run  # noqa: PLC0415 - loads discord.py

    await pull_missing(config, Line(sys.stderr))
    try:
        await run(config)
    except (aiohttp.ClientError, discord.DiscordServerError, discord.GatewayNotFound) as error:
        raise DiscordUnreachable from error
    return Exit.OK


async def _worker(_arguments: argparse.Namespace, config: Config) -> int:
    from bot.cli.worker import work  # noqa: PLC0415 - loads every room

    await work(config)
    return Exit.OK


async def _playground(_arguments: argparse.Namespace, config: Config) -> int:
    try:
        from bot.playground import play  # noqa: PLC0415 - loads discord.py and a web server
    except ModuleNotFoundError as error:
        if error.name != "simcord":
            raise
        raise ConfigError((_NO_PLAYGROUND,)) from error
    await play(config)
    return Exit.OK


async def _look(arguments: argparse.Namespace, config: Config) -> int:
    from bot.app import Lookout  # noqa: PLC0415 - loads every room
    from bot.cli.look import look  # noqa: PLC0415 - loads discord.py

    async with Lookout(config, fetcher=LocalFiles(config.pictures.max_bytes)) as lookout:
        return await look(arguments, lookout.look, config.limits.pictures_per_request)


async def _doctor(arguments: argparse.Namespace, config: Config) -> int:
    from bot.doctor import State, as_json, as_text, examine  # noqa: PLC0415 - loads every room

    checks = await examine(config)
    print(as_json(checks) if arguments.json else as_text(checks))
    failed = any(check.state is State.FAIL for check in checks)
    return Exit.SERVICE if failed else Exit.OK


async def _models(arguments: argparse.Namespace, config: Config) -> int:
    from bot.cli.models import list_models, open_catalog, pull  # noqa: PLC0415 - speaks to Ollama

    async with open_catalog(config.vision) as catalog:
        try:
            if arguments.action == "pull":
                return await pull(catalog, arguments.name, Line(sys.stderr))
            return await list_models(catalog, config.vision, as_json=arguments.json)
        except EngineUnavailable as error:
            raise OllamaUnreachable(config.vision.host) from error


async def _database(arguments: argparse.Namespace, config: Config) -> int:
    from bot.storage.database import Database  # noqa: PLC0415 - loads SQLAlchemy

    async with Database(
        config.storage.database,
        backup=config.storage.backup,
        encryption_keys=config.storage.revealed_keys,
    ) as database:
        if arguments.action == "reseal":
            return await _reseal(database)
        if arguments.action == "rewrite":
            await database.upgrade()
            return _rewritten(clean=await database.rewrite())
        before = await database.revision()
        await database.upgrade()
        after = await database.revision()
    if before == after:
        print(f"The database is up to date (revision {after}).")
    else:
        print(f"The database went from revision {before or 'none'} to {after}.")
    return Exit.OK


def _rewritten(*, clean: bool) -> int:
    if clean:
        print("The database was written anew: nothing deleted is left in it.")
        return Exit.OK
    print("Something else is reading the database. Stop the bot and try again.", file=sys.stderr)
    return Exit.SERVICE


async def _reseal(database: "Database") -> int:
    from bot.storage.reseal import reseal  # noqa: PLC0415 - loads SQLAlchemy

    await database.upgrade()
    done = await reseal(database)
    for table in done:
        lost = f", {table.unreadable} that no key opens" if table.unreadable else ""
        print(f"{table.table}: {table.sealed} sealed anew{lost}")
    print(f"{sum(table.sealed for table in done)} values sealed anew with the first key.")
    return Exit.OK


COMMANDS: dict[str, Command] = {
    "run": _run,
    "worker": _worker,
    "playground": _playground,
    "describe": _look,
    "alt": _look,
    "ocr": _look,
    "doctor": _doctor,
    "models": _models,
    "db": _database,
}
