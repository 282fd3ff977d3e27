"""What is somebody else's and what is not there are one answer: byte for byte, but for the id that was asked for.

The addresses are gathered by walking through the pages of the person they belong to, so that a new page is tried
without anybody remembering to.
"""

import re
from collections.abc import Iterator
from typing import Final
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audit.events import Event
from tests.log_reading import told
from tests.portal_world import Portal

OWNERS: Final = {
    "edith": ("/home", "/record", "/record/home_access", "/requests", "/sharing", "/activity", "/told-us"),
    "carer": ("/officer", "/officer/emergency"),
}
OTHERS: Final = {"edith": "priya", "carer": "tax-officer"}
PAGES_MOST: Final = 120
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LEAF: Final = re.compile(r"[0-9a-f]{64}")
_TOKEN: Final = re.compile(r'name="csrf_token" value="[^"]+"|left="\d+"')
_ADDRESS: Final = re.compile(r'(href|action|formaction)="(/[^"#]*)')


def kind_of(path: str) -> str:
    return _LEAF.sub("*", _UUID.sub("*", path.partition("?")[0]))


def own_addresses(client: FlaskClient, starts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Method and path of one page and one form of each kind that names one of the person's things by its id."""
    waiting, seen = list(starts), set[str]()
    while waiting and len(seen) < PAGES_MOST:
        path = waiting.pop(0)
        page = client.get(path).text
        for place, found in _ADDRESS.findall(page):
            address = found.replace("&amp;", "&")
            method = "GET" if place == "href" else "POST"
            if method + kind_of(address) in seen or address.startswith(("/language", "/static", "/demo")):
                continue
            seen.add(method + kind_of(address))
            if kind_of(address) != address.partition("?")[0]:
                yield method, address
            if method == "GET":
                waiting.append(address)


def elsewhere(path: str) -> str:
    """*path* with ids that belong to nothing."""
    return _LEAF.sub("0" * 64, _UUID.sub(str(uuid4()), path))


def plain(answer: TestResponse) -> tuple[int, str, str]:
    """An answer without the ids in it and without its form's token."""
    text = _TOKEN.sub("", answer.text)
    return (
        answer.status_code,
        _LEAF.sub("*", _UUID.sub("*", answer.location or "")),
        _LEAF.sub("*", _UUID.sub("*", text)),
    )


@pytest.mark.parametrize("slug", OWNERS)
def test_somebody_elses_things_look_as_if_they_were_not_there(portal: Portal, slug: str) -> None:
    portal.sequence()
    addresses = list(own_addresses(portal.client(slug), OWNERS[slug]))
    assert len(addresses) >= 3
    portal.app.config["WTF_CSRF_ENABLED"] = False
    other = portal.client(OTHERS[slug])
    for method, path in addresses:
        asked = other.open(path, method=method)
        absent = other.open(elsewhere(path), method=method)
        assert asked.status_code != 200 or method == "GET", (method, path)
        assert plain(asked) == plain(absent), (method, path)
        assert asked.status_code in {403, 404, 303, 302}, (method, path)


def test_asking_for_somebody_elses_thing_is_logged_without_saying_what(portal: Portal) -> None:
    request_id = portal.waiting("edith").request_id
    assert portal.client("priya").get(f"/requests/{request_id}").status_code == 404
    refused = told(portal.vault, Event.PAGE_REFUSED)
    assert [line.facts["endpoint"] for line in refused] == ["decision.show"]
    assert str(request_id) not in str(refused[0])
