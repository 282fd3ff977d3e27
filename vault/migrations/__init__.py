"""Migrations of the vault's and the log's tables: up, down, and whether a database is where this version wants it."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from audit.models import AuditBase
from vault.db import Database
from vault.errors import SchemaOutdatedError
from vault.models import Base

METADATA: list[MetaData] = [Base.metadata, AuditBase.metadata]
"""Everything that migrations build, and nothing else."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("vault.migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at *url* up to *revision* in one transaction; nothing happens where it is there already."""
    _run(url, revision, up=True)


def downgrade(url: str, revision: str) -> None:
    """Take the database at *url* down to *revision* (``base`` for none)."""
    _run(url, revision, up=False)


def _run(url: str, revision: str, *, up: bool) -> None:
    database = Database(url)
    try:
        with database.write.begin() as connection:
            (command.upgrade if up else command.downgrade)(_config(connection), revision)
    finally:
        database.dispose()


def head() -> str:
    """The newest revision this version knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None  # noqa: S101 -- the first migration is part of this package
    return found


def demand_head(database: Database) -> None:
    """
    Refuse to work on tables of another version.

    Raises:
        SchemaOutdatedError: The database was not initialised, or is older or newer.
    """
    with database.read.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != head():
        raise SchemaOutdatedError(
            f"the database is at revision `{found or 'none'}`, this version needs `{head()}`; run `citizen-vault init`"
        )
