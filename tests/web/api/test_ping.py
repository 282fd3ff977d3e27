"""Ping: a service is told that its request is no longer open, where it registered, with its own token, and no more."""

import ipaddress
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.protocol import asking, post, signed_in
from tests.service_world import PERSON, STRANGER, World, names, world
from vault import pings, services
from vault.context import OPERATOR
from vault.kinds import ServiceStatus
from vault.models import Ping
from vault.pings import Word
from vault.services import Addresses
from web.outgoing_http import OutgoingHttp
from web.pinging import Pinger

TOKEN = "8d67dc78-7faa-4d41-aabd-67707b374255"
HERE = Pinger(OutgoingHttp((ipaddress.ip_network("127.0.0.0/8"),)))


class _Listener(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, self.headers["Authorization"], json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Listener) as made:
        made.heard, made.status = [], 204  # type: ignore[attr-defined]
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        made.shutdown()


@pytest.fixture
def place(tmp_path: Path, database_url: str, listener: HTTPServer) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        address = f"http://127.0.0.1:{listener.server_port}/told"
        with made.vault.transaction(OPERATOR) as ctx:
            services.set_addresses(ctx, slug="home-care", given=Addresses(notification_endpoint=address))
        yield made


def ask(place: World, hint: str = PERSON, **more: object) -> str:
    form = asking(login_hint=hint, client_notification_token=TOKEN, **more)
    answer = post(place, "/oauth/bc-authorize", {**form, **signed_in(place)})
    assert answer.ok, answer.text
    return str(answer.json()["auth_req_id"])


def waiting(place: World) -> list[Ping]:
    with place.vault.reading(OPERATOR) as ctx:
        return list(ctx.session.query(Ping))


def make_due(place: World) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        ctx.session.query(Ping).update({"due_at": ctx.now - timedelta(seconds=1)}, synchronize_session=False)


def test_a_service_is_told_once_the_citizen_has_decided(place: World, listener: HTTPServer) -> None:
    handle = ask(place)
    assert pings.tell_due(place.vault, HERE) == 0
    place.decide(names({"medication": ["name"]}))
    assert pings.tell_due(place.vault, HERE) == 1
    assert listener.heard == [("/told", f"Bearer {TOKEN}", {"auth_req_id": handle})]  # type: ignore[attr-defined]
    assert pings.tell_due(place.vault, HERE) == 0
    assert waiting(place) == []


def test_a_service_is_told_of_a_request_that_ran_out_whoever_was_meant(place: World, listener: HTTPServer) -> None:
    handles = {ask(place, hint, requested_expiry=1) for hint in (PERSON, STRANGER)}
    real = place.vault.clock
    object.__setattr__(place.vault, "clock", lambda: real() + timedelta(seconds=2))
    assert pings.tell_due(place.vault, HERE) == 2
    assert {said["auth_req_id"] for _, _, said in listener.heard} == handles  # type: ignore[attr-defined]


def test_no_answer_is_tried_again_later_and_later_and_given_up_at_last(place: World, listener: HTTPServer) -> None:
    ask(place)
    place.decide(frozenset())
    listener.status = 500  # type: ignore[attr-defined]
    waits = []
    for _ in range(pings.MOST_TRIES - 1):
        assert pings.tell_due(place.vault, HERE) == 0
        (row,) = waiting(place)
        waits.append(row.due_at - place.vault.clock())
        assert pings.tell_due(place.vault, HERE) == 0  # not before it is due
        make_due(place)
    assert waits == sorted(waits)
    assert pings.tell_due(place.vault, HERE) == 0
    assert (waiting(place), len(listener.heard)) == ([], pings.MOST_TRIES)  # type: ignore[attr-defined]


def test_a_redirect_is_no_yes_and_is_not_followed(place: World, listener: HTTPServer) -> None:
    ask(place)
    place.decide(frozenset())
    listener.status = 307  # type: ignore[attr-defined]
    assert pings.tell_due(place.vault, HERE) == 0
    assert [path for path, _, _ in listener.heard] == ["/told"]  # type: ignore[attr-defined]


def test_an_address_in_a_network_of_our_own_is_never_called(place: World, listener: HTTPServer) -> None:
    ask(place)
    place.decide(frozenset())
    assert pings.tell_due(place.vault, Pinger(OutgoingHttp())) == 0
    assert (waiting(place), listener.heard) == ([], [])  # type: ignore[attr-defined]


def test_a_suspended_service_is_told_nothing(place: World, listener: HTTPServer) -> None:
    ask(place)
    place.decide(frozenset())
    with place.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    assert pings.tell_due(place.vault, HERE) == 0
    assert listener.heard == []  # type: ignore[attr-defined]


def test_a_repeated_request_is_told_of_by_its_newest_name_alone(place: World, listener: HTTPServer) -> None:
    ask(place)
    second = ask(place)
    place.decide(frozenset())
    assert pings.tell_due(place.vault, HERE) == 1
    assert [said["auth_req_id"] for _, _, said in listener.heard] == [second]  # type: ignore[attr-defined]


def test_neither_the_name_nor_the_token_stands_in_clear(place: World) -> None:
    handle = ask(place)
    (row,) = waiting(place)
    assert TOKEN.encode() not in row.sealed_words
    assert handle.encode() not in row.sealed_words
    assert TOKEN not in repr(Word("https://service.example", handle, TOKEN))
