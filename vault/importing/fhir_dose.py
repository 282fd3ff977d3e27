"""A FHIR Dosage in the words a carer can act on. What the source does not say is said to be missing, never guessed."""

from collections.abc import Mapping
from typing import Any, Final

from vault.importing.dates import fhir_date
from vault.importing.fhir_values import (
    Resource,
    choice,
    is_true,
    number,
    part,
    parts,
    phrase,
    phrases,
    quantity,
    sentence,
    word,
    words,
)

NOT_RECORDED: Final = "dose not recorded: ask"
_TIMES: Final = {"1": "once", "2": "twice"}
_UNITS: Final = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}
_WHEN: Final[Mapping[str, str]] = {
    "MORN": "in the morning",
    "NOON": "at noon",
    "AFT": "in the afternoon",
    "EVE": "in the evening",
    "NIGHT": "at night",
    "HS": "at bedtime",
    "WAKE": "on waking",
    "C": "with meals",
    "CM": "with breakfast",
    "CD": "with lunch",
    "CV": "with supper",
    "AC": "before meals",
    "ACM": "before breakfast",
    "ACD": "before lunch",
    "ACV": "before supper",
    "PC": "after meals",
    "PCM": "after breakfast",
    "PCD": "after lunch",
    "PCV": "after supper",
}
"""FHIR R4 event-timing; a code that is not here is shown as it came."""


def dose(dosages: list[Resource]) -> str:
    """
    All dosages of one medicine in words, in the order of the source.

    “500mg three times a day”; “1, once a day (unit not recorded)”; or `NOT_RECORDED`.
    """
    said = [shown for each in dosages if (shown := _one(each))]
    return "; then ".join(said) or NOT_RECORDED


def _one(dosage: Resource) -> str:
    told = word(dosage, "text")
    more = [*phrases(dosage, "additionalInstruction"), word(dosage, "patientInstruction"), _at_most(dosage)]
    if told:
        amount = "" if any(sign.isdecimal() for sign in told) else _amount(dosage)
        added = sentence([amount, *(each for each in more if each not in told)], "; ")
        return f"{told.removesuffix('.')}; {added}" if added else told
    amount, how_often = _amount(dosage), _how_often(part(dosage, "timing"))
    needed = _as_needed(dosage)
    if not amount and not how_often:
        rest = sentence([needed, *more])
        return f"{rest} ({NOT_RECORDED})" if rest else ""
    route = phrase(dosage.get("route"))
    missing = "" if _has_unit(dosage) else "(unit not recorded)" if amount else "(amount not recorded: ask)"
    taken = sentence([amount, how_often or "how often not recorded: ask", needed, route.lower(), *more])
    return f"{taken} {missing}".strip()


def _amounts(dosage: Resource) -> list[tuple[str, Any]]:
    rate = part(dosage, "doseAndRate")
    return [*choice(rate, "dose"), *choice(rate, "rate"), *choice(dosage, "dose")]


def _amount(dosage: Resource) -> str:
    shown = []
    for name, held in _amounts(dosage):
        low, high = quantity(part(held, "low")), quantity(part(held, "high"))
        numerator, denominator = quantity(part(held, "numerator")), quantity(part(held, "denominator"))
        rate = f"{numerator} in {denominator}" if numerator and denominator else ""
        between = f"{low} to {high}" if low and high else low or high
        amount = quantity(held) or between or rate
        shown.append(f"at {amount}" if amount and name.startswith("rate") else amount)
    return sentence(shown)


def _has_unit(dosage: Resource) -> bool:
    given = [held for _, held in _amounts(dosage)]
    ends = [*given, *(part(each, "low") for each in given), *(part(each, "numerator") for each in given)]
    return any(word(each, "unit") or word(each, "code") for each in ends)


def _as_needed(dosage: Resource) -> str:
    reason = phrase(dosage.get("asNeededCodeableConcept"))
    if reason:
        return f"as needed for {reason.lower()}"
    return "as needed" if is_true(dosage, "asNeededBoolean") else ""


def _at_most(dosage: Resource) -> str:
    limit = part(dosage, "maxDosePerPeriod")
    most, within = quantity(part(limit, "numerator")), quantity(part(limit, "denominator"))
    return f"no more than {most} in {within}" if most and within else ""


def _how_often(timing: Resource) -> str:
    repeat = part(timing, "repeat")
    days = sentence(words(repeat, "dayOfWeek"))
    at = [_WHEN.get(each, each) for each in words(repeat, "when")] + words(repeat, "timeOfDay")
    often = [_frequency(repeat), f"on {days}" if days else "", *at, _bounds(repeat)]
    return sentence(often) or phrase(timing.get("code"))


def _frequency(repeat: Resource) -> str:
    times, span = number(repeat.get("frequency")), number(repeat.get("period"))
    most, unit = number(repeat.get("frequencyMax")), _UNITS.get(word(repeat, "periodUnit"), "")
    if not span or not unit:
        return ""
    per = f"a {unit}" if span == "1" else f"every {span} {unit}s"
    if most and times and most != times:
        return f"{times} to {most} times {per}"
    often = _TIMES.get(times, f"{times} times" if times else "")
    return per if often in {"", "once"} and span != "1" else sentence([often or "once", per], " ")


def _bounds(repeat: Resource) -> str:
    lasting = quantity(part(repeat, "boundsDuration"))
    until = fhir_date(word(part(repeat, "boundsPeriod"), "end"))
    return f"for {lasting}" if lasting else f"until {until}" if until else ""


def dosages(holder: Resource) -> list[Resource]:
    """The dosages of a MedicationRequest or MedicationStatement."""
    return [*parts(holder, "dosageInstruction"), *parts(holder, "dosage")]
