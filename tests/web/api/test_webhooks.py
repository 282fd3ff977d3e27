"""Events arrive where a service registered, signed so that others' code believes them, and say little."""

import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
import requests as http
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from jwskate import Jwk

from tests.log_reading import told as logged
from tests.protocol import asking, post, signed_in
from tests.service_world import PERSON, World, names, world
from vault import grants, services, webhooks
from vault.context import OPERATOR
from vault.grants import GrantView
from vault.issuer_keys import rotate_issuer
from vault.models import WebhookDelivery
from vault.services import Addresses
from vault.webhooks import DeliveryFault, DeliveryState, DeliveryView, Failed, Outgoing
from web.cli.worker import tell_services
from web.lanes import Lanes
from web.outgoing_http import OutgoingHttp
from web.pinging import Pinger
from web.webhooks import TAG, HttpCourier

HERE: Final = OutgoingHttp((ipaddress.ip_network("127.0.0.0/8"),))
COVERED: Final = ('"@method"', '"@target-uri"', '"content-type"', '"content-digest"')


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        sent = http.Request("POST", f"{server.at}{self.path}", headers=dict(self.headers), data=body).prepare()
        server.heard.append(sent)
        self.send_response(server.status)
        self.send_header("Location", f"{server.at}/elsewhere")
        said = b"x" * server.says
        self.send_header("Content-Length", str(len(said) + server.owes))
        self.end_headers()
        self.wfile.write(said)
        self.wfile.flush()
        server.held.wait(10)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as made:
        server: Any = made
        server.heard, server.status, server.says, server.owes = [], 204, 0, 0
        server.held = threading.Event()
        server.held.set()
        server.at = f"http://127.0.0.1:{made.server_port}"
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield made
        server.held.set()
        made.shutdown()


@pytest.fixture
def place(tmp_path: Path, sqlite_url: str, receiver: Any) -> Iterator[World]:
    with world(tmp_path, sqlite_url) as made:
        register(made, f"{receiver.at}/told")
        yield made


def register(place: World, address: str | None) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        services.set_addresses(ctx, slug="home-care", given=Addresses(webhook_uri=address))


def share(place: World) -> GrantView:
    answer = post(place, "/oauth/bc-authorize", {**asking(login_hint=PERSON), **signed_in(place)})
    assert answer.ok, answer.text
    made = place.decide(names({"medication": ["name"]}))
    assert made is not None
    return made


def deliver(place: World, outgoing: OutgoingHttp = HERE) -> int:
    courier = HttpCourier(place.vault, place.issuer, outgoing)
    return webhooks.deliver(place.vault, courier, service_id=place.home_care.service_id)


def events(place: World) -> list[DeliveryView]:
    with place.vault.reading(OPERATOR) as ctx:
        return webhooks.of_service(ctx, service_id=place.home_care.service_id)[0]


def later(place: World, passed: timedelta) -> None:
    real = place.vault.clock
    object.__setattr__(place.vault, "clock", lambda: real() + passed)


def make_due(place: World) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        past = ctx.now - timedelta(seconds=1)
        ctx.session.query(WebhookDelivery).update({"due_at": past}, synchronize_session=False)


class Published(HTTPSignatureKeyResolver):
    """The keys at ``/jwks``, as a service would fetch them."""

    def __init__(self, place: World) -> None:
        self.keys = {key["kid"]: key for key in place.session.get(f"{place.issuer}/jwks").json()["keys"]}

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        found: Any = Jwk(self.keys[key_id]).cryptography_key
        assert isinstance(found, Ed25519PublicKey)
        return found


def believed(place: World, sent: http.PreparedRequest) -> Any:
    """What a library written by others says of the signature; it raises where it does not hold."""
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Published(place))
    assert isinstance(sent.body, bytes)
    (found,) = verifier.verify(
        sent, expect_tag=TAG, require_components=[each.strip('"') for each in COVERED], body=sent.body
    )
    return found


def test_each_change_of_a_grant_arrives_signed_and_names_nobody(place: World, receiver: Any) -> None:
    grant = share(place)
    with place.vault.transaction(place.citizen) as ctx:
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)
    assert deliver(place) == 2
    made, withdrawn = (json.loads(sent.body) for sent in receiver.heard)
    assert (made["event"], withdrawn["event"]) == ("grant:made", "grant:withdrawn")
    assert made["grant_id"] == withdrawn["grant_id"] != str(grant.grant_id)
    assert set(made) == {"id", "event", "at", "iss", "aud", "grant_id"}
    assert (made["iss"], made["aud"]) == (place.issuer, "home-care")
    for sent in receiver.heard:
        assert place.citizen_id.hex not in str(sent.body).replace("-", "")
        assert {"created", "expires", "nonce", "keyid", "alg", "tag"} == set(believed(place, sent).parameters)
    nonces = {believed(place, sent).nonce for sent in receiver.heard}
    assert len(nonces) == 2


def test_the_grant_is_named_as_the_service_knows_it(place: World, receiver: Any) -> None:
    answer = post(place, "/oauth/bc-authorize", {**asking(login_hint=PERSON), **signed_in(place)})
    place.decide(names({"medication": ["name"]}))
    token = place.client().ciba(answer.json()["auth_req_id"])
    assert deliver(place) == 1
    assert json.loads(receiver.heard[0].body)["grant_id"] == token.grant_id


