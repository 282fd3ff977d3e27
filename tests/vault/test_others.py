"""What is about other people is cut from all that a citizen, or who looks for them, is shown."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from audit.events import Event
from tests.log_reading import told
from tests.vault.house import House
from vault import counts, inviting, records
from vault.access import export_own, preview, preview_for_delegate, read_as_delegate, read_own, reveal
from vault.catalogue import CATALOGUE, Flag
from vault.context import OPERATOR, SYSTEM
from vault.exporting.content import leaving
from vault.inviting import Invited
from vault.journal import note
from vault.models import Authority, Record
from vault.others import LEFT_OUT, OWN_WORDS, own_part
from vault.records import NewItem, Source
from vault.release import Refusal, Release

ABOUT_OTHERS: Final = sorted(CATALOGUE.flagged(Flag.THIRD_PARTY))
OWN_STATEMENT: Final = {"about_me.worth_knowing"}
SHOWN: Final = {
    "decisions.attorney": {"who", "as", "for", "registered as", "proof seen on", "from", "to"},
    "decisions.capacity": {"decision", "outcome", "assessed by", "on", "review on"},
    "care_needs.risks": {"assessed by", "on", "review on"},
    "care_visit.note": set(),
    "document.file": {"title", "date", "kind"},
    "other.item": set(),
}
"""What is shown of the fields of which not all is left out; the same as in the catalogue, written down once more."""
PARTS: Final = sorted(
    {part for parts in SHOWN.values() for part in parts} | {"what", "detail", "content", "proof seen by"}
)


def secret(name: str, part: str = "") -> str:
    return f"Ffion of {name} {part}".strip()


def keep(house: House, name: str, value: object, system: str = "pas") -> None:
    category = CATALOGUE.field(name).category
    source = Source(organisation_id=house.council_id, system=system, type="note", id=f"{system}/{name}/{type(value)}")
    with house.vault.transaction(SYSTEM) as ctx:
        item = NewItem(category=category, fields={name: value}, source=source, purpose="care", sensitivity=0)
        records.keep(ctx, citizen_id=house.citizen_id, item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=house.citizen_id, facts={})


@pytest.fixture
def full(house: House) -> House:
    """A house whose resident's record says something about somebody else wherever it can."""
    for name in ABOUT_OTHERS:
        keep(house, name, secret(name))
        keep(house, name, {part: secret(name, part) for part in PARTS})
    return house


def _own(house: House) -> Iterator[Release | Refusal]:
    for category in CATALOGUE.categories:
        names = frozenset({category.name})
        yield read_own(house.vault, actor=house.citizen, citizen_id=house.citizen_id, categories=names)


def _export(house: House) -> Iterator[Release | Refusal]:
    fields = frozenset(name for category in CATALOGUE.categories for name in leaving(category.name))
    yield export_own(
        house.vault, actor=house.citizen, citizen_id=house.citizen_id, fields=fields, masked=frozenset(), kind="json"
    )


def _preview(house: House) -> Iterator[Release | Refusal]:
    asked = frozenset(ABOUT_OTHERS)
    yield preview(
        house.vault, actor=house.citizen, citizen_id=house.citizen_id, asked=asked, shared=asked, max_sensitivity=2
    )


def _reveal(house: House) -> Iterator[Release | Refusal]:
    with house.vault.reading(OPERATOR) as ctx:
        rows = ctx.session.query(Record).filter_by(citizen_id=house.citizen_id)
        held = [(row.record_id, row.category) for row in rows]
    for record_id, category in held:
        for name in CATALOGUE.fields_of(category) & set(ABOUT_OTHERS):
            yield reveal(house.vault, actor=house.citizen, citizen_id=house.citizen_id, record_id=record_id, field=name)


