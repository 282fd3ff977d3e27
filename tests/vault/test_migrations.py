"""Migrations: they build exactly the models, and up then down leaves nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from vault.db import Database
from vault.errors import SchemaOutdatedError
from vault.migrations import METADATA, demand_head, downgrade, upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a table."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgresql_url")
    database = Database(url)
    yield database
    database.dispose()


def _url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def test_migrations_build_exactly_the_models(empty: Database) -> None:
    upgrade(_url(empty))
    with empty.read.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []  # type: ignore[arg-type]
    demand_head(empty)


def test_up_then_down_leaves_nothing_but_the_version_table(empty: Database) -> None:
    upgrade(_url(empty))
    downgrade(_url(empty), "base")
    with empty.read.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}


def test_a_database_that_was_not_initialised_stops_the_start_with_the_next_step(empty: Database) -> None:
    with pytest.raises(SchemaOutdatedError, match="citizen-vault init"):
        demand_head(empty)
