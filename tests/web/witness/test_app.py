"""A witness over HTTP: the status that the specification gives each answer, and nothing else at all."""

import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from audit.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from audit.cosignature import Cosigner, cosigned_by
from audit.tree import root_hash
from audit.witness import REQUEST_MOST, Request
from web.faults import SettingError
from web.witness import folder
from web.witness.app import create_app

ORIGIN, NOW = "vault.test/log", 1_800_000_000
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
WATCHED = hashlib.sha256(ORIGIN.encode()).hexdigest()


def note(size: int, *, key: Ed25519PrivateKey = KEY, origin: str = ORIGIN, leaf: bytes = b"\x07" * 32) -> str:
    head = Checkpoint(origin, size, root_hash([leaf] * size))
    return sign_checkpoint(head, sign=key.sign, public_key=key.public_key().public_bytes_raw())


def body(old: int, size: int, *proof: bytes, **changed: object) -> bytes:
    return Request(old, proof, note(size, **changed)).write()  # type: ignore[arg-type]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder.make(tmp_path / "witness", name="witness.test/w1")
    folder.watch(tmp_path / "witness", verifier_key(ORIGIN, PUBLIC))
    return tmp_path / "witness"


@pytest.fixture
def cosigner(place: Path) -> Cosigner:
    found = folder.opened(place)
    found.engine.dispose()
    return found.cosigner


@pytest.fixture
def client(place: Path) -> Iterator[FlaskClient]:
    witness = folder.opened(place)
    yield create_app(witness, clock=lambda: NOW + 0.9).test_client()
    witness.engine.dispose()


def test_a_head_is_cosigned_and_shown_to_monitors(client: FlaskClient, cosigner: Cosigner) -> None:
    answer = client.post("/add-checkpoint", data=body(0, 1))
    assert answer.status_code == HTTPStatus.OK
    assert cosigned_by(note(1) + answer.text, [cosigner]) == {"witness.test/w1": NOW}
    assert client.get(f"/{WATCHED}/checkpoint").text == note(1) + answer.text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 400),
        (body(2, 1), 400),
        (body(0, 1, origin="elsewhere.test/log"), 404),
        (body(0, 1, key=Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)), 403),
        (body(0, 1, bytes(32)), 422),
        (b"x" * (REQUEST_MOST + 1), 413),
    ],
)
def test_what_cannot_be_cosigned_is_refused_by_the_specifications_status(
    client: FlaskClient, sent: bytes, status: int
) -> None:
    answer = client.post("/add-checkpoint", data=sent)
    assert answer.status_code == status
    assert client.get(f"/{WATCHED}/checkpoint").status_code == HTTPStatus.NOT_FOUND


def test_a_conflict_tells_the_size_that_was_cosigned_last(client: FlaskClient) -> None:
    client.post("/add-checkpoint", data=body(0, 2))
    answer = client.post("/add-checkpoint", data=body(1, 3))
    assert (answer.status_code, answer.text) == (HTTPStatus.CONFLICT, "2\n")
    assert answer.headers["Content-Type"] == "text/x.tlog.size"


def test_another_story_of_the_same_size_is_refused(client: FlaskClient) -> None:
    client.post("/add-checkpoint", data=body(0, 2))
    answer = client.post("/add-checkpoint", data=body(2, 2, leaf=b"\x08" * 32))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("path", ["/", "/add-checkpoint", f"/{'0' * 64}/checkpoint", "/static/app.css", "/healthz/x"])
def test_there_is_nothing_else_to_get(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in {404, 405}


def test_a_witness_that_starts_again_remembers(place: Path, client: FlaskClient) -> None:
    client.post("/add-checkpoint", data=body(0, 2))
    again = folder.opened(place)
    answer = create_app(again).test_client().post("/add-checkpoint", data=body(0, 1))
    again.engine.dispose()
    assert (answer.status_code, answer.text) == (HTTPStatus.CONFLICT, "2\n")


def test_a_witness_is_made_once_and_needs_a_name(place: Path, tmp_path: Path) -> None:
    for where, name in ((place, "witness.test/w2"), (tmp_path / "new", "a name"), (tmp_path / "new", "")):
        with pytest.raises(SettingError):
            folder.make(where, name=name)
    with pytest.raises(SettingError):
        folder.opened(tmp_path / "new")
    with pytest.raises(SettingError):
        folder.watch(place, "vault.test/log+00000000+AAAA")


def test_a_log_is_watched_once_however_often_it_is_named(place: Path) -> None:
    for _ in range(2):
        assert folder.watch(place, verifier_key(ORIGIN, PUBLIC)) == ORIGIN
    witness = folder.opened(place)
    witness.engine.dispose()
    assert witness.logs == {ORIGIN: (PUBLIC,)}