def _delegate(house: House) -> Iterator[Release | Refusal]:
    with house.vault.transaction(house.citizen) as ctx:
        until = ctx.now + timedelta(days=30)
        invited = Invited(
            name="Gwen",
            relationship="daughter",
            citizen_name="Edie",
            categories=frozenset({"care_visit"}),
            until=until,
        )
        held, handle = inviting.invite(ctx, citizen_id=house.citizen_id, invited=invited)
    with house.vault.transaction(SYSTEM) as ctx:
        gwen = inviting.accept(ctx, handle=handle).actor()
        row = ctx.session.get(Authority, (house.citizen_id, held.authority_id))
        assert row is not None
        row.fields = ABOUT_OTHERS  # wider than a resident can give
        row.version += 1
        note(ctx, Event.RECORD_WRITTEN, citizen_id=house.citizen_id, facts={})
    yield read_as_delegate(house.vault, actor=gwen, authority_id=held.authority_id)
    yield preview_for_delegate(
        house.vault, actor=house.citizen, citizen_id=house.citizen_id, authority_id=held.authority_id
    )


ROUTES: Final[dict[str, Callable[[House], Iterator[Release | Refusal]]]] = {
    "own pages": _own,
    "files": _export,
    "what a service would see": _preview,
    "one value": _reveal,
    "family, and what family sees": _delegate,
}


def opened(answers: Iterator[Release | Refusal]) -> dict[str, list[Any]]:
    """Every value that was shown, by field."""
    found: dict[str, list[Any]] = {}
    for answer in answers:
        if isinstance(answer, Release):
            for record in answer.unseal().records:
                for name, value in record.fields.items():
                    found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("route", ROUTES)
def test_no_way_out_to_the_citizen_carries_what_is_about_somebody_else(full: House, route: str) -> None:
    found = opened(ROUTES[route](full))
    shown = [name for name in ABOUT_OTHERS if name in found]
    assert shown, "the route opens something of what is partly about others"
    for name in ABOUT_OTHERS:
        if name in OWN_STATEMENT:
            continue
        parts = SHOWN.get(name)
        for value in found.get(name, []):
            assert parts is not None, f"{name} leaves no trace"
            assert value == (
                LEFT_OUT if not parts or not isinstance(value, dict) else {part: secret(name, part) for part in parts}
            ), name


@pytest.mark.parametrize("route", ["own pages", "files"])
def test_what_a_resident_wrote_themselves_is_shown_as_they_wrote_it(house: House, route: str) -> None:
    for name in ABOUT_OTHERS:
        keep(house, name, secret(name), OWN_WORDS)
    found = opened(ROUTES[route](house))
    assert {name for name in ABOUT_OTHERS if found.get(name) == [secret(name)]} == set(ABOUT_OTHERS)


def test_the_same_is_said_whether_or_not_somebody_else_is_named(sqlite_house: House) -> None:
    """One writer names somebody, another does not: what is shown is the same."""
    for name in SHOWN:
        one, other = (own_part(name, text, source_system="pas") for text in ("Ffion hit him", "All is well"))
        assert one == other == LEFT_OUT


def test_a_category_that_is_wholly_about_others_is_counted_only_by_what_its_owner_wrote(full: House) -> None:
    with full.vault.reading(full.citizen) as ctx:
        assert "people" not in {
            each.category for each in counts.of_citizen(ctx, citizen_id=full.citizen_id, as_shown=True)
        }
    keep(full, "people.name", "my sister", OWN_WORDS)
    with full.vault.reading(full.citizen) as ctx:
        found = counts.of_citizen(ctx, citizen_id=full.citizen_id, as_shown=True)
    counted = {each.category: each.items for each in found}
    assert counted["people"] == 1


def test_the_rules_refuse_a_citizen_whose_record_was_not_cut(sqlite_house: House) -> None:
    """The cut is a fact that the rules judge, and it is kept with the entry."""
    list(_own(sqlite_house))
    facts = told(sqlite_house.vault, "record:viewed")[0].facts["judged"][0]["facts"]
    assert facts["context"].pop("withoutOthers") is True
    again = sqlite_house.vault.engine.judge(facts)
    assert (again.allowed, again.because) == (False, ("what-is-about-others-is-left-out",))


def test_a_service_that_named_it_is_given_the_whole_of_it(house: House) -> None:
    value = {part: secret("care_needs.risks", part) for part in PARTS}
    found = own_part("care_needs.risks", value, source_system="pas")
    assert found != value
    assert CATALOGUE.field("care_needs.risks").only_by_name
    assert not CATALOGUE.bundle("people")
