"""The mark of a sandbox, and what it remembers of itself, in files below the home. Loads nothing of the vault."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from web.faults import WebError

FOLDER: Final = Path("sandbox")
TENANT: Final = "sandbox"
COUNCIL: Final = "Sandbox Borough Council"
_NOTE: Final = "residents.json"


class NotASandboxError(WebError):
    """What is there is no sandbox, so the sandbox neither changes nor deletes it."""

    code = "not_a_sandbox"


class InASandboxError(WebError):
    """This is not done in a sandbox, where nobody is real."""

    code = "in_a_sandbox"


class Manner(StrEnum):
    """How a resident answers, always."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    SILENT = "silent"
    STOPS = "stops"


@dataclass(frozen=True, slots=True)
class Resident:
    """One invented person, and how they answer."""

    slug: str
    name: str
    manner: Manner
    shares: tuple[str, ...]
    """Categories that somebody shares who shares some."""
    hints: tuple[str, ...]
    """By what a service may ask for them."""
    citizen_id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True)
class Note:
    """What a sandbox remembers."""

    stops_after: int
    """Seconds until somebody who stops does so."""
    residents: tuple[Resident, ...]


def mark(home: Path) -> None:
    """Mark *home* as a sandbox's, before anything is written there."""
    (home / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / FOLDER / "begun").touch()


def is_marked(home: Path) -> bool:
    """Whether *home* is a sandbox's, set up to its end or not."""
    return (home / FOLDER / "begun").exists()


def exists(home: Path) -> bool:
    """Whether the sandbox was set up under *home*, to its end."""
    return (home / FOLDER / _NOTE).exists()


def read(home: Path) -> Note:
    """
    What the sandbox under *home* remembers.

    Raises:
        NotASandboxError: None was set up there.
    """
    if not exists(home):
        raise NotASandboxError("there is no sandbox here; `citizen-vault sandbox` sets one up")
    held: Mapping[str, Any] = json.loads((home / FOLDER / _NOTE).read_text(encoding="utf-8"))
    return Note(held["stops_after"], tuple(_resident(given) for given in held["residents"]))


def _resident(given: Mapping[str, Any]) -> Resident:
    return Resident(
        slug=given["slug"],
        name=given["name"],
        manner=Manner(given["manner"]),
        shares=tuple(given["shares"]),
        hints=tuple(given["hints"]),
        citizen_id=UUID(given["citizen_id"]),
        account_id=UUID(given["account_id"]),
    )


def write(home: Path, note: Note) -> None:
    """Remember *note*: the sandbox is whole from now on."""
    residents = [
        {
            "slug": one.slug,
            "name": one.name,
            "manner": str(one.manner),
            "shares": one.shares,
            "hints": one.hints,
            "citizen_id": str(one.citizen_id),
            "account_id": str(one.account_id),
        }
        for one in note.residents
    ]
    told = json.dumps({"stops_after": note.stops_after, "residents": residents}, indent=1)
    (home / FOLDER / _NOTE).write_text(told, encoding="utf-8")


def delete(home: Path, *, database: Path, keys: Path) -> None:
    """
    Delete a sandbox: its files below *home*, its SQLite *database* and its *keys*.

    Raises:
        NotASandboxError: What is in *home* is no sandbox, or the database or the keys are somewhere else.
    """
    if not is_marked(home):
        if database.exists() or keys.exists():
            raise NotASandboxError(f"the vault in `{home}` is no sandbox, so it is not deleted")
        return
    for place in (database, keys):  # a setting may name those of another vault, a real one perhaps
        if not place.resolve().is_relative_to(home.resolve()):
            raise NotASandboxError(
                f"`{place}` is not in `{home}`, so it is not deleted; look at the settings that name it"
            )
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.rmtree(keys, ignore_errors=True)
    shutil.rmtree(home / FOLDER)
