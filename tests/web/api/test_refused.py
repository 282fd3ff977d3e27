"""What the service protocol refuses stands in the log: by name once the service has proved itself, else as a sum."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from jwskate import Jwk
from requests_oauth2client import DPoPKey

from tests.log_reading import told
from tests.portal_world import token_in
from tests.protocol import ASSERTION, asking, assertion, granted, poll, post, proof_for, signed_in
from tests.service_world import ACTOR, World, details, names, world
from vault import services
from vault.context import OPERATOR
from vault.kinds import ServiceStatus
from vault.refusals import hand_over, settle

ALLOWED = names({"medication": ["name"]})
REFUSED = ("token:refused", "request:refused")


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world of its own, once on SQLite and once on PostgreSQL."""
    with world(tmp_path, database_url) as made:
        yield made


def nonce_of(place: World) -> str:
    return poll(place, "unknown", proof=proof_for(place, "/oauth/token")).headers["DPoP-Nonce"]


def proven(place: World, key: DPoPKey | None = None) -> str:
    return proof_for(place, "/oauth/token", nonce=nonce_of(place), key=key)


def refused(place: World) -> list[tuple[str, str]]:
    return [(entry.event, entry.facts["reason"]) for entry in told(place.vault, *REFUSED)]


def sums(place: World) -> dict[str, int]:
    hand_over(place.vault, place.vault.sums)
    settle(place.vault, everything=True)
    found: dict[str, int] = {}
    for entry in told(place.vault, "audit:sums"):
        found[entry.facts["kind"]] = found.get(entry.facts["kind"], 0) + entry.facts["count"]
    return found


def test_each_refusal_of_a_known_service_is_an_entry_with_its_reason(place: World) -> None:
    poll(place, "never-was", proof=proven(place))
    post(
        place,
        "/oauth/bc-authorize",
        {**asking(authorization_details=json.dumps(details("nothing"))), **signed_in(place)},
    )
    beyond = json.dumps(details(fields={"condition": ["name"]}, datatypes=["condition"]))
    post(place, "/oauth/bc-authorize", {**asking(authorization_details=beyond), **signed_in(place)})
    post(place, "/oauth/bc-authorize", {**asking(), **signed_in(place, place.council_tax)})
    assert refused(place) == [
        ("token:refused", "request-unknown"),
        ("request:refused", "purpose-or-reference-unknown"),
        ("request:refused", "beyond-purpose"),
        ("request:refused", "purpose-not-registered"),
    ]
    actors = [entry.actor for entry in told(place.vault, *REFUSED)]
    assert actors == [f"service:{place.home_care.service_id}"] * 3 + [f"service:{place.council_tax.service_id}"]
    assert sums(place) == {}


def test_an_entry_of_a_refusal_holds_neither_handle_nor_value(place: World) -> None:
    poll(place, "handle-of-mine", proof=proven(place))
    (entry,) = told(place.vault, *REFUSED)
    assert "of-mine" not in json.dumps(entry.facts)
    assert b"of-mine" not in entry.leaf


def test_a_suspended_service_is_named_when_it_tries(place: World) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    post(place, "/oauth/bc-authorize", {**asking(), **signed_in(place)})
    assert refused(place) == [("request:refused", "suspended")]


def test_a_refresh_token_shown_with_another_key_is_named(place: World) -> None:
    token = granted(place, ALLOWED)
    form = {"grant_type": "refresh_token", "refresh_token": str(token.refresh_token)}
    post(place, "/oauth/token", {**form, **signed_in(place)}, DPoP=proven(place, DPoPKey.generate()))
    post(place, "/oauth/token", {**form, **signed_in(place, place.council_tax)}, DPoP=proven(place, DPoPKey.generate()))
    assert refused(place) == [
        ("token:refused", "token-of-another-key"),
        ("token:refused", "token-of-another-service"),
    ]


def test_a_request_is_redeemed_once_and_the_second_try_is_named(place: World) -> None:
    asked = post(place, "/oauth/bc-authorize", {**asking(), **signed_in(place)}).json()["auth_req_id"]
    place.decide(ALLOWED)
    assert poll(place, asked, proof=proven(place)).status_code == 200
    assert poll(place, asked, proof=proven(place)).status_code == 400
    assert refused(place) == [("token:refused", "request-redeemed")]


