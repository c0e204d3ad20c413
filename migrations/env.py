"""Run by Alembic: on the connection that Lookout hands over, or for a developer's command.

``alembic check`` and ``alembic revision --autogenerate -m "Reason"`` compare the tables with a
scratch database made by the migrations. Other commands name theirs:
``alembic -x database=sqlite:///data/lookout.sqlite3 downgrade -1``. Lookout upgrades its own
database by itself, with a backup (``python -m bot db upgrade``).
"""

import asyncio
from typing import Literal

from alembic import context
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text

import bot.storage.conversation_tables
import bot.storage.moderation_tables  # noqa: F401 - their tables, too
from bot.storage.engines import Address, migration_engine
from bot.storage.tables import Base, UtcTime

ONE_AT_A_TIME = 0x4C6F6F6B6F7574
"""The PostgreSQL advisory lock that keeps two processes from migrating together."""


def render_item(kind: str, item: object, _: object) -> str | Literal[False]:
    """Write our types in a migration as what they are in the database: it outlives the code."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    return False


def run_on(connection: Connection) -> None:
    """Run what was asked for, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        transactional_ddl=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Held until the commit; the revision is read after it, so the second finds the work
            # of the first.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
        context.run_migrations()


def run_on_scratch() -> None:
    """Make an empty database, migrate it to the newest revision, and run on that."""
    script = ScriptDirectory.from_config(context.config)
    with create_engine("sqlite://").connect() as connection:
        migrations = MigrationContext.configure(
            connection,
            opts={"fn": lambda revision, _: script._upgrade_revs("head", revision)},  # noqa: SLF001
        )
        with connection.begin(), Operations.context(migrations):
            migrations.run_migrations()
        run_on(connection)


async def run_on_address(address: Address) -> None:
    """Run on the database a developer named."""
    engine = migration_engine(address)
    async with engine.connect() as connection:
        await connection.run_sync(run_on)
    await engine.dispose()


def main() -> None:
    """Choose the database."""
    if context.is_offline_mode():
        raise CommandError("These migrations look at the database: there is no SQL-only mode.")
    handed_over = context.config.attributes.get("connection")
    named = context.get_x_argument(as_dictionary=True).get("database")
    chosen = getattr(context.config.cmd_opts, "cmd", None)
    if handed_over is not None:
        run_on(handed_over)
    elif isinstance(named, str):
        asyncio.run(run_on_address(Address.parse(named)))
    elif chosen and chosen[0].__name__ in ("check", "revision"):
        run_on_scratch()
    else:
        raise CommandError("Say which database: alembic -x database=sqlite:///path ...")


main()
