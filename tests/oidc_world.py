"""A real identity provider beside the portal: npm ``oidc-provider``, with residents and staff, run once a session."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from tests.portal_world import Portal
from tests.ports import free_port
from vault.kinds import Role
from web.demo import council
from web.oidc.providers import Provider, Work

PROGRAM: Final = Path(__file__).with_name("node") / "provider.mjs"


@dataclass(frozen=True)
class Elsewhere:
    """The running provider, and the keys by which it and its two clients sign."""

    issuer: str
    key: ECKey
    clients: Mapping[str, ECKey]
    portal_port: int
    """Where a portal that a browser can reach must answer: providers take no other address back."""

    def provider(self, people: str, **changed: Any) -> Provider:
        """It as the vault's operator would write it down, for ``residents`` or ``staff``."""
        made = Provider(
            name="one-login" if people == "residents" else "directory",
            words="Example Login" if people == "residents" else "the council directory",
            people="residents" if people == "residents" else "staff",
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/auth",
            token_endpoint=f"{self.issuer}/token",
            userinfo_endpoint=f"{self.issuer}/me",
            jwks_uri=f"{self.issuer}/jwks",
            client_id=people,
            client_key=self.clients[people],
            levels=frozenset({"P2"}),
            names_issuer=True,
            birth_date_claim="birthdate" if people == "residents" else "",
            groups={"home-care": Work(Role.OFFICER, "home-care"), "audit": Work(Role.AUDITOR)},
        )
        return replace(made, **changed)


@pytest.fixture(scope="session")
def elsewhere(told: Path) -> Iterator[Elsewhere]:
    """The provider, for as long as the tests run. Any portal on this machine may be answered."""
    from web.demo import note  # noqa: PLC0415 -- only people's birth dates are read from it

    issuer, portal_port = f"http://localhost:{free_port()}", free_port()
    key = ECKey.generate_key("P-256", {"kid": "elsewhere", "use": "sig", "alg": "ES256"})
    clients = {people: ECKey.generate_key("P-256") for people in ("residents", "staff")}
    everyone = {one.slug: one for one in council.residents(1, today=note.read(told).today)}
    people: dict[str, dict[str, Any]] = {
        slug: {"acr": "P2", "birthdate": one.born.isoformat()} for slug, one in everyone.items()
    }
    people |= {
        "weak": {"acr": "P0", "birthdate": everyone["edith"].born.isoformat()},
        "impostor": {"acr": "P2", "birthdate": "1990-01-01"},
        "aisha": {"acr": "P2", "groups": ["home-care", "choir"]},
        "left": {"acr": "P2", "groups": ["choir"]},
    }
    settings = {
        "issuer": issuer,
        "jwks": {"keys": [key.as_dict(private=True)]},
        "people": people,
        "clients": [_client(name, each, portal_port) for name, each in clients.items()],
    }
    with _running(settings):
        yield Elsewhere(issuer, key, clients, portal_port)


def _client(name: str, key: ECKey, portal_port: int) -> dict[str, Any]:
    way = "one-login" if name == "residents" else "directory"
    return {
        "client_id": name,
        "redirect_uris": [
            f"{portal}/sign-in/with/{way}/back" for portal in ("http://localhost", f"http://localhost:{portal_port}")
        ],
        "application_type": "web",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": "ES256",
        "jwks": {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint()}]},
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }


@contextmanager
def _running(settings: Mapping[str, Any]) -> Iterator[None]:
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    process = subprocess.Popen(["node", PROGRAM], stdin=pipe, stdout=pipe, stderr=quiet, cwd=PROGRAM.parent)
    try:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(settings).encode())
        process.stdin.close()
        line = b""
        while line.strip() != b"ready":
            line = process.stdout.readline()
            assert line, "the provider did not start"
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()  # type: ignore[union-attr] # it is a pipe


def trust(portal: Portal, *providers: Provider) -> None:
    """Let *portal* trust *providers*, as its settings would."""
    object.__setattr__(portal.config, "identity_providers", providers)


def sign_in_there(address: str, name: str) -> str:
    """Go to *address* at the provider, sign in as *name*, and return where it sends the browser back to."""
    browser = requests.Session()
    answer = browser.get(address, allow_redirects=False, timeout=10)
    for _ in range(8):
        if "/interaction/" in answer.url and answer.status_code == requests.codes.ok:
            answer = browser.post(answer.url, data={"name": name}, allow_redirects=False, timeout=10)
            continue
        where = urljoin(answer.url, answer.headers["Location"])
        if "/sign-in/with/" in where:
            return where
        answer = browser.get(where, allow_redirects=False, timeout=10)
    raise AssertionError(answer.text)


def come_back(client: FlaskClient, address: str, name: str) -> TestResponse:
    """Start at *address* in the portal, sign in elsewhere as *name*, and come back."""
    there = client.get(address)
    assert there.status_code == 303, there.text
    back = urlsplit(sign_in_there(there.location, name))
    return client.get(f"{back.path}?{back.query}")
