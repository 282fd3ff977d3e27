"""Pages are written so that a reader of nine to eleven can follow them (reading age as `tests.reading_age` has it)."""

import re
from pathlib import Path
from statistics import mean

import pytest
from babel.messages.extract import extract_from_file

from policies.rulebook import own_rules
from tests.reading_age import reading_age, sentences, syllables
from tests.strings import KEYWORDS

RESIDENTS_MOST, STAFF_MOST, ONE_PAGE_MOST = 11.0, 12.0, 13.0
STAFF = {"officer", "spoken", "auditor", "administrator"}
_FILLED_IN = re.compile(r"%\(\w+\)[sd]")
_TAG = re.compile(r"<[^>]+>")


def plain(texts: list[str]) -> list[str]:
    """*texts* without tags, and with a short name wherever something is filled in."""
    return [_TAG.sub("", _FILLED_IN.sub("Ann", text)) for text in texts]


def strings_of(path: Path) -> list[str]:
    """What one template says itself."""
    found = extract_from_file("jinja2", str(path), keywords=KEYWORDS, options={"silent": "false"})
    return plain([words if isinstance(words, str) else str(words[-1]) for _, words, _, _ in found])


@pytest.fixture(scope="module")
def ages(root: Path) -> dict[str, float]:
    folder = root / "web/templates"
    found = {str(path.relative_to(folder)): reading_age(strings_of(path)) for path in folder.rglob("*.html")}
    return {page: age for page, age in found.items() if age is not None}


@pytest.mark.parametrize(
    ("word", "count"),
    [("the", 1), ("share", 1), ("data", 2), ("record", 2), ("shared", 1), ("medicines", 3), ("decide", 2)],
)
def test_syllables_are_counted_about_as_they_are_said(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_measure_tells_plain_words_from_hard_ones() -> None:
    easy = reading_age(["You can stop at any time. We tell you who looked."])
    hard = reading_age(["Notwithstanding the aforementioned provisions, controllers shall demonstrate accountability."])
    assert easy is not None
    assert hard is not None
    assert easy < 9
    assert hard > 20
    assert sentences(["Your data"]) == []


def test_residents_pages_read_at_nine_to_eleven(ages: dict[str, float]) -> None:
    found = [age for page, age in ages.items() if page.partition("/")[0] not in STAFF]
    assert len(found) > 20
    assert mean(found) <= RESIDENTS_MOST, ages


def test_staff_pages_are_plain_too(ages: dict[str, float]) -> None:
    assert mean(age for page, age in ages.items() if page.partition("/")[0] in STAFF) <= STAFF_MOST, ages


def test_no_single_page_is_hard(ages: dict[str, float]) -> None:
    assert {page: age for page, age in ages.items() if age > ONE_PAGE_MOST} == {}


def test_the_reasons_that_residents_are_given_are_plain() -> None:
    age = reading_age(plain([rule.because for rule in own_rules().rules.values()]))
    assert age is not None
    assert age <= RESIDENTS_MOST
