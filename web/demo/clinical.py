"""One FHIR R4 resource for each thing the invented hospital wrote about a resident (http://hl7.org/fhir/R4).

Codes are given only where they are known (SNOMED CT, LOINC); medicines and vaccines are named in words.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
_TERMS: Final = "http://terminology.hl7.org/CodeSystem"
HEADINGS: Final = "https://fhir.hl7.org.uk/CodeSystem/UKCore-RecordStandardHeadings"
NO_KNOWN_ALLERGY: Final = {"system": SNOMED, "code": "716186003", "display": "No known allergy"}

Resource = dict[str, Any]
Given = Mapping[str, Any]


def coded(system: str, code: str, display: str) -> Resource:
    """A CodeableConcept of one coding, with its words."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _concept(given: Given, system: str = SNOMED) -> Resource:
    return coded(system, given["code"], given["words"]) if "code" in given else {"text": given["words"]}


def _status(kind: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_TERMS}/{kind}", "code": code}]}


def condition(given: Given, patient: str) -> Resource:
    """A health condition with when it began and ended."""
    ended = {"abatementDateTime": given["until"]} if "until" in given else {}
    return {
        "resourceType": "Condition",
        "clinicalStatus": _status("condition-clinical", given["status"]),
        "verificationStatus": _status("condition-ver-status", "confirmed"),
        "code": _concept(given),
        "subject": {"reference": patient},
        "onsetDateTime": given["since"],
        **ended,
    }


def allergy(given: Given, patient: str) -> Resource:
    """An allergy with its reaction, or that none is known, said by whom."""
    common = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": _status("allergyintolerance-clinical", "active"),
        "verificationStatus": _status("allergyintolerance-verification", "confirmed"),
        "patient": {"reference": patient},
        "recordedDate": given["since"],
    }
    if given.get("none_known"):
        said = {"display": given["by"]}
        return {**common, "code": {"coding": [NO_KNOWN_ALLERGY], "text": "No known allergy"}, "recorder": said}
    reaction = {"manifestation": [{"text": given["reaction"]}], "severity": given["severity"]}
    return {**common, "code": _concept(given), "criticality": given["criticality"], "reaction": [reaction]}


def medicine(given: Given, patient: str) -> Resource:
    """A medicine ordered: name, dose in words, whether it is taken now, and what for."""
    reason = {"reasonCode": [{"text": given["reason"]}]} if "reason" in given else {}
    return {
        "resourceType": "MedicationRequest",
        "status": given["status"],
        "intent": "order",
        "medicationCodeableConcept": _concept(given),
        "subject": {"reference": patient},
        "authoredOn": given["since"],
        "requester": {"display": "Ward pharmacist, Ferndale General Hospital"},
        "dosageInstruction": [{"text": given["dose"]}],
        **reason,
    }


def immunisation(given: Given, patient: str) -> Resource:
    """A vaccination."""
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": _concept(given),
        "patient": {"reference": patient},
        "occurrenceDateTime": given["on"],
    }


def procedure(given: Given, patient: str) -> Resource:
    """An operation or procedure."""
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": _concept(given),
        "subject": {"reference": patient},
        "performedDateTime": given["on"],
    }


def test(given: Given, patient: str) -> Resource:
    """A measurement: one quantity, one answer in words, or the two values of a blood pressure."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [_status("observation-category", "social-history" if "answer" in given else "laboratory")],
        "code": _concept(given, LOINC),
        "subject": {"reference": patient},
        "effectiveDateTime": given["on"],
        **_value(given),
    }


def _value(given: Given) -> Resource:
    if "answer" in given:
        return {"valueCodeableConcept": {"text": given["answer"]}}
    if "value" in given:
        return {"valueQuantity": {"value": given["value"], "unit": given["unit"]}}
    parts = (("8480-6", "Systolic blood pressure", "systolic"), ("8462-4", "Diastolic blood pressure", "diastolic"))
    return {
        "component": [
            {"code": coded(LOINC, code, words), "valueQuantity": {"value": given[name], "unit": "mmHg"}}
            for code, words, name in parts
        ]
    }


def stay(given: Given, patient: str) -> Resource:
    """A hospital stay or emergency attendance."""
    left = {"dischargeDisposition": {"text": given["discharged_to"]}} if "discharged_to" in given else {}
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": f"{_TERMS}/v3-ActCode", "code": given["kind"]},
        "subject": {"reference": patient},
        "period": {"start": given["from"], "end": given["until"]},
        "reasonCode": [{"text": given["reason"]}],
        "serviceProvider": {"display": "Ferndale General Hospital"},
        "location": [{"location": {"display": given["place"]}}],
        "hospitalization": left,
    }


BUILDERS: Final[Mapping[str, Callable[[Given, str], Resource]]] = {
    "stays": stay,
    "conditions": condition,
    "allergies": allergy,
    "medicines": medicine,
    "immunisations": immunisation,
    "procedures": procedure,
    "tests": test,
}
"""Heading in a resident's file → what makes its resources."""
