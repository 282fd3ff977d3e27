import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web import compressed

WORDS = b"body { color: green }\n" * 50


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "app.css").write_bytes(WORDS)
    (folder / "app.css.gz").write_bytes(gzip.compress(WORDS))
    (folder / "plain.css").write_bytes(WORDS)
    (tmp_path / "secret.key.gz").write_bytes(b"secret")
    app = Flask("compressed", static_folder=str(folder))
    compressed.init_app(app)
    return app.test_client()


def test_a_browser_that_takes_gzip_gets_the_smaller_copy_of_the_same_file(client: FlaskClient) -> None:
    answer = client.get("/static/app.css", headers={"Accept-Encoding": "gzip, br"}, buffered=True)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert gzip.decompress(answer.data) == WORDS


@pytest.mark.parametrize("taken", ["", "identity", "br", "gzip;q=0"])
def test_a_browser_that_does_not_gets_the_file_as_it_is(client: FlaskClient, taken: str) -> None:
    answer = client.get("/static/app.css", headers={"Accept-Encoding": taken}, buffered=True)
    assert "Content-Encoding" not in answer.headers
    assert answer.data == WORDS


def test_both_say_that_they_differ_by_what_the_browser_takes(client: FlaskClient) -> None:
    kinds = [
        client.get("/static/app.css", headers={"Accept-Encoding": taken}, buffered=True)
        for taken in ("gzip", "identity")
    ]
    assert [each.headers["Vary"] for each in kinds] == ["Accept-Encoding"] * 2
    assert kinds[0].headers["ETag"] != kinds[1].headers["ETag"]


def test_a_file_without_a_copy_is_sent_as_it_is(client: FlaskClient) -> None:
    assert client.get("/static/plain.css", headers={"Accept-Encoding": "gzip"}, buffered=True).data == WORDS


@pytest.mark.parametrize("path", ["../secret.key", "%2e%2e/secret.key", "nothing.css"])
def test_nothing_outside_the_folder_is_sent(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}", headers={"Accept-Encoding": "gzip"}).status_code == 404


def test_an_unchanged_file_is_not_sent_twice(client: FlaskClient) -> None:
    first = client.get("/static/app.css", headers={"Accept-Encoding": "gzip"}, buffered=True)
    again = client.get(
        "/static/app.css", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}, buffered=True
    )
    assert again.status_code == 304
