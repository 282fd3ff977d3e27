import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from tests.portal_world import Portal, opened, submit, token_in
from vault import links, sign_ins
from vault.context import OPERATOR, SYSTEM
from vault.kinds import LinkKind
from web.auth import COOKIE, PROVES_ITSELF, PUBLIC, ROLE_OF
from web.headers import ALWAYS

SOMEBODY = {"citizen": "edith", "officer": "carer", "auditor": "auditor", "administrator": "administrator"}
STAND_INS = {"uuid": "00000000-0000-4000-8000-000000000000", "leaf": "00" * 32, "string": "x", "": "x"}


def address(rule: Rule) -> str:
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: STAND_INS[found[1] or ""], rule.rule)


def pages(portal: Portal) -> list[Rule]:
    return [rule for rule in portal.app.url_map.iter_rules() if rule.endpoint.partition(".")[0] not in PROVES_ITSELF]


def test_every_page_is_closed_unless_it_is_listed(portal: Portal) -> None:
    portal.app.config["WTF_CSRF_ENABLED"] = False
    client = portal.client()
    for rule in pages(portal):
        if rule.endpoint not in PUBLIC:
            for method in (rule.methods or set()) & {"GET", "POST"}:
                answer = client.open(address(rule), method=method)
                assert (answer.status_code, answer.location) == (303, "/sign-in"), rule


def test_the_list_of_open_pages_is_this_and_no_longer() -> None:
    assert sorted(PUBLIC) == [
        "about.accessibility",
        "about.contact",
        "about.cookies",
        "about.privacy",
        "coming_back.code",
        "coming_back.letter",
        "coming_back.start",
        "coming_back.take_code",
        "coming_back.take_letter",
        "developers.overview",
        "identity.back",
        "identity.enrol",
        "identity.start",
        "joining.accept",
        "joining.ask",
        "language.choose",
        "matching.take",
        "matching.who",
        "sign_in.add",
        "sign_in.add_check",
        "sign_in.add_options",
        "sign_in.link",
        "sign_in.passkey_check",
        "sign_in.passkey_options",
        "sign_in.start",
        "sign_in.use_link",
        "sign_out.done",
        "start.start",
        "static",
        "visit.authorize",
        "visit.leave",
        "visit.start",
    ]
    assert sorted(PROVES_ITSELF) == [
        "api-docs",
        "demo",
        "disclosures",
        "fhir",
        "fhir_delivery",
        "identity_ended",
        "oauth",
        "oauth_grants",
        "operations",
        "records",
        "sandbox",
    ]


def test_every_open_endpoint_exists(portal: Portal) -> None:
    assert {rule.endpoint for rule in portal.app.url_map.iter_rules()} >= PUBLIC


@pytest.mark.parametrize("role", SOMEBODY)
def test_each_role_is_kept_to_its_own_pages(portal: Portal, role: str) -> None:
    portal.app.config["WTF_CSRF_ENABLED"] = False
    client = portal.client(SOMEBODY[role])
    for rule in pages(portal):
        family = rule.endpoint.partition(".")[0]
        if family in ROLE_OF and ROLE_OF[family] != role:
            for method in (rule.methods or set()) & {"GET", "POST"}:
                assert client.open(address(rule), method=method).status_code == 403, rule


@pytest.mark.parametrize("path", ["/", "/home", "/nothing-here", "/api/v1/records", "/record/identity"])
def test_every_answer_carries_the_security_headers(portal: Portal, path: str) -> None:
    answer = portal.client("edith").get(path)
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert answer.headers["Cache-Control"] == "no-store"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_no_page_holds_a_style_or_a_script_that_the_policy_refuses(portal: Portal) -> None:
    page = portal.client("edith").get("/record/medication").text
    assert not re.search(r"<[^>]+\sstyle=|\son\w+=", page)
    assert len(re.findall(r"<script>", page)) == 1


def test_a_form_without_its_token_changes_nothing(portal: Portal) -> None:
    asked = portal.waiting("edith")
    client = portal.client("edith")
    assert client.post(f"/requests/{asked.request_id}", data={"share": "all"}).status_code == 400
    assert portal.waiting("edith").request_id == asked.request_id


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "ä" * 10, "A" * 4000])
def test_a_cookie_that_nobody_gave_signs_nobody_in(portal: Portal, cookie: str) -> None:
    client = portal.client()
    client.set_cookie(COOKIE, cookie, domain="localhost")
    assert client.get("/home").status_code == 303


