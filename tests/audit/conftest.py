from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.log_world import LogWorld
from vault.db import Database


def _world(url: str, folder: Path) -> Iterator[LogWorld]:
    world = LogWorld(Database(url), folder)
    world.signer.begin()
    yield world
    world.database.dispose()


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[LogWorld]:
    """An empty log; the test runs on SQLite and on PostgreSQL."""
    yield from _world(database_url, tmp_path)


@pytest.fixture
def sqlite_log(sqlite_url: str, tmp_path: Path) -> Iterator[LogWorld]:
    """An empty log on SQLite, for what no database changes."""
    yield from _world(sqlite_url, tmp_path)
