"""What a demo remembers of itself between two starts, in a file below the vault's home that also marks it as a demo.

Nothing of the vault is loaded here, so that a second start is quick.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from web.faults import WebError

FOLDER: Final = Path("demo")
COUNCIL: Final = "Ferndale Borough Council"
HELP_PHONE: Final = "01632 960 000"  # kept by Ofcom for stories: nobody has it


class NotADemoError(WebError):
    """What is there was not made by the demo, so the demo neither changes nor deletes it."""

    code = "not_a_demo"


@dataclass(frozen=True, slots=True)
class Note:
    """What a demo remembers of itself between two starts: the day it was made, and account ids by slug."""

    today: date
    residents: int
    accounts: dict[str, UUID]
    citizens: dict[str, UUID]


def _note_file(home: Path) -> Path:
    return home / FOLDER / "story.json"


def mark(home: Path) -> None:
    """Mark *home* as a demo's, before anything is written there."""
    (home / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / FOLDER / "begun").touch()


def has_begun(home: Path) -> bool:
    """Whether a demo was begun under *home*, whether or not it came to its end."""
    return (home / FOLDER / "begun").exists()


def exists(home: Path) -> bool:
    """Whether the demo was set up under *home*, to its end."""
    return _note_file(home).exists()


def read(home: Path) -> Note:
    """
    What the demo under *home* remembers.

    Raises:
        NotADemoError: No demo was set up there.
    """
    if not exists(home):
        raise NotADemoError("there is no demo here; `citizen-vault demo` sets one up")
    held: dict[str, Any] = json.loads(_note_file(home).read_text(encoding="utf-8"))
    return Note(
        date.fromisoformat(held["today"]),
        held["residents"],
        {slug: UUID(value) for slug, value in held["accounts"].items()},
        {slug: UUID(value) for slug, value in held["citizens"].items()},
    )


def write(home: Path, note: Note) -> None:
    """Remember *note*: the demo is whole from now on."""
    told = {
        "today": note.today.isoformat(),
        "residents": note.residents,
        "accounts": {slug: str(value) for slug, value in note.accounts.items()},
        "citizens": {slug: str(value) for slug, value in note.citizens.items()},
    }
    _note_file(home).write_text(json.dumps(told, indent=1), encoding="utf-8")


def delete(home: Path, *, database: Path, keys: Path) -> None:
    """
    Delete a demo: its files below *home*, its SQLite *database* and its *keys*.

    Raises:
        NotADemoError: What is in *home* was not made by the demo, or the database or the keys are somewhere else.
    """
    if not has_begun(home):
        if database.exists() or keys.exists():
            raise NotADemoError(f"the vault in `{home}` was not made by the demo, so it is not deleted")
        return
    for place in (database, keys):  # a setting may name those of another vault, a real one perhaps
        if not place.resolve().is_relative_to(home.resolve()):
            raise NotADemoError(
                f"`{place}` is not in `{home}`, so it is not deleted; look at the settings that name it"
            )
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.rmtree(keys, ignore_errors=True)
    shutil.rmtree(home / FOLDER)
