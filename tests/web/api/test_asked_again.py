"""Asking again too soon gets everybody the same answer; introspection says who decided how, and what may be written."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

import pytest
import requests as http

from tests import databases
from tests.log_reading import told
from tests.protocol import asking, post, signed_in
from tests.service_world import PERSON, STRANGER, VISITS, World, details, names, world
from vault import accounts, requests
from vault.accounts import StaffLabel
from vault.context import OPERATOR, Actor
from vault.kinds import Channel, Decider, Role


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running vault in which a no is waited out."""
    folder = tmp_path_factory.mktemp("world")
    with databases.sqlite(folder) as url, world(folder, url, waits=True) as made:
        yield made


ONE = names({"medication": ["name"]})


def ask(place: World, hint: str = PERSON, **more: object) -> http.Response:
    return post(place, "/oauth/bc-authorize", {**asking(login_hint=hint, **more), **signed_in(place)})


def officer(place: World) -> Actor:
    with place.vault.transaction(OPERATOR) as ctx:
        return accounts.make(
            ctx,
            role=Role.OFFICER,
            organisation_id=place.home_care_organisation,
            service_id=place.home_care.service_id,
            label=StaffLabel("Aisha", "senior carer", "north"),
        ).actor()


def refuse_all(place: World) -> None:
    """Write down a no for everything that waits, as it can be said of anybody."""
    with place.vault.transaction(officer(place)) as ctx:
        for view in requests.of_service(ctx, service_id=place.home_care.service_id):
            if view.state == "pending":
                requests.decide(
                    ctx,
                    citizen_id=view.citizen_id,
                    request_id=view.request_id,
                    allowed=frozenset(),
                    decided_by=Decider.SPOKEN,
                    channel=Channel.PHONE,
                    evidence="They rang, and said no.",
                )


def test_who_asks_again_too_soon_is_told_to_wait_byte_for_byte_alike(place: World) -> None:
    real = place.vault.clock
    now = real()
    object.__setattr__(place.vault, "clock", lambda: now)
    for hint in (PERSON, STRANGER):
        assert ask(place, hint).ok
    refuse_all(place)
    known, unknown = ask(place, PERSON), ask(place, STRANGER)
    object.__setattr__(place.vault, "clock", real)
    assert known.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert known.json()["error"] == "temporarily_unavailable"
    assert known.headers["Retry-After"] == str(int(timedelta(days=7).total_seconds()))
    passing = {"Date"}
    assert (known.content, known.status_code) == (unknown.content, unknown.status_code)
    assert {k: v for k, v in known.headers.items() if k not in passing} == {
        k: v for k, v in unknown.headers.items() if k not in passing
    }
    assert sum(entry.event == "request:refused" for entry in told(place.vault)) == len((known, unknown))


def test_introspection_says_when_the_citizen_had_proved_who_they_are_and_what_may_be_written(place: World) -> None:
    wanted = details(VISITS, actions=["read", "write"], datatypes=["medication"], fields={"medication": ["name"]})
    handle = ask(place, authorization_details=json.dumps(wanted)).json()["auth_req_id"]
    place.decide(ONE)
    token = place.client().ciba(handle)
    said = post(place, "/oauth/introspect", {"token": token.access_token, **signed_in(place)}).json()
    assert said["auth_time"] <= said["iat"]
    (granted,) = said["authorization_details"]
    assert granted["actions"] == ["read", "write"]
    assert "note" in str(granted["writes"])
    assert granted["fields"] == {"medication": ["name"]}


def test_nobody_asks_to_write_where_nothing_may_be_written(place: World) -> None:
    for actions in (["read", "write"], ["write"], ["read", "read"]):
        answer = ask(place, authorization_details=json.dumps(details("care-reminders", actions=actions)))
        assert answer.json()["error"] == "invalid_authorization_details"
