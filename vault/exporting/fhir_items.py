"""One item of the record as one FHIR R4 resource, by category; some categories have none."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from vault.catalogue import CATALOGUE
from vault.exporting.content import Item
from vault.exporting.fhir_words import (
    CLINICAL,
    TAKING,
    VERIFIED,
    coded,
    concept,
    dated,
    filled,
    found,
    is_date,
    period,
    text,
)
from vault.kinds import RecordStatus

Resource = dict[str, Any]
Subject = Mapping[str, str]

_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_MISTAKE: Final = "entered-in-error"
_ENDED: Final = frozenset({"inactive", "resolved", "remission"})


def _mistaken(item: Item) -> bool:
    return item.status is RecordStatus.ENTERED_IN_ERROR


def _condition(item: Item, subject: Subject) -> Resource:
    words = text(item.fields.get("condition.status"))
    dates = item.fields.get("condition.dates")
    clinical = found(words, CLINICAL) or ("resolved" if item.status is RecordStatus.HISTORY else None)
    verified = _MISTAKE if _mistaken(item) else found(words, VERIFIED)
    ended = dates.get("to") if isinstance(dates, Mapping) and clinical in _ENDED else None
    return filled(
        resourceType="Condition",
        # INVARIANT con-5: an entry made by mistake has no clinical status.
        clinicalStatus=None if verified == _MISTAKE else coded("condition-clinical", clinical),
        verificationStatus=coded("condition-ver-status", verified),
        code=concept(item.fields.get("condition.name")),
        subject=subject,
        **dated("onset", dates),
        **(dated("abatement", ended) if ended else {}),
        recordedDate=_as_of(item),
    )


def _allergy(item: Item, subject: Subject) -> Resource:
    fields = item.fields
    status = text(fields.get("allergy.status"))
    mistake = _mistaken(item)
    clinical = "inactive" if "past" in status or item.status is RecordStatus.HISTORY else "active"
    reaction = concept(fields.get("allergy.reaction"))
    verified = _MISTAKE if mistake else found(status, {k: v for k, v in VERIFIED.items() if v != "differential"})
    return filled(
        resourceType="AllergyIntolerance",
        clinicalStatus=None if verified == _MISTAKE else coded("allergyintolerance-clinical", clinical),
        verificationStatus=coded("allergyintolerance-verification", verified),
        code=concept(fields.get("allergy.to_what") or fields.get("allergy.none_known")),
        patient=subject,
        recordedDate=_as_of(item),
        reaction=[{"manifestation": [reaction]}] if reaction else None,
    )


def _medication(item: Item, subject: Subject) -> Resource:
    fields = item.fields
    words = text(fields.get("medication.status"))
    otherwise = "completed" if item.status is RecordStatus.HISTORY else "unknown"
    dose, prescriber = text(fields.get("medication.dose")), text(fields.get("medication.prescriber"))
    return filled(
        resourceType="MedicationStatement",
        status=_MISTAKE if _mistaken(item) else found(words, TAKING) or otherwise,
        medicationCodeableConcept=concept(fields.get("medication.name")) or {"text": "not named"},
        subject=subject,
        dateAsserted=_as_of(item),
        informationSource={"display": prescriber} if prescriber else None,
        reasonCode=[concept(fields.get("medication.reason"))],
        dosage=[{"text": dose}] if dose else None,
        note=_notes(words, fields.get("medication.help_needed")),
    )


def _immunisation(item: Item, subject: Subject) -> Resource:
    name = text(item.fields.get("immunisation.vaccine"))
    status = "not-done" if "(not given" in name else "completed"
    return filled(
        resourceType="Immunization",
        status=_MISTAKE if _mistaken(item) else status,
        vaccineCode=concept(name) or {"text": "not named"},
        patient=subject,
        **(dated("occurrence", item.fields.get("immunisation.date")) or {"occurrenceString": "not recorded"}),
    )


def _procedure(item: Item, subject: Subject) -> Resource:
    name = text(item.fields.get("procedure.name"))
    said = {"(not done)": "not-done", "(planned)": "preparation", "(not finished)": "stopped"}
    status = next((code for words, code in said.items() if name.endswith(words)), "completed")
    return filled(
        resourceType="Procedure",
        status=_MISTAKE if _mistaken(item) else status,
        code=concept(name),
        subject=subject,
        **dated("performed", item.fields.get("procedure.date")),
    )


def _test(item: Item, subject: Subject) -> Resource:
    name, _, value = text(item.fields.get("test.result")).partition(": ")
    return _observation(item, subject, name, value, item.fields.get("test.date"))


def _lifestyle(item: Item, subject: Subject) -> Resource:
    field, value = next(iter(item.fields.items()))
    return _observation(item, subject, CATALOGUE.field(field).words, text(value), item.as_of)


def _observation(item: Item, subject: Subject, name: str, value: str, day: object) -> Resource:
    return filled(
        resourceType="Observation",
        status=_MISTAKE if _mistaken(item) else "final",
        code=concept(name) or {"text": "not named"},
        subject=subject,
        effectiveDateTime=day if is_date(day) else None,
        valueString=value,
    )


def _stay(item: Item, subject: Subject) -> Resource:
    fields = item.fields
    hospital = text(fields.get("hospital_stay.hospital"))
    gone = concept(fields.get("hospital_stay.discharged_to"))
    return filled(
        resourceType="Encounter",
        status=_MISTAKE if _mistaken(item) else "unknown",
        **{"class": {"system": _ACT, "code": "IMP"}},
        subject=subject,
        period=period(fields.get("hospital_stay.dates")),
        reasonCode=[concept(fields.get("hospital_stay.why"))],
        hospitalization={"dischargeDisposition": gone} if gone else None,
        serviceProvider={"display": hospital} if hospital else None,
    )


def _plan(item: Item, subject: Subject) -> Resource:
    fields = item.fields
    return filled(
        resourceType="CarePlan",
        status=_MISTAKE if _mistaken(item) else "unknown",
        intent="plan",
        description=text(fields.get("care_plan.what_we_do")),
        subject=subject,
        period=period(fields.get("care_plan.dates")),
        note=_notes(fields.get("care_plan.goals")),
    )


def _notes(*values: Any) -> list[Resource] | None:  # noqa: ANN401 -- any JSON value of a record
    said = [text(each) for each in values]
    return [{"text": each} for each in said if each] or None


def _as_of(item: Item) -> str | None:
    return item.as_of if is_date(item.as_of) else None


MAKERS: Final[Mapping[str, Callable[[Item, Subject], Resource]]] = {
    "condition": _condition,
    "allergy": _allergy,
    "medication": _medication,
    "immunisation": _immunisation,
    "procedure": _procedure,
    "test": _test,
    "lifestyle": _lifestyle,
    "hospital_stay": _stay,
    "care_plan": _plan,
}
"""What makes the resource of each category that has one."""
