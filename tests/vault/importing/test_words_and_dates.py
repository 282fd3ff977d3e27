"""Words made safe, dates read as written, numbers checked."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.identifiers import nhs_number_is_valid, normalise_nhs_number, normalise_reference
from vault.importing.dates import fhir_date, fhir_day, fhir_moment, in_formats
from vault.importing.text import clean, from_markup


@given(st.text())
def test_cleaned_words_can_always_be_kept_and_cleaning_twice_changes_nothing(words: str) -> None:
    cleaned = clean(words)
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned
    assert not any(sign in cleaned for sign in "\x00\x1b\u202e\u2067\u200b\ufeff")


@given(st.text(alphabet="<>/abdiv pretr=\"'&;\n", max_size=60))
def test_no_markup_survives_or_raises(markup: str) -> None:
    assert "<script" not in from_markup(f"{markup}<script>x</script>")


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<div><p>One</p><p>Two &lt; three</p></div>", "One\nTwo < three"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<pre>a\nb</pre>", "a\nb"),
        ("<p>a\nb</p>", "a b"),
        ("<style>p {}</style><p onclick='x'>a</p>", "a"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_narrative_becomes_lines(markup: str, words: str) -> None:
    assert from_markup(markup) == words


@pytest.mark.parametrize(
    ("written", "day", "moment"),
    [
        ("2011", "2011", "2011"),
        ("2011-08", "2011-08", "2011-08"),
        ("2011-08-02", "2011-08-02", "2011-08-02"),
        ("2011-08-02T23:30:00-04:00", "2011-08-02", "2011-08-02 23:30"),
        ("2011-08-02T00:00:00Z", "2011-08-02", "2011-08-02"),
        ("2025-09-10T16:10:57.6953875+01:00", "2025-09-10", "2025-09-10 16:10"),
        ("2011-02-30", None, None),
        ("0001-01-01", None, None),
        ("02/08/2011", None, None),
        ("٢٠١١", None, None),
        ("", None, None),
    ],
)
def test_a_fhir_date_stays_the_day_that_was_written(written: str, day: str | None, moment: str | None) -> None:
    assert fhir_date(written) == day
    assert fhir_moment(written) == moment
    assert (fhir_day(written) is None) == (day is None)


def test_a_council_date_is_read_by_the_first_form_that_fits() -> None:
    read = in_formats("09/03/1944", ("%Y-%m-%d", "%d/%m/%Y"))
    assert read is not None
    assert read.date() == date(1944, 3, 9)
    assert in_formats("03/31/1944", ("%Y-%m-%d", "%d/%m/%Y")) is None


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("9434765919", True),  # NHS Data Dictionary
        ("943 476 5919", True),
        ("943-476-5919", True),
        ("9991000070", True),
        ("9434765918", False),
        ("1234567890", False),  # UK Patient Summary's sample
        ("1352465790", False),  # UK Core's discharge letter
        ("1111111111", False),
        ("943476591", False),
        ("94347659190", False),
        ("٩٤٣٤٧٦٥٩١٩", False),
        ("", False),
    ],
)
def test_an_nhs_number_is_ten_digits_with_a_good_check_digit(number: str, *, valid: bool) -> None:
    assert nhs_number_is_valid(number) is valid


@given(st.integers(0, 999_999_999), st.integers(0, 9), st.integers(0, 8))
def test_a_single_wrong_digit_is_always_found(nine: int, check: int, place: int) -> None:
    number = f"{nine:09d}{check}"
    if nhs_number_is_valid(number):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert not nhs_number_is_valid(wrong)


def test_numbers_and_references_are_written_one_way() -> None:
    assert normalise_nhs_number(" 943 476 5919 ") == "9434765919"
    assert normalise_reference("  asc-1  2 ") == normalise_reference("ASC-1 2")
