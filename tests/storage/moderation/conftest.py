"""Servers over both databases."""

import pytest

from bot.storage.database import Database
from tests.storage.moderation.case_values import Server


@pytest.fixture
def server(database: Database) -> Server:
    """A server over an SQLite file and over PostgreSQL."""
    return Server(database)
