"""The imported people behind a real server: browsers for them, services that ask, and what is left lying about."""

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import requests as http
from jwskate import Jwk
from playwright.sync_api import Browser, Page
from requests_oauth2client import OAuth2Client
from sqlalchemy.engine import make_url

from tests import databases, import_world
from tests.browser import enrol
from tests.demo_world import Demo, serving
from tests.import_world import Home, Search
from tests.postgres import programs
from tests.real_input import personal
from tests.real_people import Cast, Someone, everybody
from tests.service_world import client_of
from vault.importing.csv_mapping import file_rules
from web.demo import registry

COUNCIL: Final = ("--from", "ferndale-council", "--system", "crm", "--purpose", "receive-council-record")
_LINK: Final = re.compile(r"http\S+(?P<path>/link/\S+)")
_BYTES: Final = re.compile(rb"\\\\x([0-9a-f]+)")


@dataclass
class Place:
    """A served vault with the imported people in it."""

    home: Home
    served: Demo
    cast: Cast
    browser: Browser = field(repr=False)
    since: str | None
    """Where the write-ahead log of PostgreSQL stood when the vault was made."""

    @property
    def address(self) -> str:
        """Where it answers, without a slash at the end."""
        return self.served.address

    def invited(self, *who: str | UUID) -> str:
        """The address of an enrolment link, made by the command."""
        found = _LINK.search(self.home.run("enrol-link", *map(str, who)))
        assert found is not None
        return self.address + found["path"]

    @contextmanager
    def signed_in(self, *who: str | UUID) -> Iterator[Page]:
        """A browser of somebody's own, signed in with the passkey that their link let them add."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 900})
        try:
            page = context.new_page()
            enrol(page, self.invited(*who))
            yield page
        finally:
            context.close()

    def resident(self, someone: Someone) -> Any:
        """As `signed_in`, for one of the people."""
        return self.signed_in("--citizen", someone.citizen_id(self.home))

    def officer(self, service: str) -> Any:
        """As `signed_in`, for a new officer of *service*."""
        return self.signed_in("--role", "officer", "--service", service, "--staff", "Petra", "social worker", "North")

    @contextmanager
    def service(self, slug: str) -> Iterator[OAuth2Client]:
        """The service *slug* of the example registry, with its own key."""
        key = Jwk(registry.private_keys(self.home.folder, slug=slug)["keys"][0])
        with http.Session() as session:
            yield client_of(self.address, slug, key, session=session)


def council_files(folder: Path, **tables: list[dict[str, str]]) -> Path:
    """A folder with a council's extracts, each with every column of its kind."""
    folder.mkdir()
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, file_rules()[name].columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def council_row(someone: Someone, reference: str) -> dict[str, str]:
    """How the council knows *someone*."""
    name = someone.patient["name"][0]
    return {
        "system": "crm",
        "reference": reference,
        "nhs_number": someone.row["nhs_number"],
        "first_names": " ".join(name["given"]),
        "last_name": name["family"],
        "date_of_birth": someone.born.isoformat(),
        "postcode": someone.row["postcode"],
        "as_of": "2026-11-01",
    }


def copied(shared_data: Path, folder: Path, database_url: str, cast: Cast) -> Home:
    """
    A vault with the imported people, made by the commands and copied.

    On SQLite all of them, as every test of the run shares them; on PostgreSQL those who play a part.
    """
    synthea = shared_data / "synthea"
    if database_url.startswith("sqlite"):
        shutil.copytree(import_world.all_people(synthea) / "home", folder)
        return Home(folder)
    home = import_world.made(folder, database_url)
    home.bring_in(*(each.file for each in cast.everyone()), overlay=synthea / "uk_overlay.csv")
    return home


@contextmanager
def served(shared_data: Path, folder: Path, database_url: str, browser: Browser) -> Iterator[Place]:
    """
    Serve the imported people from *folder*.

    At the end log and tables must be as they were written, and nothing of those who took part may lie about.
    """
    since = None if database_url.startswith("sqlite") else wal_file()
    cast = Cast.of(everybody(shared_data / "synthea"))
    home = copied(shared_data, folder / "home", database_url, cast)
    with serving(home.folder, home.database_url) as running:
        place = Place(home, running, cast, browser, since)
        yield place
        assert left_behind(place, folder / "while-served") == []
    import_world.proven(home)
    assert left_behind(place, folder / "afterwards") == []


def wal_file() -> str:
    """The file of the write-ahead log into which PostgreSQL writes now."""
    return databases.server().ask("SELECT pg_walfile_name(pg_current_wal_lsn())")


def left_behind(place: Place, folder: Path) -> list[bytes]:
    """What the files say of those who took part, as far as it lies in the database, its log's export or a print-out."""
    cast = place.cast.everyone()
    raw = [resource for each in cast for resource in each.resources]
    overlay = place.home.folder / "cast.csv"
    with overlay.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, cast[0].row.keys())
        writer.writeheader()
        writer.writerows(each.row for each in cast)
    values = personal(raw, overlay)
    overlay.unlink()
    search = Search(values, known=empty_content())
    assert len(search.found_in(json.dumps(raw).encode())) > 100  # it finds what is there
    place.home.run("audit", "export", folder)
    exported = b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    printed = b"\n".join([*place.home.printed, (place.home.folder / "server.log").read_bytes()])
    return [value for content in (content_of(place), exported, printed) for value in search.found_in(content)]


def empty_content() -> bytes:
    """Every byte of an empty vault with the example registry: what is found there says nothing of anyone."""

    def make(folder: Path) -> None:
        import_world.made(folder / "home")

    return Home(import_world.once("empty-vault", make) / "home").content()


def content_of(place: Place) -> bytes:
    """
    Every byte of a vault's database, as it lies on the disk.

    On PostgreSQL: its files and the write-ahead log, and a dump in which each value of bytes is written out.
    """
    home = place.home
    if home.database_url is None or place.since is None:
        return home.content()
    server, name = databases.server(), str(make_url(home.database_url).database)
    server.run("CHECKPOINT")
    data = server.folder / "data"
    ours = data / "base" / server.ask(f"SELECT oid FROM pg_database WHERE datname = '{name}'")
    written = [path for path in (data / "pg_wal").glob("0*") if place.since <= path.name <= wal_file()]
    files = [*ours.iterdir(), *written]
    dump = subprocess.run(
        [programs() / "pg_dump", "-h", server.folder, "-U", "keeper", name], check=True, capture_output=True
    ).stdout
    plain = [bytes.fromhex(found.decode()) for found in _BYTES.findall(dump)]
    return b"\n".join([dump, *plain, *(path.read_bytes() for path in files)])
