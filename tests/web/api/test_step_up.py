"""A purpose asks how fresh and how strong the citizen's sign-in must be, and what is less opens nothing (RFC 9470)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests as http
from requests_oauth2client import DPoPToken
from requests_oauth2client.dpop import MissingDPoPNonce

from tests.log_reading import told
from tests.protocol import asking, granted, post, signed_in
from tests.service_world import ACTOR, HOME_CARE, PURPOSES, World, names, world
from tests.visiting import Flow, answered, browser_of
from vault import accounts, purposes, requests
from vault.accounts import StaffLabel
from vault.context import OPERATOR
from vault.errors import InvalidInputError, ProofNeededError, SignInAskedError
from vault.kinds import Channel, Decider, Role
from vault.purposes import Choice, Definition

ONE = names({"medication": ["name"]})
HOUR = 3600
(CARE,) = (each for each in PURPOSES if each.slug == HOME_CARE)
STRONG = replace(CARE, sign_in_acr="phr", sign_in_max_age=HOUR)
CHALLENGE = 'DPoP error="insufficient_user_authentication", acr_values="phr", max_age=3600, '


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world of its own, on each kind of database."""
    with world(tmp_path, database_url) as made:
        yield made


def register(place: World, definition: Definition) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        purposes.register(ctx, definition=definition, first=None, second=None)


def read(place: World, token: DPoPToken, path: str = "/api/v1/records") -> http.Response:
    return place.session.get(place.issuer + path, headers=ACTOR, auth=token, timeout=10)


def refused_with(place: World, token: DPoPToken, path: str) -> http.Response:
    """The 401 to a token that has worked before; this client takes any 401 for a nonce challenge, and raises."""
    with pytest.raises(MissingDPoPNonce) as found:
        read(place, token, path)
    answer: http.Response = found.value.response
    with answer:
        assert answer.content
    return answer


def test_a_weaker_sign_in_opens_nothing_until_the_citizen_proves_themselves_and_decides_again(there: World) -> None:
    weak = granted(there, ONE)
    assert read(there, weak).ok
    register(there, STRONG)
    for path in ("/api/v1/records", "/fhir/MedicationStatement"):
        refused = refused_with(there, weak, path)
        assert refused.status_code == HTTPStatus.UNAUTHORIZED, refused.text
        assert "insufficient_user_authentication" in refused.text
        assert refused.headers["WWW-Authenticate"].startswith(CHALLENGE)
    assert told(there.vault)[-1].event == "record:refused"

    flow = Flow.of(there)
    unproven = browser_of(there, method="link", proven=False)
    sent = unproven.get("/oauth/authorize", query_string={"client_id": "home-care", "request_uri": flow.pushed()})
    back = unproven.get(unproven.get(sent.location).location)
    assert answered(back)["error"] == "unmet_authentication_requirements"

    body = flow.redeem(flow.code(browser_of(there))).json()
    strong = DPoPToken(**body, _dpop_key=flow.key)
    assert read(there, strong).ok
    said = post(there, "/oauth/introspect", {"token": strong.access_token, **signed_in(there)}).json()
    assert said["acr"] == "phr"
    assert said["auth_time"] <= said["iat"]


def test_who_decides_without_such_a_proof_is_refused_and_a_spoken_yes_is_not_taken(there: World) -> None:
    register(there, STRONG)
    assert post(there, "/oauth/bc-authorize", {**asking(), **signed_in(there)}).ok
    with pytest.raises(ProofNeededError):
        there.decide(ONE)
    spoken: dict[str, Any] = {"decided_by": Decider.SPOKEN, "channel": Channel.PHONE, "evidence": "They rang."}
    with there.vault.reading(OPERATOR) as ctx:
        (waiting,) = requests.waiting(ctx, citizen_id=there.citizen_id)
    with there.vault.transaction(OPERATOR) as ctx:
        label = StaffLabel("Aisha", "senior carer", "north")
        officer = accounts.make(
            ctx,
            role=Role.OFFICER,
            organisation_id=there.home_care_organisation,
            service_id=there.home_care.service_id,
            label=label,
        ).actor()
    with pytest.raises(SignInAskedError), there.vault.transaction(officer) as ctx:
        requests.decide(ctx, citizen_id=there.citizen_id, request_id=waiting.request_id, allowed=ONE, **spoken)
    with there.vault.transaction(officer) as ctx:
        requests.decide(ctx, citizen_id=there.citizen_id, request_id=waiting.request_id, allowed=frozenset(), **spoken)
    assert there.waiting() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"choice": Choice.MAY_OBJECT},
        {"sign_in_acr": "loa4"},
        {"sign_in_max_age": 299},
        {"sign_in_max_age": True},
        {"sign_in_max_age": 10**12},
    ],
)
def test_what_cannot_be_asked_of_a_sign_in_is_refused_at_registration(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        Definition.parse(replace(STRONG, **wrong).as_json())
    assert Definition.parse(STRONG.as_json()) == STRONG


def test_a_proof_counts_as_long_as_the_purpose_says() -> None:
    now = datetime.now(UTC)
    assert STRONG.is_proven(at=now - timedelta(seconds=HOUR), by="phr", now=now)
    assert not STRONG.is_proven(at=now - timedelta(seconds=HOUR + 1), by="phr", now=now)
    assert not STRONG.is_proven(at=now, by=None, now=now)
    assert not STRONG.is_proven(at=None, by="phr", now=now)
    assert CARE.is_proven(at=None, by=None, now=now)
