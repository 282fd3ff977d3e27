"""The small vault that the vault's own tests live in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault import copied_house
from tests.vault.house import House


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    """A small vault, once on SQLite and once on PostgreSQL."""
    made = copied_house.copy(tmp_path, database_url)
    yield made
    made.vault.db.dispose()


@pytest.fixture
def sqlite_house(tmp_path: Path, sqlite_url: str) -> Iterator[House]:
    """A small vault on SQLite, for damage that is the same on both."""
    made = copied_house.copy(tmp_path, sqlite_url)
    yield made
    made.vault.db.dispose()
