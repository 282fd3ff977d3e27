"""The FHIR file: a Bundle (FHIR R4, type ``collection``) of the health part of the record, for another health system.

It holds one Patient, one resource for each item that has a resource of its own, a Provenance for each of them, and what
is left out of every file. The rest of the record (home, council tax, benefits …) has no
place in FHIR; it is in the JSON file.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from vault.exporting.content import ALWAYS_SAID, Content, Item
from vault.exporting.fhir_items import MAKERS
from vault.exporting.fhir_words import filled, is_date, text
from vault.ids import new_id
from vault.kinds import RecordStatus

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
_SEXES: Final = frozenset({"male", "female", "other", "unknown"})
ABOUT_THE_PERSON: Final = frozenset({"identity", "contact", "communication", "gp"})

IN_FHIR: Final = ABOUT_THE_PERSON | MAKERS.keys()
"""The categories of which something is in the file."""


def to_fhir(content: Content) -> bytes:
    """*content* as a FHIR R4 Bundle in JSON."""
    person = new_id()
    subject = {"reference": f"urn:uuid:{person}"}
    resources = [(person, patient_of(content.items)), *_resources(content, subject), (new_id(), _left_out())]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": content.made_at.isoformat(timespec="seconds"),
        "entry": [{"fullUrl": f"urn:uuid:{each}", "resource": resource} for each, resource in resources],
    }
    return orjson.dumps(bundle, option=orjson.OPT_INDENT_2)


def _left_out() -> dict[str, Any]:
    """What every file says of what is not in it, as a notice that programs may show (FHIR R4, OperationOutcome)."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "information", "code": "informational", "details": {"text": each}} for each in ALWAYS_SAID
        ],
    }


def _resources(content: Content, subject: Mapping[str, str]) -> Iterator[tuple[UUID, dict[str, Any]]]:
    for item in content.items:
        if item.category in MAKERS:
            yield item.record_id, MAKERS[item.category](item, subject)
            yield new_id(), _provenance(item)


def _provenance(item: Item) -> dict[str, Any]:
    source = text(item.organisation) or "not recorded"
    return {
        "resourceType": "Provenance",
        "target": [{"reference": f"urn:uuid:{item.record_id}"}],
        "recorded": item.received_at.isoformat(timespec="seconds"),
        "agent": [{"who": {"display": f"{source}, system {text(item.system) or 'not recorded'}"}}],
    }


def patient_of(items: Sequence[Item]) -> dict[str, Any]:
    """What *items* say of the person themself, as a Patient."""
    held = _newest(items)
    number, sex = text(held.get("identity.nhs_number")), text(held.get("identity.sex")).lower()
    born, died = held.get("identity.date_of_birth"), held.get("identity.date_of_death")
    practice, language = text(held.get("gp.practice")), text(held.get("communication.language"))
    return filled(
        resourceType="Patient",
        identifier=[{"system": NHS_NUMBER, "value": number}] if number else None,
        name=[*_named("official", held.get("identity.name")), *_named("usual", held.get("identity.known_as"))],
        telecom=[*_reached("phone", held.get("contact.phone")), *_reached("email", held.get("contact.email"))],
        gender=sex if sex in _SEXES else None,
        birthDate=born if is_date(born) and len(str(born)) <= len("1970-01-01") else None,
        deceasedDateTime=died if is_date(died) else None,
        address=[{"text": address}] if (address := text(held.get("contact.address"))) else None,
        communication=[{"language": {"text": language}}] if language else None,
        generalPractitioner=[{"display": practice}] if practice else None,
    )


def _newest(items: Sequence[Item]) -> dict[str, Any]:
    """What is said of the person themself, the newest of each field."""
    about = [each for each in items if each.category in ABOUT_THE_PERSON and each.status is RecordStatus.CURRENT]
    found: dict[str, Any] = {}
    for item in sorted(about, key=lambda each: (each.as_of or "", each.received_at)):
        found.update(item.fields)
    return found


def _named(use: str, name: Any) -> list[dict[str, str]]:  # noqa: ANN401 -- any JSON value of a record
    shown = text(name)
    return [{"use": use, "text": shown}] if shown else []


def _reached(system: str, value: Any) -> list[dict[str, str]]:  # noqa: ANN401 -- any JSON value of a record
    shown = text(value)
    return [{"system": system, "value": shown}] if shown else []
