from dataclasses import replace
from datetime import date

import pytest

from tests.portal_world import Portal
from vault import purposes
from vault.context import OPERATOR
from vault.purpose_definitions import TEXTS, Definition
from web import words
from web.pages.common import because
from web.purpose_words import said

COOKIE = "vault_language"


def test_a_visitor_chooses_welsh_and_stays_on_the_page(portal: Portal) -> None:
    client = portal.client("edith")
    answer = client.get("/language/cy?then=/activity")
    assert (answer.status_code, answer.location) == (303, "/activity")
    page = client.get("/activity").text
    assert '<html lang="cy"' in page
    assert 'href="/language/en?then=/activity"' in page


def test_words_plurals_and_dates_are_welsh_on_a_welsh_page(portal: Portal) -> None:
    client = portal.client("edith")
    client.get("/language/cy")
    page = client.get("/home").text
    assert "Fy nghofnod" in page
    assert "Mae 1 cais yn aros amdanoch." in page
    assert "My record" not in page
    with portal.app.test_request_context(headers={"Accept-Language": "cy"}):
        assert [str(words.day(date(2026, month, 14))) for month in (3, 8)] == ["14 Mawrth 2026", "14 Awst 2026"]
        assert [words.things(number) for number in (1, 2, 3, 5)] == ["1 peth", "2 beth", "3 pheth", "5 peth"]


def test_the_catalogues_words_are_welsh_where_one_picks_from_them(portal: Portal) -> None:
    client = portal.client("edith")
    client.get("/language/cy")
    assert "Your medicines" not in client.get("/activity").text
    assert "When a visit is due" not in client.get("/family/add").text


def test_a_refusal_gives_its_reasons_in_the_language_of_the_page(portal: Portal) -> None:
    with portal.app.test_request_context(headers={"Accept-Language": "cy"}):
        assert because(["service-is-not-registered-for-the-purpose"]) == (
            "Nid yw’r gwasanaeth hwn wedi’i gofrestru at y diben hwn."
        )
        assert because(["a-rule-of-old"]) == "A rule that is no longer in force decided this: a-rule-of-old."


def test_signing_in_keeps_the_language(portal: Portal) -> None:
    client = portal.client("edith")
    client.get("/language/cy")
    client.set_cookie("vault_sign_in", portal.cookie("edith"), domain="localhost")
    assert '<html lang="cy"' in client.get("/home").text


@pytest.mark.parametrize(
    ("wished", "code"), [("cy", "cy"), ("cy-GB,en;q=0.5", "cy"), ("en-GB", "en"), ("fr", "en"), ("", "en"), ("*", "en")]
)
def test_until_somebody_chooses_their_browser_decides(portal: Portal, wished: str, code: str) -> None:
    page = portal.client().get("/", headers={"Accept-Language": wished}).text
    assert f'<html lang="{code}"' in page


@pytest.mark.parametrize("code", ["fr", "CY", "xx", "en_GB"])
def test_a_language_that_there_is_not_is_not_found(portal: Portal, code: str) -> None:
    assert portal.client().get(f"/language/{code}").status_code == 404


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.org/",
        "//example.org/",
        "///example.org",
        "/\\example.org",
        "\\\\example.org",
        "javascript:alert(1)",
        "/nothing-here",
        "home",
        "/home\r\nX-Planted: 1",
        "/home?x=\r\nX-Planted: 1",
        "/home?x=ŵ",
        "",
    ],
)
def test_choosing_a_language_leads_nowhere_but_to_a_page_of_this_portal(portal: Portal, elsewhere: str) -> None:
    answer = portal.client().get("/language/cy", query_string={"then": elsewhere})
    assert (answer.status_code, answer.location) == (303, "/")
    assert "X-Planted" not in answer.headers


def test_what_a_page_was_asked_for_is_kept_across_the_change(portal: Portal) -> None:
    answer = portal.client("edith").get("/language/cy", query_string={"then": "/activity?before=0-12"})
    assert answer.location == "/activity?before=0-12"


def test_a_line_of_the_log_is_one_sentence_in_the_order_of_its_language(portal: Portal) -> None:
    client = portal.client("edith")
    client.get("/language/cy")
    page = client.get("/activity?all=1").text
    assert "Edrychodd <strong>Ward sister, Rowan ward</strong> ar eich data" in page
    assert "Mewngofnodoch" in page
    assert " looked at your data" not in page


def test_an_address_that_is_a_secret_is_put_into_no_other(portal: Portal) -> None:
    page = portal.client().get("/link/AAAAsecretAAAA").text
    assert "/language/cy" in page
    assert "then=/link" not in page
    assert "AAAAsecretAAAA" not in page.partition("<form")[0]


@pytest.mark.parametrize("planted", ["xx", "cy;", "../cy", "ä" * 10])
def test_a_cookie_that_names_no_language_is_passed_over(portal: Portal, planted: str) -> None:
    client = portal.client()
    client.set_cookie(COOKIE, planted, domain="localhost")
    assert '<html lang="en"' in client.get("/").text


def test_what_a_purpose_says_is_welsh_where_it_is_registered_and_marked_as_english_where_not(portal: Portal) -> None:
    client, here = portal.client("edith"), f"/requests/{portal.waiting('edith').request_id}"
    client.get("/language/cy")
    page = client.get(here).text
    assert "Er mwyn i’r bobl sy’n dod i’ch cartref wybod sut i ofalu amdanoch yn ddiogel." in page
    assert "So that the people who come to your home" not in page
    assert "I’ch helpu gyda’ch meddyginiaethau" in page
    welsh = purposes_of(portal)["home-care-support"]
    english_only = replace(welsh, welsh={name: words for name, words in welsh.welsh.items() if name != "why"})
    with portal.app.test_request_context(headers={"Accept-Language": "cy"}):
        assert said(replace(english_only, why="To <look>"), "why") == '<span lang="en">To &lt;look&gt;</span>'
    with portal.app.test_request_context(headers={"Accept-Language": "en"}):
        assert said(english_only, "why") == welsh.why


def test_every_purpose_of_the_demo_has_all_its_words_in_welsh(portal: Portal) -> None:
    for each in purposes_of(portal).values():
        wanted = {name for name in TEXTS if getattr(each, name)} | {f"whys.{name}" for name in each.whys}
        assert set(each.welsh) == wanted, each.slug


def purposes_of(portal: Portal) -> dict[str, Definition]:
    with portal.vault.reading(OPERATOR) as ctx:
        return {each.slug: each for each in purposes.registered(ctx)}
