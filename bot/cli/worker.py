"""``worker``: a process that asks the model about uploads, beside the one that is in Discord."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog

from bot.assembly import build_gate, open_eyes, open_fetchers
from bot.assembly_moderation import Shared, installed, open_moderation
from bot.client import until_signal
from bot.config import Config
from bot.domain.errors import ConfigError
from bot.services.moderation.moderation import Moderation
from bot.storage.answers import SqlAnswerStore
from bot.storage.database import Database
from bot.ui.links import LinkRenewer

_log = structlog.get_logger(__name__)

_NEEDS_POSTGRESQL = (
    "storage.database: `python -m bot worker` needs PostgreSQL. An SQLite file belongs to one "
    "process, which asks the model itself: `python -m bot` is enough"
)
_NOT_INSTALLED = 'moderation needs the extra "moderation": run `make setup`'


async def work(config: Config) -> None:
    """Ask the model about uploads until the process is asked to stop.

    Raises ConfigError for SQLite and for what is not installed, and StorageFailed.
    """
    if not config.storage.database.startswith("postgres"):
        raise ConfigError((_NEEDS_POSTGRESQL,))
    if not installed():
        raise ConfigError((_NOT_INSTALLED,))
    async with AsyncExitStack() as stack:
        moderation = await open_judging(config, stack)
        await moderation.start_judging()
        stack.push_async_callback(moderation.stop)
        await until_signal(_for_ever)


async def open_judging(config: Config, stack: AsyncExitStack) -> Moderation:
    """Open what judging needs. Raises ConfigError and StorageFailed."""
    storage = config.storage
    database = await stack.enter_async_context(
        Database(storage.database, backup=storage.backup, encryption_keys=storage.revealed_keys)
    )
    await database.upgrade()
    eyes = await open_eyes(config, stack)
    gate = build_gate(config)
    stack.callback(gate.close)
    fetchers = await open_fetchers(
        config, stack, transport=None, links=LinkRenewer(asks_discord=False)
    )
    shared = Shared(
        database=database,
        engine=eyes.engine,
        reader=eyes.reader,
        gate=gate,
        answers=SqlAnswerStore(database, retention=timedelta(hours=storage.answer_retention_hours)),
        fetcher=fetchers.uploads,
    )
    return await open_moderation(config, shared, stack)


async def _for_ever() -> None:
    _log.info("worker_ready")
    await asyncio.Event().wait()
