"""The catalogue speaks to the resident on their pages, and about them on everybody else's."""

import re

import pytest
from flask_babel import force_locale

from tests.portal_world import Portal, portal, told
from vault.catalogue import CATALOGUE
from web.catalogue_words import ABOUT_OTHERS, by_category, field_words

__all__ = ["portal", "told"]

TO_THEM = re.compile(r"\b(you|your|yours|me|my|I)\b", re.IGNORECASE)
WELSH_TO_THEM = re.compile(r"\b(eich|chi|arnoch|rydych|gennych)\b", re.IGNORECASE)
WORDS = sorted({each.words for each in CATALOGUE.categories} | {each.words for each in CATALOGUE.fields})


def test_fields_stand_by_category_in_the_catalogues_order() -> None:
    found = by_category({"medication.dose", "identity.name", "medication.name"})
    assert [category for category, _ in found] == ["Who you are", "Your medicines"]
    assert found[1][1] == ["Your medicines", "How much and how often"]


@pytest.mark.parametrize("words", [each for each in WORDS if TO_THEM.search(each)])
def test_whatever_speaks_to_the_resident_has_words_about_them(words: str) -> None:
    assert not TO_THEM.search(str(ABOUT_OTHERS[words]))


def test_no_words_about_others_are_left_over() -> None:
    assert set(ABOUT_OTHERS) <= set(WORDS)


def test_the_page_decides_to_whom_it_speaks_in_each_language(portal: Portal) -> None:
    def said(path: str) -> str:
        with portal.app.test_request_context(path):
            return field_words("contact.address")

    assert [said(path) for path in ("/record", "/officer", "/for", "/audit", "/admin")] == [
        "Where you live",
        *["Where they live"] * 4,
    ]
    with portal.app.test_request_context("/officer"), force_locale("cy"):
        assert not [words for words in ABOUT_OTHERS.values() if WELSH_TO_THEM.search(str(words))]


def test_a_letter_that_staff_print_speaks_to_the_resident(portal: Portal) -> None:
    with portal.app.test_request_context("/officer/requests/00000000-0000-4000-8000-000000000000/decision/letter"):
        assert field_words("contact.address") == "Where you live"
