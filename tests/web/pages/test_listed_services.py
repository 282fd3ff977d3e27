"""A directory's services (Open Referral UK) are read, kept with where they came from, and begin a registration."""

import http.server
import ipaddress
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.portal_world import Portal, submit
from vault import listed
from vault.context import OPERATOR
from vault.holding import hold
from vault.listed import Words
from web import openreferral
from web.openreferral import DirectoryUnreadableError
from web.outgoing_http import OutgoingHttp

SOURCE = "County directory"


def service(number: int, **changed: object) -> dict[str, Any]:
    """One service as a directory has it."""
    told = {
        "id": f"s-{number}",
        "name": f"Lunch club {number}",
        "description": "A warm meal.\n\nEvery Tuesday.",
        "url": "https://club.example",
        "status": "active",
        "organization": {"id": "o-1", "name": "Example Trust"},
    }
    return {**told, **changed}


def kept(path: Path, held: object) -> Path:
    path.write_text(json.dumps(held), encoding="utf-8")
    return path


@contextmanager
def directory(pages: list[list[dict[str, Any]]]) -> Iterator[str]:
    """A directory's API on this machine, page by page."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = int(self.path.rpartition("=")[2])
            body = {"contents": pages[number - 1], "last_page": number == len(pages), "page_number": number}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/services"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_file_holds_one_service_a_list_or_a_page_and_words_become_plain_lines(tmp_path: Path) -> None:
    one = service(1, description="A  warm\nmeal " + "x" * 600, url="javascript:alert(1)")
    (words,) = openreferral.from_file(kept(tmp_path / "one.json", one))
    assert (words.external_id, words.organisation, words.url) == ("s-1", "Example Trust", "")
    assert words.what_for == "A warm meal…"
    assert len(openreferral.from_file(kept(tmp_path / "list.json", [one, service(2)]))) == 2
    assert len(openreferral.from_file(kept(tmp_path / "page.json", {"contents": [service(3)], "last_page": True}))) == 1


@pytest.mark.parametrize(
    "held", ["no", 7, [1], {"contents": 1}, {"id": "x"}, {"id": "x", "name": "\u0000", "status": "active"}]
)
def test_what_is_no_directory_is_refused_whole_by_name(tmp_path: Path, held: object) -> None:
    with pytest.raises(DirectoryUnreadableError, match=r"bad\.json"):
        openreferral.from_file(kept(tmp_path / "bad.json", held))


@pytest.mark.realdata
def test_the_published_examples_are_read(shared_data: Path) -> None:
    folder = shared_data / "openreferral-uk"
    for name in ("service_full.json", "service_list.json"):
        (words,) = openreferral.from_file(folder / name)
        assert (words.name, words.organisation) == ("Community Counselling", "Example Organization Inc.")
        assert words.is_listed
    with pytest.raises(DirectoryUnreadableError):
        openreferral.from_file(folder / "taxonomy.json")


def test_an_address_is_read_page_after_page_and_never_in_a_network_of_our_own() -> None:
    with directory([[service(1), service(2)], [service(3)]]) as address:
        here = OutgoingHttp((ipaddress.ip_network("127.0.0.0/8"),))
        assert [words.external_id for words in openreferral.from_address(address, here)] == ["s-1", "s-2", "s-3"]
        with pytest.raises(DirectoryUnreadableError, match="page 1"):
            list(openreferral.from_address(address, OutgoingHttp()))


def test_again_changes_nothing_another_time_brings_what_changed_and_what_is_missing_is_gone(portal: Portal) -> None:
    def bring(*found: Words) -> dict[str, int]:
        with portal.vault.transaction(OPERATOR) as ctx:
            return dict(listed.bring_in(ctx, source=SOURCE, found=found))

    first, second = (Words(f"s-{n}", f"Club {n}", "A meal.", "Trust", "", is_listed=True) for n in (1, 2))
    assert bring(first, second) == {"new": 2}
    assert bring(first, second) == {"same": 2}
    assert bring(Words("s-1", "Club 1", "A warm meal.", "Trust", "", is_listed=True)) == {"changed": 1}
    with portal.vault.transaction(OPERATOR) as ctx:
        assert listed.take_off(ctx, source=SOURCE, listed=frozenset({"s-1"})) == 1
        assert listed.take_off(ctx, source="another", listed=frozenset()) == 0
    with portal.vault.reading(OPERATOR) as ctx:
        assert [(one.words.what_for, one.words.is_listed) for one in listed.every(ctx)] == [
            ("A warm meal.", True),
            ("A meal.", False),
        ]
    portal.sequence()
    with portal.vault.reading(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()  # every row is as the log says


def test_an_administrator_finds_a_listed_service_and_begins_its_registration(portal: Portal) -> None:
    administrator = portal.client("administrator")
    assert "No directory has been read yet" in administrator.get("/admin/listed").text
    with portal.vault.transaction(OPERATOR) as ctx:
        found = [Words(f"s-{n}", f"Lunch <club> {n}", "A warm meal.", "Trust", "", is_listed=n > 0) for n in range(120)]
        listed.bring_in(ctx, source=SOURCE, found=found)
        one = next(each for each in listed.every(ctx) if each.words.external_id == "s-7")
    page = administrator.get("/admin/listed").text
    assert "20 more services are like that" in page
    assert "Lunch <club>" not in page  # strangers' words are shown as words
    page = administrator.get("/admin/listed?words=club> 0").text
    assert "no longer listed" in page
    assert "No listed service is like that" in administrator.get("/admin/listed?words=nothing").text
    begun = submit(administrator, f"/admin/listed/{one.listed_id}", {}, form_at="/admin/listed")
    assert begun.location == "/admin/register"
    named = submit(administrator, "/admin/register", {"organisation": "ferndale-council"})
    words = administrator.get(named.location).text
    assert "Lunch &lt;club&gt; 7" in words
    assert "A warm meal." in words
    absent = submit(administrator, f"/admin/listed/{portal.account('edith')}", {}, form_at="/admin/listed")
    assert absent.status_code == 404