def test_a_poll_that_waits_or_was_denied_is_no_refusal(place: World) -> None:
    asked = post(place, "/oauth/bc-authorize", {**asking(), **signed_in(place)}).json()["auth_req_id"]
    assert poll(place, asked, proof=proven(place)).json()["error"] == "authorization_pending"
    assert poll(place, asked, proof=proven(place)).json()["error"] == "slow_down"
    place.decide(frozenset())
    assert poll(place, asked, proof=proven(place)).json()["error"] == "access_denied"
    assert refused(place) == []
    assert sums(place) == {}


@pytest.mark.parametrize("what", ["assertion", "proof"])
def test_what_is_shown_again_is_named_once_and_summed_after_that(place: World, what: str) -> None:
    again = {**asking(), "client_assertion_type": ASSERTION, "client_assertion": assertion(place)}
    proof = proven(place)
    for _ in range(5):
        if what == "assertion":
            post(place, "/oauth/bc-authorize", again)
        else:
            poll(place, "never-was", proof=proof)
    assert [found for found in refused(place) if "replayed" in found[1]] == [
        ("request:refused" if what == "assertion" else "token:refused", f"{what}-replayed")
    ]
    assert sums(place) == {f"{what}-replayed": 3}


def _call(place: World, **headers: str) -> None:
    place.session.get(f"{place.issuer}/api/v1/records", headers={**ACTOR, **headers}, timeout=10)


def _with_token(place: World, handle: str) -> None:
    key = DPoPKey.generate()
    url = f"{place.issuer}/api/v1/records"
    shown = {"Authorization": f"DPoP {handle}"}
    stale = str(key.proof("GET", url, ath=_ath(handle)))
    first = place.session.get(url, headers={**shown, "DPoP": stale}, timeout=10)
    proof = key.proof("GET", url, nonce=first.headers["DPoP-Nonce"], ath=_ath(handle))
    answer = place.session.get(url, headers={**shown, "DPoP": str(proof)}, timeout=10)
    assert answer.json()["code"] == "token_invalid"


def _ath(handle: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(handle.encode()).digest()).rstrip(b"=").decode()


def _passkey(place: World) -> None:
    browser = place.app.test_client()
    token = token_in(browser.get("/sign-in"))
    answer = browser.post("/sign-in/passkey", json={"response": {}}, headers={"X-CSRFToken": token})
    assert answer.status_code == HTTPStatus.BAD_REQUEST


STRANGERS: dict[str, tuple[str, Callable[[World], object]]] = {
    "a client nobody registered": (
        "client",
        lambda place: post(
            place,
            "/oauth/bc-authorize",
            {**asking(), "client_assertion_type": ASSERTION, "client_assertion": assertion(place, iss="x", sub="x")},
        ),
    ),
    "an assertion by another key": (
        "client",
        lambda place: post(
            place,
            "/oauth/bc-authorize",
            {
                **asking(),
                "client_assertion_type": ASSERTION,
                "client_assertion": assertion(place, key=Jwk.generate(alg="ES256")),
            },
        ),
    ),
    "an assertion of last year": (
        "client",
        lambda place: post(
            place,
            "/oauth/bc-authorize",
            {**asking(), "client_assertion_type": ASSERTION, "client_assertion": assertion(place, exp=1_700_000_000)},
        ),
    ),
    "an unknown token": ("token", lambda place: _with_token(place, "t" * 43)),
    "a broken proof": (
        "proof",
        lambda place: _call(place, Authorization=f"DPoP {'t' * 43}", DPoP="not a proof"),
    ),
    "a link that never was": ("link", lambda place: place.session.get(f"{place.issuer}/link/never-was", timeout=10)),
    "a passkey that is none": (
        "passkey",
        _passkey,
    ),
}


@pytest.mark.parametrize("what", STRANGERS)
def test_whatever_strangers_try_the_log_grows_by_one_entry(place: World, what: str) -> None:
    kind, attempt = STRANGERS[what]
    before = len(told(place.vault))
    for _ in range(3):
        attempt(place)
    after = told(place.vault)
    assert len(after) == before, [entry.event for entry in after[before:]]
    assert sums(place) == {kind: 3}
