"""The catalogue: complete, consistent, in the resident's words, and frozen while the vault runs."""

import dataclasses
import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.catalogue import CATALOGUE, Catalogue, Flag, Sensitivity, Writer
from vault.errors import UnknownFieldError

TEXT = files("vault").joinpath("catalogue.toml").read_text(encoding="utf-8")
SMALL = """
[gp]
words = "Your GP"
controller = "nhs"
kept = { period = "P12M", after = "end-of-care", words = "12 months" }
sensitivity = "normal"

[gp.fields]
practice = { words = "Your GP practice", flags = "S", writers = ["nhs"] }
"""


def test_the_catalogue_holds_every_category_and_field() -> None:
    assert len(CATALOGUE.categories) == 24
    assert len(CATALOGUE.fields) == 90
    assert len({each.words for each in CATALOGUE.categories}) == 24


def test_every_field_is_found_by_its_name_and_in_its_category() -> None:
    for each in CATALOGUE.fields:
        assert CATALOGUE.field(each.name) is each
        assert each in CATALOGUE.category(each.category).fields
        assert each.name in CATALOGUE.fields_of(each.category)
        assert CATALOGUE.has(each.name)


def test_words_speak_to_the_resident_without_field_names() -> None:
    assert CATALOGUE.category("medication").words == "Your medicines"
    for words in (*(each.words for each in CATALOGUE.fields), *(each.words for each in CATALOGUE.categories)):
        assert not re.search(r"[_{}|<>]", words)
        assert words[0].isupper() or words[0] == "“"


@pytest.mark.parametrize(
    ("flag", "names"),
    [
        (Flag.REVEAL, {"contact.not_safe", "home_access.entry", "home_access.key_safe_code"}),
        (Flag.ALWAYS_SENSITIVE, {"lifestyle.alcohol_drugs"}),
        (Flag.HELD_BACK, {"decisions.capacity", "care_needs.risks", "care_visit.note", "document.file"}),
    ],
)
def test_the_fields_that_need_most_care_are_exactly_these(flag: Flag, names: set[str]) -> None:
    assert CATALOGUE.flagged(flag) == names


def test_danger_if_missing_marks_what_a_carer_must_not_overlook() -> None:
    danger = CATALOGUE.flagged(Flag.DANGER_IF_MISSING)
    assert CATALOGUE.fields_of("allergy") <= danger
    assert {"medication.name", "medication.dose", "decisions.resuscitation", "home_access.hazards"} <= danger
    assert CATALOGUE.field("medication.name").is_danger
    assert not CATALOGUE.field("gp.practice").is_danger


def test_a_field_that_can_reveal_a_special_category_counts_as_one() -> None:
    assert CATALOGUE.field("condition.name").is_special
    assert CATALOGUE.field("care_visit.planned").is_special
    assert not CATALOGUE.field("contact.phone").is_special


def test_a_bundle_never_holds_what_must_be_asked_for_by_name() -> None:
    for category in CATALOGUE.categories:
        bundle = CATALOGUE.bundle(category.name)
        assert not bundle & (
            CATALOGUE.flagged(Flag.REVEAL)
            | CATALOGUE.flagged(Flag.HELD_BACK)
            | CATALOGUE.flagged(Flag.ALWAYS_SENSITIVE)
        )
    assert CATALOGUE.bundle("home_access") == {"home_access.hazards", "home_access.alarm"}
    assert CATALOGUE.bundle("other") == frozenset()
    assert CATALOGUE.field("other.item").never_shared


def test_sensitivities_can_be_compared() -> None:
    assert Sensitivity.NORMAL < Sensitivity.SENSITIVE < Sensitivity.DANGER
    assert [int(each) for each in Sensitivity] == [0, 1, 2]
    assert CATALOGUE.category("home_access").sensitivity is Sensitivity.DANGER
    assert CATALOGUE.category("decisions").sensitivity is Sensitivity.SENSITIVE
    assert CATALOGUE.category("medication").sensitivity is Sensitivity.NORMAL


def test_retention_is_a_duration_from_an_event_and_a_sentence() -> None:
    assert CATALOGUE.category("care_visit").kept.period == "P8Y"
    assert CATALOGUE.category("people").kept.period is None
    assert all(each.kept.after and each.kept.words for each in CATALOGUE.categories)


def test_the_usual_writers_are_known() -> None:
    assert CATALOGUE.field("identity.name").writers == (Writer.NHS, Writer.COUNCIL)
    assert CATALOGUE.field("about_me.good_day").writer is Writer.CITIZEN


def test_plain_words_name_each_category_once_in_page_order() -> None:
    names = ["medication.dose", "identity.name", "medication.name"]
    assert CATALOGUE.plain_category_words(names) == ("Who you are", "Your medicines")


@pytest.mark.parametrize(
    "name", ["", "medication", "medication.", "medication.Dose", "medication.dose\n", "x" * 9999, "naïve.name"]
)
def test_an_unknown_name_is_an_error_and_never_echoed_raw(name: str) -> None:
    with pytest.raises(UnknownFieldError) as failed:
        CATALOGUE.field(name)
    assert len(str(failed.value)) < 120
    assert "\n" not in str(failed.value)


def test_an_unknown_category_is_an_error() -> None:
    with pytest.raises(UnknownFieldError):
        CATALOGUE.category("medication.dose")


def test_nothing_in_the_catalogue_can_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CATALOGUE.field("gp.practice").words = "x"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        CATALOGUE.categories = ()  # type: ignore[misc]


def test_the_digest_ignores_layout_and_comments() -> None:
    assert Catalogue.parse("# a note\n\n" + TEXT.replace(" = ", "  =  ")).digest == CATALOGUE.digest
    assert re.fullmatch(r"[0-9a-f]{64}", CATALOGUE.digest)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Your GP practice", "Your practice"),
        ('flags = "S"', 'flags = "S D"'),
        ('["nhs"]', '["nhs", "council"]'),
        ("P12M", "P13M"),
        ("end-of-care", "death"),
        ('"12 months"', '"a year"'),
        ('"normal"', '"danger"'),
        ("practice =", "surgery ="),
    ],
)
def test_the_digest_changes_with_every_fact(old: str, new: str) -> None:
    assert Catalogue.parse(SMALL.replace(old, new)).digest != Catalogue.parse(SMALL).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('flags = "S"', 'flags = "Q"'),
        ('["nhs"]', '["nobody"]'),
        ('["nhs"]', "[]"),
        ("P12M", "12 months"),
        ('sensitivity = "normal"', ""),
        ('words = "Your GP"', 'words = " "'),
        ("practice =", "Practice ="),
        ("[gp", "[GP"),
        ('controller = "nhs"', 'controler = "nhs"'),
        ('after = "end-of-care",', ""),
        ('flags = "S"', 'flag = "S"'),
    ],
)
def test_a_mistake_in_the_file_stops_the_start(old: str, new: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        Catalogue.parse(SMALL.replace(old, new))


@given(st.text())
def test_no_text_but_a_fields_own_name_finds_a_field(name: str) -> None:
    assert CATALOGUE.has(name) == (name in {each.name for each in CATALOGUE.fields})
