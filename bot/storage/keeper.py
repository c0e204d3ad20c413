"""What every part of the store of conversations works with."""

from dataclasses import dataclass

from bot.storage.database import Database
from bot.storage.pictures import Blobs
from bot.storage.times import Times


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one conversation may hold."""

    depth: int = 500
    """Turns that follow one another."""
    pictures: int = 100
    """Pictures it may ever have had."""


LIMITS = Limits()


class Keeper:
    """A part of the store. Raises StorageFailed."""

    def __init__(self, database: Database, times: Times, blobs: Blobs, limits: Limits) -> None:
        self._database = database
        self._times = times
        self._blobs = blobs
        self._limits = limits
