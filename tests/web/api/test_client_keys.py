"""A service's keys by address: fetched, kept, fetched again for a new key, and never from a network of our own."""

import ipaddress
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from jwskate import Jwk, Jwt

from tests import databases
from tests.protocol import post, signed_in
from tests.service_world import Service, World, world
from vault import registry, services
from vault.context import OPERATOR
from vault.kinds import ChangeKind
from web.api import jose
from web.api.client_keys import AGAIN_SECONDS, KEPT_SECONDS, STALE_SECONDS, ClientKeys, fetcher
from web.outgoing_http import OutgoingHttp


class Owner:
    jwks: dict[str, Any] = {"keys": []}  # noqa: RUF012 -- never changed
    jwks_uri = "https://service.example/jwks"


class Remote:
    """A service's address: what it answers, and how often it was asked."""

    def __init__(self) -> None:
        self.key = Jwk.generate(alg="ES256").with_kid_thumbprint()
        self.asked, self.now, self.down = 0, 0.0, False
        self.keys = ClientKeys(self.fetch, lambda: self.now)

    def fetch(self, _address: str) -> dict[str, Any]:
        self.asked += 1
        if self.down:
            raise jose.SignatureRefusedError("down")
        return {"keys": [self.key.public_jwk().to_dict()]}

    def verify(self, key: Jwk | None = None) -> dict[str, Any]:
        return self.keys.verified(Owner(), str(Jwt.sign({"a": 1}, key or self.key, alg="ES256")))


@pytest.fixture
def remote() -> Remote:
    return Remote()


def test_keys_are_fetched_once_and_kept(remote: Remote) -> None:
    assert [remote.verify() for _ in range(3)] == [{"a": 1}] * 3
    assert remote.asked == 1
    remote.now += KEPT_SECONDS + 1
    remote.verify()
    assert remote.asked == 2


def test_a_new_key_counts_as_soon_as_it_is_used_and_a_retired_one_no_longer(remote: Remote) -> None:
    remote.verify()
    old, remote.key = remote.key, Jwk.generate(alg="ES256").with_kid_thumbprint()
    remote.now += AGAIN_SECONDS + 1
    assert remote.verify() == {"a": 1}
    remote.now += AGAIN_SECONDS + 1
    with pytest.raises(jose.SignatureRefusedError):
        remote.verify(old)


def test_wrong_signatures_do_not_make_us_ask_again_and_again(remote: Remote) -> None:
    remote.verify()
    for _ in range(10):
        with pytest.raises(jose.SignatureRefusedError):
            remote.verify(Jwk.generate(alg="ES256"))
    assert remote.asked == 1


def test_the_last_keys_count_for_a_while_when_the_address_does_not_answer(remote: Remote) -> None:
    remote.verify()
    remote.down = True
    remote.now += KEPT_SECONDS + 1
    assert remote.verify() == {"a": 1}
    remote.now += STALE_SECONDS
    with pytest.raises(jose.SignatureRefusedError):
        remote.verify()


class _Keys(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        said: bytes = self.server.said  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def served() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Keys) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        made.shutdown()


HERE = OutgoingHttp((ipaddress.ip_network("127.0.0.0/8"),))


@pytest.mark.parametrize(
    "said",
    [b"", b"[]", b'{"keys":[]}', b'{"keys":[{"kty":"oct","k":"AAAA","kid":"1"}]}', b"x" * 70_000],
    ids=["nothing", "list", "none", "secret", "long"],
)
def test_what_is_no_set_of_public_keys_is_not_taken(served: HTTPServer, said: bytes) -> None:
    served.said = said  # type: ignore[attr-defined]
    with pytest.raises(jose.SignatureRefusedError):
        fetcher(HERE)(f"http://127.0.0.1:{served.server_port}/jwks")


def test_keys_in_a_network_of_our_own_are_not_fetched(served: HTTPServer) -> None:
    with pytest.raises(jose.SignatureRefusedError):
        fetcher(OutgoingHttp())(f"http://127.0.0.1:{served.server_port}/jwks")


def test_a_service_rolls_its_key_over_at_its_own_address_without_downtime(
    place: World, served: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    keys = ClientKeys(fetcher(HERE), lambda: now[0])
    monkeypatch.setattr(type(place.app.extensions["vault.api"]), "client_keys", property(lambda _: keys), raising=False)
    new = Service("home-care", place.home_care.service_id, Jwk.generate(alg="ES256").with_kid_thumbprint())
    address = f"http://127.0.0.1:{served.server_port}/jwks"
    content: dict[str, Any] = {
        "redirect_uris": [],
        "jwks_uri": address,
        "notification_endpoint": None,
        "webhook_uri": None,
    }
    with place.vault.transaction(OPERATOR) as ctx:
        registry.propose(ctx, kind=ChangeKind.SERVICE_ADDRESSES, subject="home-care", content=content)

    def publish(*who: Service) -> None:
        served.said = json.dumps({"keys": [each.key.public_jwk().to_dict() for each in who]}).encode()  # type: ignore[attr-defined]
        now[0] += AGAIN_SECONDS + 1

    def gets_in(who: Service) -> bool:
        return bool(post(place, "/oauth/introspect", {"token": "t", **signed_in(place, who)}).ok)

    publish(place.home_care)
    assert (gets_in(place.home_care), gets_in(new)) == (True, False)
    publish(place.home_care, new)
    assert (gets_in(new), gets_in(place.home_care)) == (True, True)
    publish(new)
    now[0] += KEPT_SECONDS
    assert (gets_in(new), gets_in(place.home_care)) == (True, False)


def test_a_service_rolls_its_key_over_by_value_without_downtime(tmp_path: Path) -> None:
    with databases.sqlite(tmp_path) as url, world(tmp_path, url) as place:
        old = place.home_care
        new = Service("home-care", old.service_id, Jwk.generate(alg="ES256").with_kid_thumbprint())
        for present, let_in in (((old,), (True, False)), ((old, new), (True, True)), ((new,), (False, True))):
            with place.vault.transaction(OPERATOR) as ctx:
                keys = {"keys": [each.key.public_jwk().to_dict() for each in present]}
                services.change_keys(ctx, slug="home-care", jwks=keys)
            answers = [post(place, "/oauth/introspect", {"token": "t", **signed_in(place, who)}) for who in (old, new)]
            assert tuple(answer.ok for answer in answers) == let_in
