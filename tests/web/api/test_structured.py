"""The Vault-Actor header: one reading for everyone, or none."""

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.api.structured import acting_person, parse_dictionary
from web.faults import MalformedRequestError

READ = {
    'reference="hc-0417", role="care-worker", team="north"': {
        "reference": "hc-0417",
        "role": "care-worker",
        "team": "north",
    },
    "reference=hc-0417,role=care-worker": {"reference": "hc-0417", "role": "care-worker"},
    '  reference="a",\t role="b"  ': {"reference": "a", "role": "b"},
    'a="\\"quoted\\" and \\\\"': {"a": '"quoted" and \\'},
    'team=%"gogledd %c3%a2"': {"team": "gogledd â"},
    "": {},
}

DAMAGED = [
    "reference",
    "reference=",
    "reference=?1",
    "reference=17",
    'reference="open',
    'reference="a" role="b"',
    'reference="a",',
    ',reference="a"',
    'reference="a";v=1, role="b"',
    'Reference="a", role="b"',
    'reference="a", reference="b", role="c"',
    'reference=("a" "b"), role="c"',
    'reference=:aGM=:, role="c"',
    'reference="caf\u00e9", role="c"',
    'reference="a\\n", role="c"',
    'reference="a\nb", role="c"',
    'reference=%"%ff", role="c"',
    'reference=%"%C3%A2", role="c"',
]


@pytest.mark.parametrize(("text", "members"), READ.items())
def test_a_sound_dictionary_is_read(text: str, members: dict[str, str]) -> None:
    assert parse_dictionary(text) == members


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_header_names_nobody(text: str) -> None:
    with pytest.raises(MalformedRequestError):
        acting_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "role=care-worker",
        "reference=hc-0417",
        'reference="", role=a',
        'reference="  ", role=a',
        "reference=a, role=b, badge=c",
        f"reference={'a' * 65}, role=b",
        f'reference=a, role=b, team="{"n" * 600}"',
        'reference=%"%e2%80%ae", role=a',
    ],
    ids=[
        "empty",
        "no reference",
        "no role",
        "empty value",
        "blank",
        "unknown member",
        "65 letters",
        "long",
        "bidi override",
    ],
)
def test_a_person_needs_a_reference_and_a_role_and_nothing_unknown(text: str) -> None:
    with pytest.raises(MalformedRequestError, match="Vault-Actor"):
        acting_person(text)


def test_the_person_is_who_the_header_says() -> None:
    person = acting_person('reference="hc-0417", role="care-worker", team="north"')
    assert (person.reference, person.role, person.team) == ("hc-0417", "care-worker", "north")
    assert acting_person("reference=a, role=b").team == ""


printable = st.text(alphabet=string.ascii_letters + string.digits + ' "\\,;=-', min_size=1)


@given(st.dictionaries(st.sampled_from(["reference", "role", "team"]), printable, min_size=1))
def test_what_is_written_by_the_rules_is_read_back(members: dict[str, str]) -> None:
    escaped = {key: value.replace("\\", "\\\\").replace('"', '\\"') for key, value in members.items()}
    assert parse_dictionary(", ".join(f'{key}="{value}"' for key, value in escaped.items())) == members


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_never_worse(text: str) -> None:
    with contextlib.suppress(MalformedRequestError):
        acting_person(text)
