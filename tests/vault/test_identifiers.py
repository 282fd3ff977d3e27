"""Numbers and references as people write them."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.identifiers import nhs_number_is_valid, normalise_nhs_number, normalise_reference


@pytest.mark.realdata
def test_the_test_range_is_judged_as_listed(shared_data: Path) -> None:
    with (shared_data / "identifiers" / "nhs_numbers_999.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["nhs_number"]: row["valid"] == "true" for row in csv.DictReader(file)}
    assert set(listed.values()) == {True, False}
    assert {number: nhs_number_is_valid(number) for number in listed} == listed


@pytest.mark.parametrize("written", ["999 000 0131", "999-000-0131", " 9990000131 ", "999\u00a0000\u00a00131"])
def test_spaces_and_hyphens_in_an_nhs_number_do_not_matter(written: str) -> None:
    assert normalise_nhs_number(written) == "9990000131"
    assert nhs_number_is_valid(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "999000013",
        "99900001310",
        "999000013x",
        "٩٩٩٠٠٠٠١٣١",
        "0000000000",
        "1111111111",
        "999.000.0131",
        "²990000131",
    ],
)
def test_what_is_no_nhs_number_is_not_valid(written: str) -> None:
    assert not nhs_number_is_valid(written)


@given(st.integers(min_value=0, max_value=9), st.integers(min_value=0, max_value=9))
def test_one_wrong_digit_is_always_noticed(position: int, digit: int) -> None:
    good = "9990000131"
    changed = good[:position] + str(digit) + good[position + 1 :]
    assert nhs_number_is_valid(changed) is (changed == good)


@given(st.integers(min_value=0, max_value=8))
def test_two_neighbouring_digits_exchanged_are_always_noticed(position: int) -> None:
    good = "9990000131"
    changed = good[:position] + good[position + 1] + good[position] + good[position + 2 :]
    assert nhs_number_is_valid(changed) is (changed == good)


@given(st.text())
def test_no_text_whatever_breaks_the_judging(written: str) -> None:
    assert nhs_number_is_valid(written) in {True, False}


@given(st.text(alphabet=st.sampled_from("aZ09-/ \t\u00a0")))
def test_a_reference_is_normalised_once_and_for_all(written: str) -> None:
    once = normalise_reference(written)
    assert normalise_reference(once) == once
    assert normalise_reference(f"  {written.lower()} ") == once
