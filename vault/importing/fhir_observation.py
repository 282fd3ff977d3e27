"""Observation and DiagnosticReport: tests and measurements with their values; smoking, alcohol and drugs."""

import re
from typing import Final

from vault.importing.bundle import Bundle, Entry
from vault.importing.dates import fhir_date
from vault.importing.fhir_values import (
    Resource,
    choice,
    codes,
    codings,
    filled,
    number,
    part,
    parts,
    phrase,
    phrases,
    quantity,
    sentence,
    when,
    word,
)
from vault.importing.found import Found, LeftOut, first_day, status_of
from vault.importing.items import Value, words_of

_SMOKING: Final = frozenset({"72166-2", "230058003", "77176002", "266919005", "365980008", "229819007", "401201003"})
_ALCOHOL_DRUGS: Final = frozenset(
    {"1082631000000102", "1082641000000106", "160573003", "228273003", "307052004", "228366006", "361055000"}
    | {"74013-4", "75626-2", "72109-2", "82667-7", "68518-0", "68519-8", "68520-6"}
)
_SMOKING_WORDS: Final = re.compile(r"smok|tobacco|cigar|vap(e|ing)", re.IGNORECASE)
_ALCOHOL_DRUG_WORDS: Final = re.compile(r"alcohol|drink|drug use|drug abuse|substance|opioid|misuse", re.IGNORECASE)
_HABITS: Final = frozenset({"social-history", "survey"})


def observation(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A test, measurement or habit, with its value."""
    held = entry.resource
    name = phrase(held.get("code"))
    if not name:
        return [LeftOut("names no test")]
    day = _day(held)
    fields = _lifestyle(held, name, _told(bundle, held)) or _test(held, name, _told(bundle, held), day)
    if not fields:
        return [LeftOut("is social history without a home in the catalogue")]
    category = next(iter(fields)).partition(".")[0]
    judged = (*codes(held.get("code"), part(held, "valueCodeableConcept")), *words_of(fields))
    status = status_of(held, "cancelled")
    return [Found(category=category, fields=fields, as_of=first_day(day), status=status, codes=judged)]


def _kinds(held: Resource) -> set[str]:
    return {word(each, "code") for concept in parts(held, "category") for each in codings(concept)}


def _lifestyle(held: Resource, name: str, told: str) -> dict[str, Value]:
    given = {word(each, "code") for each in codings(held.get("code"))}
    habit = bool(_kinds(held) & _HABITS)
    if given & _ALCOHOL_DRUGS or (habit and _ALCOHOL_DRUG_WORDS.search(name)):
        return filled(lifestyle__alcohol_drugs=told)
    if given & _SMOKING or (habit and _SMOKING_WORDS.search(name)):
        return filled(lifestyle__smoking=told)
    return {}


def _test(held: Resource, name: str, told: str, day: str) -> dict[str, Value]:
    if "social-history" in _kinds(held) and name == told:
        return {}
    return filled(test__result=told, test__date=day)


def _day(held: Resource) -> str:
    began = when(held, "effective").get("from")
    return began or fhir_date(word(held, "issued")) or ""


def _told(bundle: Bundle, held: Resource) -> str:
    """Name and value in one line: “Serum albumin level: 47 g/L (usual 35 to 50)”."""
    name, said = phrase(held.get("code")), _value(held)
    inner = [f"{phrase(each.get('code'))} {_value(each)}".strip() for each in parts(held, "component")]
    members = [] if said or inner else bundle.names(held, "hasMember")
    judged = sentence(phrases(held, "interpretation"))
    usual = _usual(part(held, "referenceRange"))
    notes = sentence([judged, f"usual {usual}" if usual else ""])
    values = sentence([said, *inner, *members], "; ")
    told = f"{name}: {values}" if values else name
    return f"{told} ({notes})" if notes else told


def _value(held: Resource) -> str:
    for kind, given in choice(held, "value"):
        if shown := _of_kind(kind.removeprefix("value"), given):
            return shown
    absent = phrase(held.get("dataAbsentReason"))
    return f"no result: {absent}" if absent else ""


def _of_kind(kind: str, given: object) -> str:
    if kind in {"Quantity", "SampledData"}:
        return quantity(given)
    if kind == "CodeableConcept":
        return phrase(given)
    if kind in {"Range", "Ratio"}:
        ends = [quantity(part(given, end)) for end in ("low", "high", "numerator", "denominator")]
        return sentence(ends, " to " if kind == "Range" else " in ")
    if kind == "Period":
        return sentence([fhir_date(word(given, end)) or "" for end in ("start", "end")], " to ")
    shown = word({"": given}, "")
    return (fhir_date(shown) or shown) if kind == "DateTime" else shown


def _usual(usual: Resource) -> str:
    low, high = (number(part(usual, end).get("value")) for end in ("low", "high"))
    return f"{low} to {high}" if low and high else word(usual, "text")


def report(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A diagnostic report: its name and conclusion. The results it points to are items of their own."""
    held = entry.resource
    name = phrase(held.get("code"))
    if not name:
        return [LeftOut("names no test")]
    concluded = sentence([word(held, "conclusion"), *phrases(held, "conclusionCode")], "; ")
    results = sentence(bundle.names(held, "result"), "; ")
    told = f"{name}: {concluded}" if concluded else f"{name} (of {results})" if results else name
    day = _day(held)
    return [
        Found(
            category="test",
            fields=filled(test__result=told, test__date=day),
            as_of=first_day(day),
            status=status_of(held, "cancelled"),
            codes=(*codes(held.get("code"), *parts(held, "conclusionCode")), *words_of({"": told})),
        )
    ]
