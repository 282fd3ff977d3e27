"""The council's CSV extracts: which columns each has, which system writes which, and the rows of given residents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from web.demo.cast import Resident, Row

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(columns.split(","))
    for name, columns in {
        "people": "system,reference,nhs_number,title,first_names,last_name,known_as,date_of_birth,sex,ethnic_group,"
        "uprn,address_1,address_2,town,postcode,phone,mobile,email,language,interpreter,letter_format,support,as_of",
        "contacts": "system,reference,contact_name,relationship,phone,role,holds_key,may_be_told,as_of",
        "authorities": "system,reference,holder_name,kind,powers,registered_ref,evidence_seen_by,evidence_seen_on,"
        "valid_from,valid_to",
        "care": "system,reference,item,kind,decision_or_need,detail,outcome,assessor_role,date,review_on",
        "visits": "system,visit_id,reference,planned_from,planned_to,arrived,left,outcome,carer_ref,carer_first_name,"
        "carer_role,tasks,note",
        "home": "system,reference,uprn,entry,code,code_changed_on,hazards,alarm",
        "housing": "system,tenancy_id,reference,uprn,tenure,landlord,start,end,joint_tenant_refs,others_count,"
        "adaptations,rent_ref,rent_balance,as_of",
        "council_tax": "system,account,reference,uprn,band,liable_refs,discounts,discount_reason,balance,as_of",
        "benefits": "system,claim_id,reference,ni_number,award,weekly_amount,start,end,household_income,appointee_ref,"
        "as_of",
        "about_me": "system,reference,heading,text,written_by,supported_by,written_on",
    }.items()
}
"""Extract → its header row, in order."""


@dataclass(frozen=True, slots=True)
class Source:
    """One system that extracts are drawn from: whose it is, and what it writes."""

    organisation: str
    system: str
    purpose: str
    """The registered purpose under which its data is received."""
    extracts: tuple[str, ...]


SOURCES: Final = (
    Source(
        "ferndale-council",
        "adult-social-care",
        "receive-council-record",
        ("people", "contacts", "authorities", "care", "home", "about_me"),
    ),
    Source("ferndale-council", "revenues", "receive-council-record", ("people", "council_tax", "benefits")),
    Source("weirside-homes", "housing", "receive-council-record", ("people", "housing")),
    Source("harbour-home-care", "rota", "receive-council-record", ("people", "visits")),
)
"""Every system of the invented council and its partners that writes CSV; people first, so that references are known."""

LEAST: Final = (
    *("nhs_number", "title", "first_names", "last_name", "date_of_birth"),
    *("address_1", "address_2", "town", "postcode", "as_of"),
)
"""The columns that every system keeps of a person; one system of theirs, the first that knows them, keeps all."""

HOSPITAL: Final = Source("example-hospital", "ward-system", "receive-health-record", ())
"""The invented hospital, which writes FHIR."""


def rows(residents: Sequence[Resident], source: Source, extract: str, *, today: date) -> Iterator[Row]:
    """The rows of *extract* as *source* would write them on *today*, one dictionary with every column a row."""
    for person in residents:
        reference = person.references.get(source.system)
        if reference is None:
            continue
        for row in _about(person, source, extract, today):
            known = {"system": source.system, "reference": reference, "uprn": person.uprn, **row}
            yield {column: str(known.get(column, "")) for column in HEADERS[extract]}


def _about(person: Resident, source: Source, extract: str, today: date) -> Sequence[Row]:
    if extract == "people":
        row = _person_row(person, today)
        return (row if _knows_best(person) == source.system else {name: row[name] for name in LEAST},)
    extra = {"as_of": today.isoformat(), "ni_number": person.ni_number}
    return tuple({**extra, **row} for row in person.tables.get(extract, ()))


def _knows_best(person: Resident) -> str | None:
    """The system that keeps a person's whole card: the first in order that knows them."""
    return next((source.system for source in SOURCES if source.system in person.references), None)


def _person_row(person: Resident, today: date) -> Row:
    first, second, town, postcode = person.address
    own = {name: getattr(person, name) for name in HEADERS["people"] if name in Resident.__dataclass_fields__}
    return {
        **own,
        "date_of_birth": person.born.isoformat(),
        "address_1": first,
        "address_2": second,
        "town": town,
        "postcode": postcode,
        "as_of": today.isoformat(),
    }