def test_signing_out_ends_the_sign_in_for_whoever_kept_the_cookie(portal: Portal) -> None:
    cookie = portal.cookie("edith")
    client, thief = portal.client(), portal.client()
    for each in (client, thief):
        each.set_cookie(COOKIE, cookie, domain="localhost")
    assert thief.get("/home").status_code == 200
    submit(client, "/sign-out", {}, form_at="/home")
    assert thief.get("/home").status_code == 303


def test_after_signing_in_people_land_where_they_wanted_to_go(portal: Portal) -> None:
    client = portal.client()
    client.get("/sharing")
    answer = client.post("/demo/be/edith", data={"csrf_token": token_in(client.get("/demo"))})
    assert answer.location == "/sharing"


def test_a_link_is_looked_at_without_being_used_and_works_once(portal: Portal) -> None:
    from web.demo.doors import sign_in_links  # noqa: PLC0415 -- only this test lays links

    path = sign_in_links(portal.vault, home=portal.config.home, issuer="")[0][1]
    client = portal.client()
    assert client.get(path).status_code == client.get(path).status_code == 200
    assert submit(client, path, {}).status_code == 303
    assert portal.client().get(path).status_code == 410


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/sign-out", 405), ("/record/nothing", 404)])
def test_a_mistake_says_what_happened_and_what_next(portal: Portal, path: str, status: int) -> None:
    answer = portal.client("edith").get(path)
    assert answer.status_code == status
    assert "<h1" in answer.text
    assert "Traceback" not in answer.text


def test_a_sign_in_that_was_ended_is_told_so_once(portal: Portal) -> None:
    client = portal.client("edith")
    with portal.vault.transaction(SYSTEM) as ctx:
        sign_ins.end_all(ctx, account_id=portal.account("edith"))
    assert client.get("/home").location == "/sign-in"
    assert "You were signed out" in client.get("/sign-in").text
    assert "You were signed out" not in client.get("/sign-in").text


def test_nobody_is_sent_on_to_a_page_of_another_role(portal: Portal) -> None:
    client = portal.client()
    client.get("/officer")
    answer = client.post("/demo/be/edith", data={"csrf_token": token_in(client.get("/demo"))})
    assert answer.location == "/home"


@contextmanager
def no_database(portal: Portal) -> Iterator[None]:
    """Put something else where the database was, for a while."""
    portal.vault.db.dispose()
    away = portal.config.home / "away"
    away.mkdir()
    for file in portal.config.home.glob("vault.db*"):
        file.rename(away / file.name)
    (portal.config.home / "vault.db").write_bytes(b"this is no database" * 1000)
    yield
    portal.vault.db.dispose()
    for file in away.iterdir():
        file.rename(portal.config.home / file.name)


def test_a_database_that_is_gone_gets_a_plain_page_that_shows_nothing(portal: Portal) -> None:
    client = portal.client("edith")
    with no_database(portal):
        answer = client.get("/home")
    assert answer.status_code == 500
    assert "Sorry, there is a problem with this service" in answer.text
    assert "signed in as" not in answer.text


def test_over_https_every_cookie_is_bound_to_this_host_and_kept_from_scripts(told: Path) -> None:
    with opened(told, "https://vault.example.org") as portal:
        client = portal.app.test_client()
        base = {"base_url": "https://vault.example.org"}
        token = token_in(client.get("/demo", **base))
        answer = client.post("/demo/be/edith", data={"csrf_token": token}, **base)
        cookies = answer.headers.getlist("Set-Cookie")
        assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-vault_sign_in", "__Host-vault_note"}
        for cookie in cookies:
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert client.get("/home", **base).status_code == 200


def test_in_a_vault_that_is_no_demo_a_demo_link_signs_nobody_in(told: Path) -> None:
    with opened(told, "http://localhost", demo=False) as portal:
        with portal.vault.transaction(OPERATOR) as ctx:
            handle = links.make(ctx, account_id=portal.account("edith"), kind=LinkKind.DEMO)
        client = portal.client()
        assert client.get("/demo").status_code == 404
        assert client.get(f"/link/{handle}").status_code == 410
        assert submit(client, f"/link/{handle}", {}, form_at="/sign-in").status_code == 410
