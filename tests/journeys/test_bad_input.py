"""Bad input gets a clear error and loses nothing: at every address that takes a body, on import, and at the start."""

import json
import shutil
from collections import Counter
from http import HTTPStatus
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

from tests import import_world
from tests.import_world import HOSPITAL, Home, proven
from tests.portal_world import Portal
from tests.web.pages.test_closed import SOMEBODY, address
from vault.context import Vault
from vault.models import Base
from web.auth import ROLE_OF

SECRET = "Zebedee"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BODIES = {
    "nothing": (JSON, b""),
    "cut off": (JSON, b'{"name": "' + SECRET.encode()),
    "oversized": (JSON, b'{"name": "' + SECRET.encode() * 100_000 + b'"}'),
    "unknown fields": (JSON, json.dumps({"no_such_member": SECRET}).encode()),
    "wrong types": (JSON, json.dumps({"id": [SECRET], "type": {"a": 1}, "response": 7, "rawId": None}).encode()),
    "deep": (JSON, b"[" * 50_000 + b"]" * 50_000),
    "bad UTF-8": (JSON, b'{"name": "' + SECRET.encode() + b'\xff\xfe"}'),
    "duplicate keys": (JSON, b'{"id": "a", "id": "b"}'),
    "no object": (JSON, b"null"),
    "a form with bad UTF-8": (FORM, b"words=" + SECRET.encode() + b"%ff%fe&share=%00"),
    "a form with fields twice": (FORM, b"share=all&share=none&scope=openid&scope=x&grant_type=a&grant_type=b"),
    "a form with unknown fields": (FORM, b"no_such_field=" + SECRET.encode()),
    "an oversized form": (FORM, b"words=" + SECRET.encode() * 100_000),
    "a form cut off": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="words"'),
    "another kind of content": ("text/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
}
TAKES_NONE = frozenset(
    {
        *("sign_out.leave", "demo.be", "demo.tamper", "download.make", "looking.ask_look"),
        *("signed_in.end_everywhere", "signed_in.stay", "security.make_codes", "security.cancel_recovery"),
        *("sign_in.add_options", "sign_in.passkey_options", "proving.options", "security.add_options"),
    }
)
"""Where the address says it all: the body is not read, whatever it holds."""
GROWS = frozenset({"spent_proofs", "refusal_sums", "log_lines", "noted_looks"})
"""Tables that a refusal may be written to; the log's own are others."""


def held(vault: Vault) -> Counter[str]:
    """How many rows each table of the vault has, but for those in which refusals are counted."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in GROWS]
    with vault.db.read.connect() as connection:
        return Counter({each.name: connection.scalar(select(func.count()).select_from(each)) or 0 for each in tables})


def takes_a_body(portal: Portal) -> list[tuple[Rule, str]]:
    found = []
    for rule in portal.app.url_map.iter_rules():
        if rule.endpoint not in TAKES_NONE:
            found += [(rule, method) for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"})]
    return found


def client_for(portal: Portal, rule: Rule, known: dict[str, FlaskClient]) -> FlaskClient:
    """A browser of somebody who may use the address, so that it is the body that is refused."""
    role = ROLE_OF.get(rule.endpoint.partition(".")[0])
    slug = SOMEBODY.get(str(role)) if role else None
    if (slug or "") not in known:
        known[slug or ""] = portal.client(slug)
    return known[slug or ""]


def test_no_body_breaks_an_address_or_leaves_anything_half_written(portal: Portal) -> None:
    portal.app.config["WTF_CSRF_ENABLED"] = False  # else no body would get as far as the view
    known: dict[str, FlaskClient] = {}
    for rule, _ in takes_a_body(portal):
        client_for(portal, rule, known)
    before, seen = held(portal.vault), Counter[int]()
    for rule, method in takes_a_body(portal):
        client = client_for(portal, rule, known)
        for name, (kind, body) in BODIES.items():
            answer = client.open(address(rule), method=method, data=body, content_type=kind)
            seen[answer.status_code] += 1
            assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, (rule, name)
            assert SECRET.encode() * 2 not in answer.data, (rule, name)
            if kind == JSON and rule.endpoint.partition(".")[0] in {"oauth", "sign_in"}:
                assert answer.status_code >= HTTPStatus.BAD_REQUEST, (rule, name)
    assert held(portal.vault) == before
    assert len(takes_a_body(portal)) > 40
    assert seen[HTTPStatus.BAD_REQUEST] + seen[HTTPStatus.UNPROCESSABLE_ENTITY] > 100


GOOD = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
    "name": [{"use": "official", "family": "Marlow", "given": ["Edith"]}],
    "birthDate": "1944-03-02",
}
DAMAGED = {
    "cut-off.json": json.dumps(GOOD).encode()[:-20],
    "deep.json": b'{"a":' * 500 + b"1" + b"}" * 500,
    "bad-utf8.json": json.dumps(GOOD).replace("Marlow", "Marl").encode() + b"\xff",
    "twice.json": b'{"resourceType": "Patient", "resourceType": "Condition"}',
    "types.json": json.dumps({"resourceType": ["Patient"], "id": {}, "name": 7}).encode(),
    "no-bundle.json": json.dumps({"resourceType": "Bundle", "entry": "everything"}).encode(),
    "people.csv": b"system,reference\ncrm,1\n",
    "care.csv": b"\xff\xfe\x00",
    "empty.json": b"",
}


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Home:
    return import_world.made(tmp_path / "home", database_url)


def test_damaged_files_are_named_one_by_one_and_the_rest_comes_in_whole(home: Home, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for name, content in DAMAGED.items():
        (files / name).write_bytes(content)
    with home.open() as vault:
        before = held(vault)
    running = home.start("import", files, *HOSPITAL)
    printed = running.communicate()[0].decode()
    assert running.returncode == 1
    assert [name for name in DAMAGED if name not in printed] == []
    assert "Traceback" not in printed
    assert "Marl" not in printed
    with home.open() as vault:
        after = held(vault)
    assert {name: count - before[name] for name, count in after.items() if count != before[name]} == {"import_runs": 1}
    (files / "good.json").write_text(json.dumps(GOOD), encoding="utf-8")
    running = home.start("import", files, *HOSPITAL)
    running.communicate()
    with home.open() as vault:
        assert held(vault)["citizens"] == before["citizens"] + 1
    proven(home)


def test_a_server_with_another_vaults_keys_says_so_and_does_not_start(home: Home, tmp_path: Path) -> None:
    other = import_world.made(tmp_path / "other")
    shutil.rmtree(home.folder / "keys")
    shutil.copytree(other.folder / "keys", home.folder / "keys")
    running = home.start("serve", "--port", "65000")
    printed = running.communicate(timeout=60)[0].decode()
    assert running.returncode == 1
    assert "CITIZEN_VAULT_ROOT_KEY" in printed
    assert "another vault" in printed
    assert "Traceback" not in printed
