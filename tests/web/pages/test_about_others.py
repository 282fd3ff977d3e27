"""Every page and file for a resident, or who looks for them: nothing about somebody else, the same words for all."""

from typing import Any, Final
from uuid import UUID

import pytest

from tests.portal_world import Portal
from tests.web.pages.test_download import KINDS, keep, made, words_of
from tests.web.pages.test_family import gwen, held
from vault import access, requests, services
from vault.catalogue import CATALOGUE, Flag
from vault.context import OPERATOR, Actor

SAID: Final = "What is about other people is left out here, for everybody."
NAME: Final = "Ffion Ellis"
ABOUT_OTHERS: Final = sorted(CATALOGUE.flagged(Flag.THIRD_PARTY) - {"about_me.worth_knowing"})
CATEGORIES: Final = sorted({CATALOGUE.field(name).category for name in ABOUT_OTHERS})


@pytest.fixture
def told_on(portal: Portal) -> Portal:
    """A portal in which Edith's record names somebody wherever it can, as text and in parts that are not her own."""
    for name in ABOUT_OTHERS:
        category = CATALOGUE.field(name).category
        values: list[Any] = [NAME, dict.fromkeys(("what", "detail", "content", "proof seen by"), NAME)]
        for number, value in enumerate(values):
            keep(portal, category, {name: value}, f"others-{name}-{number}")
    return portal


def test_no_page_of_hers_names_somebody_else_and_each_says_how_to_ask(told_on: Portal) -> None:
    client = told_on.client("edith")
    assert SAID in client.get("/record").text
    for category in CATALOGUE.categories:
        page = client.get(f"/record/{category.name}").text
        assert SAID in page, category.name
        assert 'href="/contact"' in page
    for name in CATEGORIES:
        pages = [client.get(f"/record/{name}?page={number}").text for number in range(1, 6)]
        assert not [page for page in pages if NAME in page], name
    assert "Left out here" in client.get("/record/care_needs").text


def test_what_is_wholly_about_others_leaves_no_trace_and_no_number(told_on: Portal) -> None:
    client = told_on.client("edith")
    overview = client.get("/record").text
    assert "/record/people" not in overview
    for category in ("housing", "council_tax", "benefits"):
        tile = overview.partition(f'/record/{category}"')[2].partition("</li>")[0]
        assert "from " in tile
        assert " thing" not in tile
    assert "Nothing is kept here." in client.get("/record/people").text


def asked_about_others(portal: Portal) -> UUID:
    """A ward asks Edith for who is close to her."""
    with portal.vault.reading(OPERATOR) as ctx:
        service = services.by_slug(ctx, slug="rowan-ward")
    actor = Actor(kind="service", service_id=service.service_id, organisation_id=service.organisation_id)
    person = portal.resident("edith")
    hint = requests.Hint("nhs", person.nhs_number, person.born.isoformat())
    confirmed = access.confirm_hint(portal.vault, actor=actor, hint=hint)
    with portal.vault.transaction(actor) as ctx:
        wanted = requests.Ask(
            service_id=service.service_id,
            hint=hint,
            purpose="hospital-discharge",
            fields=frozenset({"identity.name", "people.name", "people.phone"}),
            confirmed=confirmed,
        )
        return requests.ask(ctx, asked=wanted).request_id


def test_what_a_service_would_see_is_shown_to_her_without_others_and_says_that_the_service_sees_them(
    told_on: Portal,
) -> None:
    client = told_on.client("edith")
    request_id = asked_about_others(told_on)
    preview = client.get(f"/requests/{request_id}/preview").text
    choosing = client.get(f"/requests/{request_id}/choose").text
    assert preview.count("<h1") == choosing.count("<h1") == 1
    assert NAME not in preview + choosing
    assert "What is about other people is not on this page. They see it where you share it." in preview
    assert "About other people, so not shown here. They see what there is." in choosing


def test_family_is_shown_no_others(told_on: Portal) -> None:
    client = gwen(told_on)
    authority_id = held(told_on).authority_id
    theirs = client.get(f"/for/{authority_id}").text
    hers = told_on.client("edith").get(f"/family/{authority_id}/preview").text
    for page in (theirs, hers):
        assert "Your care visits" in page
        assert SAID in page
        assert NAME not in page


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_names_somebody_else(told_on: Portal, kind: str) -> None:
    words = words_of(kind, made(told_on, kind, **{"with": ["sharing", "told", "looks"]}))
    assert NAME not in words
    assert " ".join(words.split()).count("Parts about other people are left out.") == 1
