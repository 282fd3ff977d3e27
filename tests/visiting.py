"""A citizen who comes from a service: what the service pushes, and the pages that the citizen walks through."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests
from flask.testing import FlaskClient
from requests_oauth2client import DPoPKey
from werkzeug.test import TestResponse

from tests.portal_world import submit
from tests.protocol import post, proof_for, signed_in
from tests.service_world import BACK, Service, World, details
from vault import accounts, sign_ins
from vault.context import OPERATOR
from vault.kinds import Role
from web.api.jose import sha256_base64url
from web.auth import COOKIE

PAR: Final = "/oauth/par"
TOKEN: Final = "/oauth/token"


def browser_of(place: World, *, method: str = "passkey", proven: bool = True) -> FlaskClient:
    """A browser without scripts in which the citizen is signed in, with an account made where there was none."""
    with place.vault.transaction(OPERATOR) as ctx:
        held = accounts.of_citizen(ctx, citizen_id=place.citizen_id)
        made = held[0] if held else accounts.make(ctx, role=Role.CITIZEN, citizen_id=place.citizen_id)
        cookie = sign_ins.begin(ctx, account_id=made.account_id, method=method, proven=proven)
    browser = place.app.test_client()
    browser.set_cookie(COOKIE, cookie, domain="localhost")
    return browser


@dataclass(slots=True)
class Flow:
    """One visit as the service sees it: its key, its verifier, and a nonce of the server."""

    place: World
    service: Service
    key: DPoPKey = field(default_factory=DPoPKey.generate)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    nonce: str = ""

    @classmethod
    def of(cls, place: World, service: Service | None = None) -> "Flow":
        """A fresh visit, for the first service unless another is named."""
        return cls(place, service or place.home_care)

    def proof(self, path: str, key: DPoPKey | None = None) -> str:
        """A proof for *path* with a nonce of the server."""
        if not self.nonce:
            challenge = post(self.place, TOKEN, {"grant_type": "authorization_code"}, DPoP=proof_for(self.place, TOKEN))
            self.nonce = challenge.headers["DPoP-Nonce"]
        return proof_for(self.place, path, key=key or self.key, nonce=self.nonce)

    def asking(self, **changed: object) -> dict[str, str]:
        """The form members of a sound pushed request; a member given as None is left out."""
        sound = {
            "response_type": "code",
            "client_id": self.service.slug,
            "redirect_uri": BACK,
            "scope": "openid",
            "state": "s t&te=",
            "nonce": "n-1",
            "code_challenge": sha256_base64url(self.verifier),
            "code_challenge_method": "S256",
            "authorization_details": json.dumps(details()),
        }
        return {name: str(value) for name, value in {**sound, **changed}.items() if value is not None}

    def push(self, **changed: object) -> requests.Response:
        """Push it, with a proof."""
        form = {**self.asking(**changed), **signed_in(self.place, self.service)}
        return post(self.place, PAR, form, DPoP=self.proof(PAR))

    def pushed(self, **changed: object) -> str:
        """The ``request_uri`` of a sound request."""
        answer = self.push(**changed)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["request_uri"])

    def code(self, browser: FlaskClient, allowed: frozenset[str] | None = None, **changed: object) -> str:
        """A code: pushed, opened, decided and brought back."""
        return answered(walk(browser, self.service.slug, self.pushed(**changed), allowed))["code"]

    def redeem(
        self, code: str, *, service: Service | None = None, key: DPoPKey | None = None, **changed: Any
    ) -> requests.Response:
        """The answer of the token endpoint to *code*."""
        sound = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": self.verifier,
        }
        form = {name: value for name, value in {**sound, **changed}.items() if value is not None}
        sent = {**form, **signed_in(self.place, service or self.service)}
        return post(self.place, TOKEN, sent, DPoP=self.proof(TOKEN, key))


def opened(browser: FlaskClient, client_id: str, request_uri: str) -> TestResponse:
    """What the browser is shown first."""
    query = {"client_id": client_id, "request_uri": request_uri}
    return browser.get("/oauth/authorize", query_string=query, follow_redirects=True)


def decide(browser: FlaskClient, path: str, allowed: Sequence[str] | frozenset[str] | None) -> TestResponse:
    """Decide the request at *path*: all (None), the fields in *allowed*, or nothing where it is empty."""
    if allowed is None:
        submit(browser, path, {"share": "all"})
    elif allowed:
        submit(browser, path, {"share": "some"})
        submit(browser, f"{path}/choose", {"fields": sorted(allowed)})
    else:
        submit(browser, path, {"share": "none"})
    if allowed is None or allowed:
        submit(browser, f"{path}/until", {"until": "longest"})
    return submit(browser, f"{path}/check", {})


def walk(browser: FlaskClient, client_id: str, request_uri: str, allowed: frozenset[str] | None = None) -> TestResponse:
    """Open a pushed request, decide it, and go back: the redirect to the service."""
    first = opened(browser, client_id, request_uri)
    assert first.status_code == 200, first.text
    path = first.request.path
    done = decide(browser, path, allowed)
    assert done.location == f"{path}/done", done.text
    assert f'href="{path}/back"' in browser.get(done.location).text
    return browser.get(f"{path}/back")


def answered(back: TestResponse) -> dict[str, str]:
    """The parameters that the service gets back."""
    assert back.status_code == 303, back.text
    location = str(back.location)
    assert location.startswith(BACK)
    return dict(parse_qsl(urlsplit(location).query))
