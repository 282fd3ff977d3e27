"""Strings that break careless programs go into every input and come back as what they are: text.

The list is others' (the Big List of Naughty Strings). Every form that a role can reach is found by walking, so that a
new page is tried without anybody remembering to.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from audit.events import Event
from tests.portal_world import Portal
from vault import records
from vault.context import OPERATOR
from vault.journal import note
from vault.records import NewItem, Source

pytestmark = pytest.mark.realdata

STARTS: Final = {
    "edith": ("/home", "/record", "/requests", "/sharing", "/activity", "/told-us"),
    "carer": ("/officer",),
    "auditor": ("/audit",),
    "administrator": ("/admin",),
}
HARMLESS: Final = frozenset(
    re.findall(
        r"\w+",
        """a abbr b body br button caption code dd details div dl dt fieldset footer form h1 h2 h3 head header hr html
        input label legend li link main meta nav noscript ol option p path s script section select span strong
        summary svg table tbody td textarea th thead time title tr ul""",
    )
)
OWN_SCRIPTS: Final = 2  # the template's inline line and our module
EXIT = "https://www.bbc.co.uk/weather"  # where “Exit this page” leads, as everywhere in public services
ADDRESSES: Final = frozenset({"href", "src", "action", "formaction"})
EACH_FORM_GETS: Final = 8
PAGES_MOST: Final = 150
_ID: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\?.*")


@dataclass
class Form:
    """A form as a browser reads it."""

    action: str
    method: str
    inputs: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, kind and value of each."""


class Read(HTMLParser):
    """What a page is made of: its tags, attributes, links, forms and text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if tag in {"input", "textarea", "select", "button"} and self.forms and given.get("name"):
            kind = given.get("type", tag)
            self.forms[-1].inputs.append((given["name"], kind, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        self.text += data


def harm(read: Read) -> list[str]:
    """What in a page could do something that we did not put there."""
    found = [f"tag <{tag}>" for tag, _ in read.tags if tag not in HARMLESS]
    found += [f"handler {name}" for _, given in read.tags for name in given if name.startswith("on") or name == "style"]
    found += [
        f"address {value!r}"
        for _, given in read.tags
        for name, value in given.items()
        if name in ADDRESSES
        and value
        and not re.match(r"/(?![/\\])|#|\?|https?://localhost|mailto:|tel:", value)
        and value != EXIT
    ]
    scripts = sum(tag == "script" for tag, _ in read.tags)
    return [*found, *([f"{scripts} scripts"] if scripts != OWN_SCRIPTS else [])]


@pytest.fixture(scope="module")
def strings(shared_data: Path) -> list[str]:
    found = json.loads((shared_data / "strings/blns_even.json").read_text(encoding="utf-8"))
    return [text for text in found if text.strip()]


def walk(client: FlaskClient, starts: tuple[str, ...]) -> Iterator[Read]:
    """One page of each kind that can be reached from *starts*."""
    waiting, seen = list(starts), set[str]()
    while waiting and len(seen) < PAGES_MOST:
        path = waiting.pop(0).partition("#")[0]
        kind = _ID.sub("*", path)
        if kind in seen or path.startswith(("/language", "/static", "/demo")):
            continue
        seen.add(kind)
        answer = client.get(path)
        if answer.mimetype == "text/html" and answer.status_code == 200:
            read = Read(answer.text)
            for form in read.forms:
                form.action = form.action or path
            waiting += read.links
            yield read


def forms(client: FlaskClient, starts: tuple[str, ...]) -> list[Form]:
    """One form of each kind, those that end something last."""
    found = {_ID.sub("*", form.action) + form.method: form for read in walk(client, starts) for form in read.forms}
    return sorted(found.values(), key=lambda form: "sign-out" in form.action)


def filled(form: Form, text: str) -> MultiDict[str, str]:
    """*form* with *text* in every place that takes text, and in one choice; its token as it is."""
    typed = {"text", "textarea", "search", "email", "tel", "number", "password", "radio", "select", "checkbox"}
    return MultiDict((name, text if kind in typed else value) for name, kind, value in form.inputs)


def send(client: FlaskClient, form: Form, text: str) -> TestResponse:
    if form.method == "get":
        # A browser puts the answers in the place of the address's own query.
        return client.get(form.action.partition("?")[0], query_string=filled(form, text))
    return client.post(form.action, data=filled(form, text))


@pytest.mark.parametrize("slug", STARTS)
def test_every_form_takes_them_or_says_what_is_wrong(portal: Portal, strings: list[str], slug: str) -> None:
    portal.sequence()
    client = portal.client(slug)
    found = forms(client, STARTS[slug])
    assert len(found) >= 1
    scripts = [text for text in strings if "<" in text or "javascript:" in text]
    for number, form in enumerate(found):
        if "sign-out" in form.action:
            continue
        part = [*strings[number::97][: EACH_FORM_GETS // 2], *scripts[number::31][: EACH_FORM_GETS // 2]]
        for text in part:
            answer = send(client, form, text)
            assert answer.status_code < 500, (form.action, text)
            if answer.status_code in {301, 302, 303}:
                assert answer.location.startswith("/"), (form.action, text)
                assert not answer.location.startswith("//"), (form.action, text)
            elif answer.mimetype == "text/html":
                assert harm(Read(answer.text)) == [], (form.action, text)


def test_what_others_wrote_about_somebody_comes_back_as_text_on_every_page(portal: Portal, strings: list[str]) -> None:
    citizen_id = portal.citizen("edith")
    with portal.vault.transaction(OPERATOR) as ctx:
        for number, text in enumerate(strings):
            source = Source(organisation_id=citizen_id, system=text[:40], type="naughty", id=str(number))
            fields = {"about_me.what_matters": text, "about_me.worth_knowing": [text, {text[:20]: text}]}
            item = NewItem(category="about_me", fields=fields, source=source, purpose="naughty", sensitivity=0)
            records.keep(ctx, citizen_id=citizen_id, item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, facts={"items": len(strings)})
    client = portal.client("edith")
    text = ""
    for page in range(1, 100):
        answer = client.get("/record/about_me", query_string={"page": page})
        read = Read(answer.text)
        assert harm(read) == []
        text += read.text
        if f"page={page + 1}" not in answer.text:
            break
    shown = " ".join(text.split())
    lost = [each for each in strings if each.isprintable() and " ".join(each.split()) not in shown]
    assert lost == []
    for read in walk(client, ("/home", "/record", "/requests")):
        assert harm(read) == []


@pytest.mark.parametrize(
    "page",
    [
        "<script></script>" * 3,
        '<img src="x">',
        '<p onclick="x">',
        '<p style="x">',
        '<a href="javascript:x">',
        '<a href="//example.org">',
        '<form action="https://example.org">',
    ],
)
def test_the_look_for_harm_finds_it(page: str) -> None:
    assert harm(Read("<script></script>" * OWN_SCRIPTS + page if "script>" not in page else page))
