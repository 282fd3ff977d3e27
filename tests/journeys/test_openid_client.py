"""The service protocol, driven by a second client written by others: openid-client on Node.js, unmodified."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests import databases
from tests.service_world import ACTOR, HOME_CARE, PERSON, World, details, world
from vault import grants

SCRIPT = Path(__file__).with_name("openid_client.mjs")
TWO = frozenset({"medication.name", "identity.name"})


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with databases.sqlite(tmp_path) as url, world(tmp_path, url) as made:
        yield made


@pytest.fixture
def run(place: World, root: Path) -> Iterator[subprocess.Popen[str]]:
    told = {
        "modules": str(root / "tests" / "node"),
        "issuer": place.issuer,
        "client": place.home_care.slug,
        "key": place.home_care.key.to_dict(),
        "headers": ACTOR,
        "asking": {"scope": "openid", "login_hint": PERSON, "authorization_details": json.dumps(details())},
    }
    with subprocess.Popen(
        ["node", str(SCRIPT), json.dumps(told)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def said(stream: IO[str] | None, what: str) -> dict[str, Any]:
    """The next line, which must be about *what*."""
    assert stream is not None
    line: dict[str, Any] = json.loads(stream.readline() or "{}")
    assert line.get("what") == what
    return line


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
    with place.vault.transaction(place.citizen) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)
    assert run.stdin is not None
    run.stdin.write("\n")
    run.stdin.flush()
    assert said(run.stdout, "stopped")["status"] == 401
    assert said(run.stdout, "introspected")["active"] is False
    said(run.stdout, "done")
