"""The small vault, furnished once on each kind of database in a test process, and then copied as it was made."""

import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sqlalchemy.engine import make_url

from audit.log import Writer
from tests import databases, filled
from tests.vault.house import House, Ticking, build, settings
from vault.runtime import open_vault


@dataclass(frozen=True)
class Original:
    """A small vault that nobody uses: its key store and its rows, to be copied."""

    house: House
    clock: Ticking
    folder: Path
    rows: filled.Rows | None
    """What its PostgreSQL database holds; None where it is the file in *folder*."""

    def writers(self) -> list[Writer]:
        """Its writers of the log, as they went on counting in the process that made it."""
        return [replace(writer) for writer in self.house.vault.writers._idle]


@cache
def _original(kind: str) -> Original:
    folder = Path(tempfile.mkdtemp(prefix=f"house-{kind}-", dir=databases.run_folder()))
    with databases.postgresql() if kind == "postgresql" else databases.sqlite(folder) as url:
        house = build(folder, url)
        house.vault.db.dispose()
        rows = filled.rows(_name(url)) if kind == "postgresql" else None
    assert isinstance(house.clock, Ticking)
    return Original(house, house.clock, folder, rows)


def copy(folder: Path, database_url: str) -> House:
    """As `tests.vault.house.build` makes it on a fresh, migrated database; its key store in *folder*."""
    original = _original(make_url(database_url).get_backend_name())
    shutil.copytree(original.folder / "keys", folder / "keys")
    if original.rows is not None:
        filled.fill(_name(database_url), original.rows)
    else:
        filled.replace_file(original.folder / "vault.sqlite3", Path(_name(database_url)))
    clock = original.clock.again()
    vault = open_vault(**settings(folder, database_url), clock=clock)
    vault.writers._idle = original.writers()
    made = original.house
    return House(vault, clock, made.council_id, made.service_id, made.citizen_id, made.record_ids)


def _name(database_url: str) -> str:
    name = make_url(database_url).database
    assert name
    return name
