"""Documents as a service sends and reads them: an item made, its file sent, parts of it asked for."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests_oauth2client import DPoPToken

from tests.service_world import ACTOR, PAPER, PAPERS, PERSON, World, details

PDF: Final = "application/pdf"


def pdf(size: int, mark: str = "") -> bytes:
    """Something of *size* bytes that begins as a PDF does, or an empty text."""
    filler = hashlib.shake_256(f"{size}/{mark}".encode()).digest(max(size - 5, 0))
    return (b"%PDF-" + filler)[:size]


def paper_token(place: World) -> DPoPToken:
    """A token under which documents are written and read."""
    client = place.client()
    asked = client.backchannel_authentication_request(
        login_hint=PERSON,
        authorization_details=json.dumps(details(PAPERS, datatypes=["document"], fields={"document": ["file"]})),
    )
    place.decide(PAPER)
    token = client.ciba(asked)
    assert isinstance(token, DPoPToken)
    assert requests.get(f"{place.issuer}/api/v1/records", auth=token, headers=ACTOR, timeout=30).ok
    return token


@dataclass(frozen=True, slots=True)
class Papers:
    """A service with its token, at work."""

    place: World
    token: DPoPToken

    def call(self, method: str, path: str, **sent: Any) -> requests.Response:
        """One call."""
        headers = {**ACTOR, **sent.pop("headers", {})}
        address = f"{self.place.issuer}/api/v1/records{path}"
        return requests.request(method, address, auth=self.token, headers=headers, timeout=60, **sent)

    def item(self, title: str = "Discharge letter") -> str:
        """A new item, without a document yet; its id."""
        headers = {"Idempotency-Key": f'"{uuid.uuid4()}"', "Content-Type": "application/json"}
        made = self.call("POST", "", data=json.dumps({"fields": {"document.file": title}}), headers=headers)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def send(self, item: str, body: Any, *, version: int = 1, kind: str = PDF, **headers: str) -> requests.Response:
        """Send an item's document."""
        usual = {"Idempotency-Key": f'"{uuid.uuid4()}"', "If-Match": f'"{version}"', "Content-Type": kind}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("PUT", f"/{item}/document", data=body, headers={**usual, **named})

    def read(self, item: str, **headers: str) -> requests.Response:
        """Read an item's document, or a part of it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("GET", f"/{item}/document", headers=named)

    def kept(self, body: bytes, **given: Any) -> str:
        """An item with a document; its id."""
        item = self.item()
        answer = self.send(item, body, **given)
        assert answer.status_code == 200, answer.text
        return item
