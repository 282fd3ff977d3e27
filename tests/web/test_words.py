import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vault.importing import csv_mapping as mappings
from web import value_words, words


@pytest.fixture(autouse=True)
def speaking() -> Iterator[None]:
    app = Flask("words")
    app.config["BABEL_DEFAULT_TIMEZONE"] = words.TIMEZONE
    Babel(app)
    with app.test_request_context():
        yield


def test_days_and_times_are_said_as_people_say_them() -> None:
    assert words.day(date(2026, 3, 14)) == "14 March 2026"
    assert words.at(datetime(2026, 3, 14, 9, 12, tzinfo=UTC)) == "14 March 2026 at 9:12am"
    assert words.clock(datetime(2026, 3, 14, 0, 5, tzinfo=UTC)) == "12:05am"
    assert words.clock(datetime(2026, 3, 14, 12, 0, tzinfo=UTC)) == "12:00pm"


def test_summer_time_is_the_councils() -> None:
    assert words.at(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "2 July 2026 at 12:30am"


def test_a_list_ends_with_and() -> None:
    assert [words.joined(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize(
    ("given_value", "said"),
    [
        ("2026-03-14", "14 March 2026"),
        ("taking now, since 2022-12-15", "taking now, since 15 December 2022"),
        ("2026-02-31", "2026-02-31"),
        ("ref 2026-03-14-7", "ref 2026-03-14-7"),
        ("2026-03-14T09:12:00Z", "14 March 2026 at 9:12am"),
        (True, "Yes"),
        (None, "Not recorded"),
        ([], "Not recorded"),
        (["one", "two"], "one<br>two"),
        ({"detail": "Falls", "on": "2026-03-14"}, "More about it: Falls<br>Date: 14 March 2026"),
        ({"assessed by": "a nurse", "on": "", "what": "Falls"}, "What: Falls<br>Assessed by: a nurse"),
        ({"arrived": "2026-03-14 10:04"}, "Arrived: 14 March 2026 at 10:04am"),
        ({"arrived": "2026-03-14 25:04"}, "Arrived: 14 March 2026 25:04"),
        (
            {"channels": ["letter", "text"], "words": "he reads it"},
            "Do not use: letters, text messages<br>More to know: he reads it",
        ),
        ({"role": "daughter", "told": ["all", "now"], "none": ""}, "Role: daughter<br>Told: all, now"),
        ("<b>", "&lt;b&gt;"),
        (12.5, "12.5"),
    ],
)
def test_values_are_read_by_people(given_value: object, said: str) -> None:
    assert words.value(given_value) == said


def test_every_part_that_our_own_imports_name_has_words() -> None:
    named = set[str]()
    for mapping in (Path(mappings.__file__).parent / "mappings").glob("*.toml"):
        for item in tomllib.loads(mapping.read_text(encoding="utf-8"))["item"]:
            for made in item["fields"].values():
                named |= set(made.get("parts", {})) if isinstance(made, dict) else set()
    assert len(named) > 20
    assert {name for name in named if not value_words.knows(name)} == set()


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json)
def test_no_value_becomes_markup_and_no_title_is_long(given_value: object) -> None:
    shown = str(words.value(given_value)).replace("<br>", "")
    assert "<" not in shown
    assert len(words.short(given_value)) <= words.SHORT_MOST


def test_a_reference_can_be_said_on_the_telephone() -> None:
    assert words.reference("0a1b2c3d-0000-4000-8000-000000000000") == "0A1B 2C3D"
