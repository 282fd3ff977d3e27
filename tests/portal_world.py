"""A portal to walk through: the demo's council and residents, imported and told as in earnest, served here."""

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import TestResponse

from audit.sequencer import sequence
from tests.strict_templates import demand_all
from vault import requests, sign_ins
from vault.clock import microseconds
from vault.context import OPERATOR, SYSTEM, Vault
from vault.requests import RequestView
from web.app import create_app
from web.auth import COOKIE
from web.config import Config
from web.demo import council, note, setting_up
from web.demo.cast import Resident
from web.demo.note import Note
from web.opening import close, created, open_for, signer_of

_PASSING = re.compile(r'name="csrf_token" value="[^"]+"|left="\d+"')
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Portal:
    """One running portal, and who is in it."""

    app: Flask
    vault: Vault
    config: Config
    note: Note = field(repr=False)

    @property
    def address(self) -> str:
        """Where it answers."""
        return self.config.issuer

    def account(self, slug: str) -> UUID:
        """The account of somebody in the demo."""
        return self.note.accounts[slug]

    def citizen(self, slug: str) -> UUID:
        """The citizen id of a resident."""
        return self.note.citizens[slug]

    def resident(self, slug: str) -> Resident:
        """A resident as the demo's own files tell of them: their number, their birth date."""
        return next(one for one in council.residents(1, today=self.note.today) if one.slug == slug)

    def cookie(self, slug: str) -> str:
        """A fresh sign-in of somebody, as their browser would hold it."""
        with self.vault.transaction(SYSTEM) as ctx:
            return str(sign_ins.begin(ctx, account_id=self.account(slug), method="test", proven=True))

    def client(self, slug: str | None = None) -> FlaskClient:
        """A browser without scripts; signed in as somebody, or as nobody."""
        made = self.app.test_client()
        if slug is not None:
            made.set_cookie(COOKIE, self.cookie(slug), domain="localhost")
        return made

    def waiting(self, slug: str) -> RequestView:
        """The oldest request that waits for a resident."""
        with self.vault.reading(OPERATOR) as ctx:
            return requests.waiting(ctx, citizen_id=self.citizen(slug))[0]

    def sequence(self) -> int:
        """Give every line its place in the log; how many got one."""
        return sequence(
            self.vault.db.write,
            writer_key=self.vault.keyring.writer_key,
            signer=signer_of(self.vault, self.config),
            now_us=microseconds(self.vault.clock()),
            writers=self.vault.writers,
        )


def token_in(page: TestResponse | str) -> str:
    """The token of the last form on a page."""
    return str(_TOKEN.findall(page if isinstance(page, str) else page.text)[-1])


def without_token(page: TestResponse, path: str) -> str:
    """What a page says, to be compared byte for byte: without form tokens, its address, and seconds that are left."""
    return _PASSING.sub("", page.text).replace(path, "")


def submit(
    client: FlaskClient, address: str, answers: Mapping[str, object], *, form_at: str | None = None
) -> TestResponse:
    """Open the page at *form_at* (or *address*), fill its form in and send it to *address*."""
    page = client.get(form_at or address)
    return client.post(address, data={"csrf_token": token_in(page), **answers})


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo set up once; copied for every portal."""
    return prepared(tmp_path_factory.mktemp("told"))


def prepared(folder: Path) -> Path:
    """A home in *folder* with the demo set up."""
    home = folder / "home"
    with created(_config(home, "http://localhost")) as vault:
        setting_up.begin(vault, home=home)
    return home


def _config(home: Path, issuer: str, *, demo: bool = True) -> Config:
    return Config.from_environment(
        {
            "CITIZEN_VAULT_HOME": str(home),
            "CITIZEN_VAULT_ISSUER": issuer,
            "CITIZEN_VAULT_DEMO": str(int(demo)),
            "CITIZEN_VAULT_COUNCIL": "Ferndale Borough Council",
            "CITIZEN_VAULT_HELP_PHONE": "01632 960 100",
            "CITIZEN_VAULT_ORIGIN": "citizen-vault",
        }
    )


@contextmanager
def opened(told: Path, issuer: str, *, demo: bool = True) -> Iterator[Portal]:
    """A portal on a copy of *told* that knows itself as *issuer*."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(told, home)
        config = _config(home, issuer, demo=demo)
        vault = open_for(config)
        try:
            app = create_app(config, vault)
            demand_all(app)
            yield Portal(app, vault, config, note.read(home))
        finally:
            close(vault)


@pytest.fixture
def portal(told: Path) -> Iterator[Portal]:
    """A fresh portal for one test."""
    with opened(told, "http://localhost") as made:
        yield made


@pytest.fixture
def served(told: Path) -> Iterator[Portal]:
    """A fresh portal that a real browser can reach."""
    with served_at(told, 0) as made:
        yield made


@contextmanager
def served_at(told: Path, port: int, *, demo: bool = True) -> Iterator[Portal]:
    """A fresh portal that a real browser can reach at *port*; any free one where it is 0."""
    server = make_server("127.0.0.1", port, Flask("starting"), threaded=True)
    here = f"http://localhost:{server.server_port}"
    with opened(told, here, demo=demo) as made, _serving(server, made.app):
        yield made


@contextmanager
def _serving(server: BaseWSGIServer, app: Flask) -> Iterator[None]:
    server.app = app
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
