"""Set a demo up, begin it anew, and remember who is who: all below the vault's home, marked by a file of its own."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from vault import accounts, sign_ins
from vault.accounts import AccountView
from vault.context import OPERATOR, Vault
from vault.importing.run import Order, Summary, run_import
from vault.kinds import LinkKind
from web.demo import council, registry, story
from web.demo.extracts import HOSPITAL, SOURCES, Source
from web.faults import WebError

FOLDER: Final = Path("demo")
COUNCIL: Final = "Ferndale Borough Council"
LINKS: Final = (
    ("edith", "a resident: Edith, 82, home from hospital today"),
    ("carer", "an officer: Aisha, senior carer"),
    ("auditor", "an auditor: Ruth"),
    ("administrator", "an administrator: Sanjay"),
)
"""Whom one-time sign-in links are printed for, and how each is called there."""

_AGREEMENTS: Final = {"receive-health-record": "FBC-ISA-2026-01", "receive-council-record": "FBC-ISA-2026-02"}

Step = Callable[[str], None]


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


def exists(home: Path) -> bool:
    """Whether the demo was set up under *home*, to its end."""
    return _note_file(home).exists()


def read_note(home: Path) -> Note:
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


def begin(vault: Vault, *, home: Path, residents: int | None = None, step: Step = lambda _words: None) -> Note:
    """Fill an empty *vault*: registry, files, import, accounts, story. *step* is told in words what comes next."""
    today = vault.clock().date()
    (home / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / FOLDER / "begun").touch()
    step("laying the registry down")
    with vault.transaction(OPERATOR) as ctx:
        registry.lay(ctx, home=home)
    people = council.residents(residents, today=today)
    files = home / FOLDER / "files"
    council.write(files, people, today=today)
    for source in (*SOURCES, HOSPITAL):
        step(f"importing {source.system} of {source.organisation}")
        bring_in(vault, files=files, source=source)
    step("telling the story")
    company = story.gather(vault, people)
    story.tell(vault, company)
    citizens = {slug: player.citizen_id for slug, player in company.players.items()}
    note = Note(today, len(people), company.accounts(), citizens)
    _write_note(home, note)
    return note


def bring_in(vault: Vault, *, files: Path, source: Source) -> Summary:
    """Import the files of one source, as `citizen-vault import` does."""
    order = Order(
        organisation=source.organisation,
        system=source.system,
        purpose=source.purpose,
        agreement=_AGREEMENTS[source.purpose],
    )
    return run_import(vault, paths=[council.folder_of(files, source)], order=order)


def _write_note(home: Path, note: Note) -> None:
    told = {
        "today": note.today.isoformat(),
        "residents": note.residents,
        "accounts": {slug: str(value) for slug, value in note.accounts.items()},
        "citizens": {slug: str(value) for slug, value in note.citizens.items()},
    }
    _note_file(home).write_text(json.dumps(told, indent=1), encoding="utf-8")


def sign_in_links(vault: Vault, *, home: Path, issuer: str) -> list[tuple[str, str]]:
    """Fresh one-time links that sign people of the demo in: (who, address), good for a day and one use each."""
    note = read_note(home)
    with vault.transaction(OPERATOR) as ctx:
        return [
            (who, f"{issuer}/link/{sign_ins.make_link(ctx, account_id=note.accounts[slug], kind=LinkKind.DEMO)}")
            for slug, who in LINKS
            if slug in note.accounts
        ]


def account_of(vault: Vault, *, home: Path, slug: str) -> AccountView:
    """
    The account of *slug* in the demo under *home*.

    Raises:
        NotADemoError: Nobody of that name has an account there.
    """
    found = read_note(home).accounts.get(slug)
    if found is None:
        raise NotADemoError("nobody of that name has an account in this demo")
    with vault.reading(OPERATOR) as ctx:
        return accounts.find(ctx, account_id=found)


def delete(home: Path, *, database: Path, keys: Path) -> None:
    """
    Delete a demo: its files below *home*, its SQLite *database* and its *keys*.

    Raises:
        NotADemoError: What is in *home* was not made by the demo.
    """
    if not (home / FOLDER / "begun").exists():
        if database.exists() or keys.exists():
            raise NotADemoError(f"the vault in `{home}` was not made by the demo, so it is not deleted")
        return
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.rmtree(keys, ignore_errors=True)
    shutil.rmtree(home / FOLDER)