def test_what_was_altered_on_the_way_is_not_believed(place: World, receiver: Any) -> None:
    share(place)
    deliver(place)
    (sent,) = receiver.heard
    for part, value in (
        ("body", sent.body.replace(b"grant:made", b"grant:paused")),
        ("url", f"{receiver.at}/another"),
        ("method", "PUT"),
        ("headers", {**sent.headers, "Content-Digest": "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"}),
        ("headers", {**sent.headers, "Content-Type": "text/plain"}),
    ):
        altered = sent.copy()
        setattr(altered, part, value)
        with pytest.raises(InvalidSignature):
            believed(place, altered)
    believed(place, sent)


@pytest.mark.parametrize(
    ("status", "says", "owes", "fault"),
    [
        (500, 0, 0, DeliveryFault.STATUS),
        (404, 0, 0, DeliveryFault.STATUS),
        (307, 0, 0, DeliveryFault.STATUS),
        (200, 100_000, 0, DeliveryFault.TOO_LONG),
        (200, 10, 90, DeliveryFault.NO_ANSWER),
    ],
    ids=["fails", "knows-nothing", "redirects", "says-too-much", "stops-halfway"],
)
def test_whoever_does_not_take_it_is_told_again_under_the_same_id(
    place: World, receiver: Any, status: int, says: int, owes: int, fault: DeliveryFault
) -> None:
    share(place)
    receiver.status, receiver.says, receiver.owes = status, says, owes
    assert deliver(place) == 0
    (row,) = events(place)
    assert (row.state, row.tries, row.fault) == (DeliveryState.WAITING, 1, fault)
    assert deliver(place) == 0
    assert len(receiver.heard) == 1, "not before it is due, and no redirect is followed"
    receiver.status, receiver.says, receiver.owes = 204, 0, 0
    make_due(place)
    assert deliver(place) == 1
    first, second = receiver.heard
    assert json.loads(first.body) == json.loads(second.body)
    assert first.headers["Signature-Input"] != second.headers["Signature-Input"]
    believed(place, second)
    (row,) = events(place)
    assert (row.state, row.fault) == (DeliveryState.DELIVERED, None)


def test_who_drips_an_answer_is_cut_off(place: World, receiver: Any) -> None:
    share(place)
    receiver.status, receiver.owes = 200, 1
    receiver.held.clear()
    assert deliver(place, OutgoingHttp(HERE.networks, lasts=0.2)) == 0
    (row,) = events(place)
    assert row.fault in {DeliveryFault.TOO_SLOW, DeliveryFault.NO_ANSWER}


def test_a_receiver_that_speaks_no_tls_is_not_believed(place: World, receiver: Any) -> None:
    register(place, f"https://127.0.0.1:{receiver.server_port}/told")
    share(place)
    assert deliver(place) == 0
    (row,) = events(place)
    assert (row.fault, receiver.heard) == (DeliveryFault.CERTIFICATE, [])


def test_who_says_gone_is_not_told_again(place: World, receiver: Any) -> None:
    share(place)
    receiver.status = 410
    deliver(place)
    (row,) = events(place)
    assert (row.state, row.fault, row.tries) == (DeliveryState.GIVEN_UP, DeliveryFault.GONE, 1)


def test_a_private_address_is_never_called_even_where_a_name_turns_to_it(
    place: World, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(place, "https://hooks.example/told")
    share(place)
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.server_port))]
    monkeypatch.setattr("web.outgoing_http.socket.getaddrinfo", lambda *_, **__: answers)
    assert deliver(place, OutgoingHttp()) == 0
    monkeypatch.undo()
    (row,) = events(place)
    assert (row.fault, receiver.heard) == (DeliveryFault.ADDRESS_REFUSED, [])


def test_a_slow_service_holds_up_no_other(place: World, receiver: Any) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        services.set_addresses(ctx, slug="council-tax", given=Addresses(webhook_uri=f"{receiver.at}/told"))
        webhooks.send_test(ctx, slug="council-tax")
        webhooks.send_test(ctx, slug="home-care")
    slow, told = threading.Event(), threading.Event()

    class Waiting(HttpCourier):
        def bring(self, event: Outgoing) -> Failed | None:
            if event.slug == "home-care":
                told.set()
            else:
                assert slow.wait(30)
            return None

    courier = Waiting(place.vault, place.issuer, HERE)
    lanes = Lanes()
    for _ in range(2):
        tell_services(place.vault, lanes, Pinger(HERE), courier)
    assert told.wait(30), "the other is told while the first one still waits"
    slow.set()


def test_a_test_event_says_nothing_and_is_logged(place: World, receiver: Any) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        made = webhooks.send_test(ctx, slug="home-care")
    assert deliver(place) == 1
    said = json.loads(receiver.heard[0].body)
    assert (said["event"], said["id"]) == ("test:sent", str(made))
    assert "grant_id" not in said
    assert sum(entry.event == "webhook:tested" for entry in logged(place.vault)) == 1


def test_a_new_key_of_the_issuer_signs_what_is_tried_again(place: World, receiver: Any) -> None:
    share(place)
    receiver.status = 500
    deliver(place)
    rotate_issuer(place.vault, at_once=True)
    receiver.status = 204
    make_due(place)
    assert deliver(place) == 1
    first, second = receiver.heard
    believed(place, second)
    assert first.headers["Signature-Input"].split("keyid=")[1][:45] not in second.headers["Signature-Input"]
