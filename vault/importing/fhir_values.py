"""Reaching into FHIR resources without trusting them: every reader answers “nothing” where a type is not what R4 says.

Only these readers touch raw resources, so a wrong type anywhere can never raise, and only what is asked for by name is
ever picked up.
"""

import decimal
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from vault.importing.dates import fhir_date, fhir_moment
from vault.importing.items import Code, Value
from vault.importing.text import clean

Resource: TypeAlias = Mapping[str, Any]
NOTHING: Final[Resource] = {}
_SEMANTIC_TAG: Final = re.compile(
    r" \((disorder|finding|situation|procedure|event|substance|product|observable entity|regime/therapy|person"
    r"|qualifier value|morphologic abnormality|body structure|occupation|record artifact|(clinical|medicinal) \w+)\)$"
)
_NUMBER: Final = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?")
_UNITS: Final[Mapping[str, str]] = {
    "Cel": "°C",
    "degree Celsius": "°C",
    "[degF]": "°F",
    "mm[Hg]": "mmHg",
    "millimeter of mercury": "mmHg",
    "percent": "%",
    "meter": "m",
    "kilogram": "kg",
    "milligram": "mg",
    "{score}": "",
    "ScoreOf": "",
    "{ScoreOf}": "",
    "1": "",
}
"""UCUM codes and long names that people read in another spelling; others are shown as they came."""
_MACHINE_DIGITS: Final = 6  # more decimals than any instrument shows: an artefact of binary fractions
_KEPT_DIGITS: Final = decimal.Context(prec=4)


def part(outer: object, *path: str) -> Resource:
    """The object at *path*, or an empty one; the first where R4 or the sender has a list."""
    held: Any = outer
    for name in path:
        held = held.get(name) if isinstance(held, Mapping) else None
        if isinstance(held, list):
            held = next((each for each in held if isinstance(each, Mapping)), None)
    return held if isinstance(held, Mapping) else NOTHING


def parts(outer: object, name: str) -> list[Resource]:
    """The objects in list *name*; a lone object counts as a list of one."""
    held = outer.get(name) if isinstance(outer, Mapping) else None
    given = held if isinstance(held, list) else [held]
    return [each for each in given if isinstance(each, Mapping)]


def word(outer: object, name: str) -> str:
    """The text *name*, cleaned; numbers and truth values in their JSON spelling; empty where there is none."""
    held = outer.get(name) if isinstance(outer, Mapping) else None
    if isinstance(held, str):
        return clean(held)
    if isinstance(held, bool):
        return "yes" if held else "no"
    return str(held) if isinstance(held, int) else ""


def words(outer: object, name: str) -> list[str]:
    """The texts in list *name*."""
    held = outer.get(name) if isinstance(outer, Mapping) else None
    return (
        [shown for each in held if isinstance(each, str) and (shown := clean(each))] if isinstance(held, list) else []
    )


def is_true(outer: object, name: str) -> bool:
    """Whether *name* is the JSON value true."""
    return isinstance(outer, Mapping) and outer.get(name) is True


def codings(concept: object) -> list[Resource]:
    """The codings of a CodeableConcept; a bare Coding counts as one."""
    given = parts(concept, "coding")
    return given or ([concept] if isinstance(concept, Mapping) and "code" in concept else [])


def code(concept: object, system: str = "") -> str:
    """The first code of a concept, within *system* where one is named (its end is enough)."""
    return next((word(each, "code") for each in codings(concept) if word(each, "system").endswith(system)), "")


def phrase(concept: object) -> str:
    """
    A CodeableConcept in words: its text, else its first display, else its first code.

    SNOMED CT's semantic tag, as in “Asthma (disorder)”, is for machines and goes.
    """
    displays = (display for each in codings(concept) if (display := word(each, "display")))
    return _SEMANTIC_TAG.sub("", word(concept, "text") or next(displays, "")) or code(concept)


def phrases(outer: object, name: str) -> list[str]:
    """The concepts in list *name*, in words, none twice."""
    return list(dict.fromkeys(shown for each in parts(outer, name) if (shown := phrase(each))))


def codes(*concepts: object) -> tuple[Code, ...]:
    """What the sensitivity list judges: every coding of *concepts*, and the words of those that have none."""
    found: list[Code] = []
    for concept in concepts:
        text = phrase(concept)
        given = [(word(each, "system"), word(each, "code"), word(each, "display") or text) for each in codings(concept)]
        found += given or ([("", "", text)] if text else [])
    return tuple(found)


def extension(outer: object, *urls: str) -> Resource:
    """The extension whose address ends in *urls*[0], then within it *urls*[1] and so on; each may be several deep."""
    held: Resource = outer if isinstance(outer, Mapping) else NOTHING
    for url in urls:
        held = next((each for each in parts(held, "extension") if word(each, "url").endswith(url)), NOTHING)
    return held


def choice(outer: object, stem: str) -> Iterator[tuple[str, Any]]:
    """The members of a choice type: for ``value``, each (``valueQuantity``, …) that is there."""
    if isinstance(outer, Mapping):
        yield from (
            (name, held) for name, held in outer.items() if name.startswith(stem) and name[len(stem) :][:1].isupper()
        )


def number(held: object) -> str:
    """A JSON number as people read it: never more digits than an instrument has; empty where it is none."""
    if isinstance(held, bool) or not isinstance(held, int | str) or not _NUMBER.fullmatch(str(held)):
        return ""
    exact = decimal.Decimal(str(held))
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _MACHINE_DIGITS:
        whole = len(str(abs(int(exact))))
        exact = decimal.Context(prec=max(_KEPT_DIGITS.prec, whole + 1)).plus(exact)
    return f"{exact:f}"


def quantity(held: object) -> str:
    """A Quantity in words: ``below 5 mmol/L``; the unit's words, else its code."""
    amount = number(held.get("value")) if isinstance(held, Mapping) else ""
    if not amount:
        return ""
    less = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least "}.get(word(held, "comparator"), "")
    unit = word(held, "unit") or word(held, "code")
    return f"{less}{amount} {_UNITS.get(unit, unit)}".strip()


def period(held: object) -> dict[str, str]:
    """A Period as ``{"from": …, "to": …}``, with times where they were written; a missing end is absent."""
    ends = (("from", fhir_moment(word(held, "start"))), ("to", fhir_moment(word(held, "end"))))
    return {name: shown for name, shown in ends if shown}


def when(outer: object, stem: str) -> dict[str, str]:
    """A choice of dateTime, Period, Age, Range or string as labelled parts: ``from`` and ``to``, or ``about``."""
    for name, held in choice(outer, stem):
        kind = name[len(stem) :]
        if kind == "Period" and (between := {end: shown[:10] for end, shown in period(held).items()}):
            return between
        if isinstance(held, str) and (shown := fhir_date(held)):
            return {"from": shown}
        if kind == "Age" and (age := quantity(held)):
            return {"about": f"at {age}"}
        if kind == "Range":
            return {"about": f"between {quantity(part(held, 'low'))} and {quantity(part(held, 'high'))}"}
        if kind == "String" and isinstance(held, str):
            return {"about": clean(held)}
    return {}


def filled(**fields: Value) -> dict[str, Value]:
    """Only the fields that say something, ``category__field`` spelled ``category.field``."""
    return {name.replace("__", "."): held for name, held in fields.items() if held}


def sentence(given: Sequence[str], joint: str = ", ") -> str:
    """The parts of *given* that say something, joined."""
    return joint.join(each for each in given if each)
