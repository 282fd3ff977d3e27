"""The service protocol, driven by a second client written by others: openid-client on Node.js, unmodified."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests import databases
from tests.service_world import ACTOR, BACK, HOME_CARE, PERSON, World, details, world
from tests.visiting import browser_of, walk
from vault import grants

HERE = Path(__file__).parent
TWO = frozenset({"medication.name", "identity.name"})


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with databases.sqlite(tmp_path) as url, world(tmp_path, url) as made:
        yield made


@contextmanager
def running(place: World, script: str, asking: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The client in *script*, told what to ask for; it ends with the test."""
    told = {
        "modules": str(HERE.parent / "node"),
        "issuer": place.issuer,
        "client": place.home_care.slug,
        "key": place.home_care.key.to_dict(),
        "headers": ACTOR,
        "asking": {"scope": "openid", "authorization_details": json.dumps(details()), **asking},
    }
    with subprocess.Popen(
        ["node", str(HERE / script), json.dumps(told)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def run(place: World) -> Iterator[subprocess.Popen[str]]:
    with running(place, "openid_client.mjs", {"login_hint": PERSON}) as process:
        yield process


@pytest.fixture
def present(place: World) -> Iterator[subprocess.Popen[str]]:
    with running(place, "openid_client_present.mjs", {"redirect_uri": BACK}) as process:
        yield process


def tell(process: subprocess.Popen[str], line: str = "") -> None:
    """Let it go on, with *line*."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def said(stream: IO[str] | None, what: str) -> dict[str, Any]:
    """The next line, which must be about *what*."""
    assert stream is not None
    line: dict[str, Any] = json.loads(stream.readline() or "{}")
    assert line.get("what") == what
    return line


def stop_sharing(place: World) -> None:
    with place.vault.transaction(place.citizen) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)


def test_openid_client_asks_reads_is_refused_and_is_stopped(place: World, run: subprocess.Popen[str]) -> None:
    assert said(run.stdout, "refused")["error"] == "invalid_authorization_details"
    assert said(run.stdout, "asked")["expires_in"] == 14 * 86_400
    place.decide(TWO)
    token = said(run.stdout, "token")
    assert token["type"].lower() == "dpop"
    assert token["details"][0]["purpose"] == HOME_CARE
    assert token["details"][0]["fields"] == {"identity": ["name"], "medication": ["name"]}
    assert token["grant"] == "string"
    answer = said(run.stdout, "read")
    assert answer["status"] == 200
    assert set(answer["body"]["fields"]) == TWO
    assert said(run.stdout, "stolen")["status"] == 401
    stop_sharing(place)
    tell(run)
    assert said(run.stdout, "stopped")["status"] == 401
    assert said(run.stdout, "introspected")["active"] is False
    said(run.stdout, "done")


def test_openid_client_brings_a_citizen_who_shares_some_of_it_and_stops_later(
    place: World, present: subprocess.Popen[str]
) -> None:
    browser = browser_of(place)
    assert said(present.stdout, "refused")["error"] == "invalid_authorization_details"
    led = urlsplit(said(present.stdout, "led")["to"])
    query = dict(parse_qsl(led.query))
    assert (led.path, set(query)) == ("/oauth/authorize", {"client_id", "request_uri"})
    tell(present, str(walk(browser, query["client_id"], query["request_uri"], TWO).location))
    token = said(present.stdout, "token")
    assert (token["type"].lower(), token["grant"]) == ("dpop", "string")
    assert token["details"][0]["fields"] == {"identity": ["name"], "medication": ["name"]}
    assert set(said(present.stdout, "read")["body"]["fields"]) == TWO
    assert said(present.stdout, "stolen")["status"] == 401
    fresh = said(present.stdout, "refreshed")
    assert (fresh["status"], fresh["details"][0]["fields"]) == (200, token["details"][0]["fields"])
    revoked = said(present.stdout, "revoked")
    assert (revoked["status"], revoked["other"]) == (401, 200)
    stop_sharing(place)
    tell(present)
    assert said(present.stdout, "stopped")["status"] == 401
    assert said(present.stdout, "introspected")["active"] is False
    assert said(present.stdout, "replayed")["error"] == "invalid_grant"
