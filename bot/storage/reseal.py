"""Sealing anew what is kept, after a key was introduced or changed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update

from bot.domain.errors import ConfigError
from bot.storage.database import Database
from bot.storage.seal import Seal
from bot.storage.sealed_columns import (
    BYTES,
    BYTES_AT_ONCE,
    WORDS,
    WORDS_AT_ONCE,
    Column,
    batch_after,
    keys_of,
)

_NO_KEY = "storage.encryption_keys: is not set, so there is nothing to seal with"


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of the sealed values of one table."""

    table: str
    sealed: int
    """Sealed with the first key now; before with another one or not at all."""
    unreadable: int
    """Left as they are: no key opens them."""


async def reseal(database: Database) -> tuple[Resealed, ...]:
    """Seal everything with the first key, in small transactions, and clean the disk of the rest.

    What is sealed with it already is left alone, so it may be interrupted and run again. Raises
    ConfigError without keys, and StorageFailed.
    """
    if not database.seal.active:
        raise ConfigError((_NO_KEY,))
    done = [await _reseal_table(database, columns, WORDS_AT_ONCE) for columns in WORDS]
    done += [await _reseal_table(database, columns, BYTES_AT_ONCE) for columns in BYTES]
    await database.scrub()
    return tuple(done)


async def _reseal_table(database: Database, columns: Sequence[Column], at_once: int) -> Resealed:
    sealed = unreadable = 0
    keys, last = keys_of(columns), None
    while True:
        async with database.reading() as session:
            rows = await batch_after(session, columns, last, at_once)
        if not rows:
            return Resealed(columns[0].class_.__tablename__, sealed, unreadable)
        last = tuple(rows[-1][: len(keys)])
        values = [value for row in rows for value in row[len(keys) :]]
        renewed = await asyncio.to_thread(_renewed, database.seal, values)
        unreadable += sum(lost for _, lost in renewed)
        changes = iter(renewed)
        async with database.writing() as session:
            for row in rows:
                identity = [key == value for key, value in zip(keys, row, strict=False)]
                for column, before in zip(columns, row[len(keys) :], strict=True):
                    after, _ = next(changes)
                    if after is not None:
                        same = (*identity, column == before)  # else somebody else changed it
                        await session.execute(
                            update(column.class_).where(*same).values({column: after})
                        )
                        sealed += 1


def _renewed(seal: Seal, values: Sequence[bytes | None]) -> list[tuple[bytes | None, bool]]:
    """Return for each value: what to write in its place, if anything; whether no key opens it."""
    renewed = []
    for value in values:
        after = None if value is None else seal.renewed(value)
        lost = value is not None and after is None and seal.open(value) is None
        renewed.append((after, lost))
    return renewed
