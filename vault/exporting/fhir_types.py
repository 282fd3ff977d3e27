"""Items as FHIR R4 resources of one type, under names that the reader knows them by."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from vault.exporting.content import Item, item_of
from vault.exporting.fhir_file import ABOUT_THE_PERSON, patient_of
from vault.exporting.fhir_items import MAKERS
from vault.release import RecordView

IN_RESOURCE: Final[Mapping[str, frozenset[str]]] = {
    "Patient": ABOUT_THE_PERSON,
    "Condition": frozenset({"condition"}),
    "AllergyIntolerance": frozenset({"allergy"}),
    "MedicationStatement": frozenset({"medication"}),
    "Immunization": frozenset({"immunisation"}),
    "Procedure": frozenset({"procedure"}),
    "Observation": frozenset({"test", "lifestyle"}),
    "Encounter": frozenset({"hospital_stay"}),
    "CarePlan": frozenset({"care_plan"}),
}
"""The categories behind each resource type."""


def of_type(
    kind: str, records: Sequence[RecordView], *, patient: str, name_of: Callable[[UUID], str]
) -> list[dict[str, Any]]:
    """
    *records* as resources of type *kind*.

    Args:
        kind: A key of `IN_RESOURCE`.
        records: What was released, opened.
        patient: The citizen's name for the reader.
        name_of: A record's name for the reader: at most 64 letters, digits, ``-`` and ``.`` (FHIR R4, type id).
    """
    items = [item for record in records if (item := item_of(record, record.fields))]
    if kind == "Patient":
        return [{**patient_of(items), "id": patient}]
    subject = {"reference": f"Patient/{patient}"}
    return [_named(MAKERS[item.category](item, subject), item, name_of(item.record_id)) for item in items]


def _named(resource: dict[str, Any], item: Item, name: str) -> dict[str, Any]:
    source = "; ".join(part for part in (item.organisation, item.system) if part)
    meta = {"versionId": str(item.version), "lastUpdated": item.received_at.isoformat(timespec="seconds")}
    tag = {"tag": [{"display": source}]} if source else {}
    return {**resource, "id": name, "meta": {**meta, **tag}}
