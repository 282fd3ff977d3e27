"""Imports by the command that people use, a vault to import into, and a search for what must not be lying about."""

import fcntl
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from tests.databases import run_folder
from tests.demo_world import settings
from vault import citizens
from vault.access import read_own
from vault.catalogue import CATALOGUE
from vault.context import OPERATOR, Actor, Vault
from vault.models import Citizen, Record, UnmatchedItem
from vault.release import RecordView, Release
from web.config import Config
from web.opening import opened

HOSPITAL: Final = ("--from", "example-hospital", "--system", "ward-system", "--purpose", "receive-health-record")
PATIENCE: Final = 300  # seconds for one command on a busy machine
SHORTEST: Final = 6  # characters; anything shorter is found by chance
_HEX: Final = re.compile(rb"[0-9a-f]{20,}")
_TEXT: Final = re.compile(rb"(?:[ -~]|[\xc3-\xc5][\x80-\xbf]){6,}")  # ASCII, and accented Latin letters in UTF-8


@dataclass(slots=True)
class Home:
    """A vault's folder, its settings, and all that its commands printed."""

    folder: Path
    database_url: str | None = None
    printed: list[bytes] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands, free of this machine's own settings of a vault."""
        return settings(self.folder, self.database_url)

    @property
    def config(self) -> Config:
        """Its settings, as its commands read them."""
        return Config.from_environment(self.environment)

    def start(self, *arguments: str | Path) -> "subprocess.Popen[bytes]":
        """``citizen-vault`` *arguments*, begun and left to run."""
        command = [sys.executable, "-m", "web.cli", *map(str, arguments)]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )

    def run(self, *arguments: str | Path) -> str:
        """``citizen-vault`` *arguments*, which must go well; what it printed."""
        command = [sys.executable, "-m", "web.cli", *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, capture_output=True, timeout=PATIENCE, check=False)
        self.printed += [done.stdout, done.stderr]
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def bring_in(self, *paths: Path, overlay: Path | None = None) -> dict[str, Any]:
        """Import *paths* as the hospital's; the summary."""
        found: dict[str, Any] = json.loads(self.run("import", *paths, *HOSPITAL, *over(overlay), "--json"))
        return found

    def content(self) -> bytes:
        """Every byte of the database and of what SQLite keeps beside it."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("vault.db*")))

    @contextmanager
    def open(self) -> Iterator[Vault]:
        """The vault, opened in this process."""
        with opened(self.config) as vault:
            yield vault


def made(folder: Path, database_url: str | None = None) -> Home:
    """An empty vault with the example registry, made by ``init``."""
    home = Home(folder, database_url)
    home.run("init", "--example-registry")
    return home


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder *name* that all test processes of this run share, filled by the first that asks for it."""
    folder, begun = run_folder() / name, run_folder() / f"{name}.begun"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(begun, ignore_errors=True)
            begun.mkdir()
            make(begun)
            begun.rename(folder)
    return folder


def all_people(synthea: Path) -> Path:
    """
    A folder that all test processes of this run share: every person of *synthea*, imported once.

    It holds the vault (``home``, to be copied), what the import said (``said.json``) and printed (``printed.log``).
    """

    def make(place: Path) -> None:
        home = made(place / "home")
        said = home.bring_in(synthea / "trimmed", synthea / "whole", overlay=synthea / "uk_overlay.csv")
        (place / "said.json").write_text(json.dumps(said), encoding="utf-8")
        (place / "printed.log").write_bytes(b"\n".join(home.printed))

    return once("all-people", make)


def over(overlay: Path | None) -> tuple[str | Path, ...]:
    """The option that names *overlay*."""
    return ("--overlay", overlay) if overlay else ()


def state(home: Home) -> Mapping[str, Counter[Any]]:
    """What is held, by numbers: citizens by status, items by category and status, items on the tray."""
    with home.open() as vault, vault.reading(OPERATOR) as ctx:
        people = ctx.session.execute(select(Citizen.status, func.count()).group_by(Citizen.status)).all()
        kept = select(Record.category, Record.status, Record.version, func.count())
        items = ctx.session.execute(kept.group_by(Record.category, Record.status, Record.version)).all()
        tray = ctx.session.scalar(select(func.count()).select_from(UnmatchedItem)) or 0
    return {
        "citizens": Counter({str(status): count for status, count in people}),
        "items": Counter({(category, str(status), version): count for category, status, version, count in items}),
        "tray": Counter({"items": tray}),
    }


def proven(home: Home) -> int:
    """How many entries the log has; log and tables must be without a defect and without a declared gap."""
    found = json.loads(home.run("audit", "verify", "--json"))
    assert found["log"]["defects"] == []
    assert found["tables"]["defects"] == []
    assert found["log"]["declared"] == []
    entries: int = found["log"]["entries"]
    return entries


def seen_by_owners(vault: Vault) -> tuple[dict[UUID, tuple[RecordView, ...]], set[UUID]]:
    """Every record that its own citizen may open, and the citizens who open nothing for themselves."""
    with vault.reading(OPERATOR) as ctx:
        everyone = [each.citizen_id for each in citizens.everyone(ctx)]
    shown: dict[UUID, tuple[RecordView, ...]] = {}
    closed: set[UUID] = set()
    every = frozenset(category.name for category in CATALOGUE.categories)
    for citizen_id in everyone:
        actor = Actor(kind="citizen", citizen_id=citizen_id)
        answer = read_own(vault, actor=actor, citizen_id=citizen_id, categories=every)
        if isinstance(answer, Release):
            shown[citizen_id] = answer.unseal().records
        else:
            closed.add(citizen_id)
    return shown, closed


class Search:
    """Looks for many values at once in bytes, whatever the case; UUIDs also without their dashes."""

    def __init__(self, values: Iterable[str], *, known: bytes = b"") -> None:
        """Search for *values* of at least `SHORTEST` characters, but not for those that *known* holds anyhow."""
        ours = _words(known)
        wanted = {value.strip().encode().lower() for value in values if len(value.strip()) >= SHORTEST}
        self.values: Final = sorted(value for value in wanted if value not in ours)
        dashless = {value.replace(b"-", b"") for value in self.values}
        self._hex = {value for value in dashless if _HEX.fullmatch(value)}

    def found_in(self, content: bytes) -> list[bytes]:
        """The values that occur in *content*, and the dashless UUIDs that are a run of hex digits there."""
        words = _words(content)
        return [value for value in self.values if value in words] + sorted(self._hex & set(_HEX.findall(content)))


def _words(content: bytes) -> bytes:
    """The printable text in *content* in small letters, without long runs of hex digits, which are digests."""
    return b"\n".join(_TEXT.findall(_HEX.sub(b"\n", content))).lower()
