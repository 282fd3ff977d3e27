"""Encounter and Composition: a stay in hospital, and the letter that came home with the person."""

from typing import Final

from vault.importing.bundle import Bundle, Entry
from vault.importing.dates import fhir_date
from vault.importing.fhir_values import (
    Resource,
    code,
    codes,
    filled,
    part,
    parts,
    period,
    phrase,
    phrases,
    sentence,
    word,
)
from vault.importing.found import Found, LeftOut, first_day, status_of
from vault.importing.items import words_of
from vault.importing.text import from_markup

_HOSPITAL: Final = frozenset({"IMP", "ACUTE", "NONAC", "EMER", "SS", "OBSENC"})  # HL7 v3 ActCode
_DISCHARGE: Final = frozenset({"373942005", "18842-5", "34105-7", "28655-9", "11490-0"})  # SNOMED CT, LOINC
_WHY: Final = ("presenting-complaints-or-issues", "diagnoses", "clinical-narrative")
_PLAN: Final = ("plan-and-requested-actions", "information-and-advice-given")
_QUESTIONS: Final = ("contact-for-further-information",)
_PRACTICE: Final = ("general-practitioner-practice",)
_NOT_IN_LETTER: Final = ("patient-demographics",)
_SECTIONS_DEEP: Final = 8


def encounter(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A hospital stay or emergency attendance; other contacts with the health service have no home."""
    held = entry.resource
    if code(held.get("class")) not in _HOSPITAL:
        return [LeftOut("is no hospital stay")]
    stay = part(held, "hospitalization")
    wards = [bundle.name_of(held, part(each, "location")) for each in parts(held, "location")]
    reasons = [part(bundle.resource(held, each), "code") for each in parts(held, "reasonReference")]
    why = [*phrases(held, "reasonCode"), *bundle.names(held, "reasonReference")]
    dates = period(part(held, "period"))
    fields = filled(
        hospital_stay__hospital=sentence([bundle.name_of(held, part(held, "serviceProvider")), *wards]),
        hospital_stay__dates=dates,
        hospital_stay__why=sentence(list(dict.fromkeys(why)), "; "),
        hospital_stay__discharged_to=phrase(part(stay, "dischargeDisposition")),
    )
    if not fields:
        return [LeftOut("says neither where nor when nor why")]
    return [
        Found(
            category="hospital_stay",
            fields=fields,
            as_of=first_day(dates.get("to", "")[:10], dates.get("from", "")[:10]),
            status=status_of(held, "cancelled"),
            codes=(*codes(*parts(held, "type")), *words_of(fields)),
            reason_codes=codes(*parts(held, "reasonCode"), *reasons),
        )
    ]


def composition(_: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A document: its sections by category where it is a discharge summary, and the whole of it as a letter."""
    held = entry.resource
    told = _sections(held, _SECTIONS_DEEP)
    if not told:
        return [LeftOut("is a document without text of its own")]
    day, status = fhir_date(word(held, "date")) or "", status_of(held)
    said = [
        Found(category="hospital_stay", part="stay", fields=_stay(held, told)),
        Found(category="gp", part="gp", fields=filled(gp__practice=_of(told, _PRACTICE))),
        Found(category="document", part="letter", fields=filled(document__file=_letter(held, told, day))),
    ]
    return [
        Found(
            category=each.category,
            part=each.part,
            fields=each.fields,
            as_of=first_day(day),
            status=status,
            codes=words_of(each.fields),
        )
        for each in said
        if each.fields
    ]


def _stay(held: Resource, told: list[tuple[Resource, str]]) -> dict[str, str]:
    if code(held.get("type")) not in _DISCHARGE:
        return {}
    found = {"why": _of(told, _WHY), "plan": _of(told, _PLAN), "questions_to": _of(told, _QUESTIONS)}
    return {f"hospital_stay.{name}": words for name, words in found.items() if words}


def _sections(held: Resource, deep: int) -> list[tuple[Resource, str]]:
    """Each section that has text, with its text; sections within sections follow the one that holds them."""
    found = []
    for each in parts(held, "section") if deep else []:
        div = part(each, "text").get("div")
        if words := from_markup(div) if isinstance(div, str) else "":
            found.append((each, words))
        found += _sections(each, deep - 1)
    return found


def _heading(section: Resource) -> str:
    return code(section.get("code"))


def _of(told: list[tuple[Resource, str]], headings: tuple[str, ...]) -> str:
    return sentence([words for heading in headings for each, words in told if _heading(each) == heading], "\n")


def _letter(held: Resource, told: list[tuple[Resource, str]], day: str) -> dict[str, str]:
    shown = [(each, words) for each, words in told if _heading(each) not in _NOT_IN_LETTER]
    content = "\n\n".join(
        f"{word(each, 'title') or phrase(each.get('code'))}\n{words}".strip() for each, words in shown
    )
    parts_of_it = {"title": word(held, "title"), "date": day, "kind": phrase(held.get("type")), "content": content}
    return {name: words for name, words in parts_of_it.items() if words} if content else {}
