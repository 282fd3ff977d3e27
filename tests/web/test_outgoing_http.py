"""The way out to addresses that services registered: public ones and listed ones alone, and never along a redirect."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from web.outgoing_http import AddressRefusedError, Answer, NoAnswerError, OutgoingHttp

HERE = OutgoingHttp((ipaddress.ip_network("127.0.0.0/8"),))
NOWHERE = OutgoingHttp()


class _Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            return
        said = b"x" * 5000 if self.path.startswith("/long") else b"taken"
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Echo) as made:
        made.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        made.shutdown()


def post(server: HTTPServer, path: str, by: OutgoingHttp = HERE, **more: Any) -> Answer:
    address = f"http://127.0.0.1:{server.server_port}{path}"
    return by.call("POST", address, headers={"X-Kept": "as it is"}, body=b"a\r\nb", **more)


def test_what_is_sent_arrives_byte_for_byte(server: HTTPServer) -> None:
    assert post(server, "/in?a=%20b").body == b"taken"
    path, headers, body = server.seen[-1]  # type: ignore[attr-defined]
    assert (path, body) == ("/in?a=%20b", b"a\r\nb")
    assert headers["X-Kept"] == "as it is"
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"


def test_a_redirect_is_not_followed(server: HTTPServer) -> None:
    before = len(server.seen)  # type: ignore[attr-defined]
    assert post(server, "/moved").status == 302
    assert len(server.seen) == before + 1  # type: ignore[attr-defined]


def test_a_long_answer_is_not_taken(server: HTTPServer) -> None:
    with pytest.raises(NoAnswerError, match="too long"):
        post(server, "/long", most=100)


def test_this_machine_is_called_only_where_the_operator_listed_it(server: HTTPServer) -> None:
    before = len(server.seen)  # type: ignore[attr-defined]
    with pytest.raises(AddressRefusedError):
        post(server, "/in", by=NOWHERE)
    assert len(server.seen) == before  # type: ignore[attr-defined]


def test_a_closed_port_is_no_answer() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with pytest.raises(NoAnswerError):
        HERE.call("GET", f"http://127.0.0.1:{port}/", headers={})


@pytest.mark.parametrize(
    "address",
    [
        "http://service.example/keys",
        "ftp://service.example/",
        "https:///no-host",
        "https://user:secret@service.example/",
        "https://service.example/#part",
        "https://service.example/a b",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[::127.0.0.1]/",
        "https://[fec0::1]/",
        "https://service.example:99999/",
        "https://" + "a" * 2001,
    ],
)
def test_an_address_that_may_not_be_called_is_refused_before_it_is_looked_up(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        NOWHERE.call("GET", address, headers={})


@pytest.mark.parametrize("found", ["10.0.0.1", "127.0.0.1", "::1", "::ffff:10.0.0.1"])
def test_a_name_with_one_address_in_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    kind = socket.AF_INET6 if ":" in found else socket.AF_INET
    answers = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443)),
        (kind, socket.SOCK_STREAM, 6, "", (found, 443)),
    ]
    monkeypatch.setattr("web.outgoing_http.socket.getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(AddressRefusedError):
        NOWHERE.call("GET", "https://service.example/", headers={})


def test_the_connection_goes_to_the_address_that_was_judged(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    given = HERE.check(f"https://service.example:{server.server_port}/in")
    monkeypatch.setattr("web.outgoing_http.socket.getaddrinfo", resolve)
    with pytest.raises(NoAnswerError):  # the server here speaks no TLS; it was reached all the same
        HERE.call("POST", given.geturl(), headers={})
    assert asked[0] == "service.example"
    assert set(asked[1:]) <= {"127.0.0.1"}


@pytest.mark.parametrize("begun", [b"HTTP/1.0 200 OK\r\nX-Slow: ", b"HTTP/1.0 200 OK\r\n\r\n"], ids=["headers", "body"])
def test_an_answer_that_comes_byte_by_byte_holds_nobody_for_long(begun: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_drip, args=(listening, begun), daemon=True)
        thread.start()
        brief = OutgoingHttp(HERE.networks, lasts=0.2)
        with pytest.raises(NoAnswerError):
            brief.call("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/", headers={})
        thread.join()


def _drip(listening: socket.socket, begun: bytes) -> None:
    """Answer, a byte each twentieth of a second, for three seconds or until the caller is gone."""
    with listening.accept()[0] as caller:
        caller.recv(4096)
        try:
            caller.sendall(begun)
            for _ in range(60):
                caller.sendall(b"x")
                threading.Event().wait(0.05)
            caller.sendall(b"\r\n\r\n")
        except OSError:
            pass
