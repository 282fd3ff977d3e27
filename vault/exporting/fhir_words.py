"""Words of the record as FHIR R4 elements: text that FHIR takes, dates, and codes where words have one."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_DATE: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})")
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"

CLINICAL: Final = {
    "have it now": "active",
    "have it again": "recurrence",
    "do not have it now": "inactive",
    "in remission": "remission",
    "no longer have it": "resolved",
}
VERIFIED: Final = {
    "not confirmed": "unconfirmed",
    "one of several possibilities": "differential",
    "ruled out": "refuted",
    "entered by mistake": "entered-in-error",
}
TAKING: Final = {
    "taking now": "active",
    "paused": "on-hold",
    "cancelled": "not-taken",
    "not taken": "not-taken",
    "not started yet": "intended",
    "not prescribed yet": "intended",
    "finished": "completed",
    "stopped": "stopped",
}


def text(value: Any) -> str:  # noqa: ANN401 -- any JSON value of a record
    """*value* as one FHIR string (FHIR R4, section 2.24.0.1): no control characters, no space at the ends."""
    if isinstance(value, str):
        plain = value
    elif isinstance(value, Mapping):
        plain = "; ".join(f"{key.replace('_', ' ')}: {text(held)}" for key, held in value.items() if held)
    elif isinstance(value, list):
        plain = "; ".join(text(each) for each in value)
    else:
        plain = "" if value is None else orjson.dumps(value).decode()
    return _CONTROL.sub("", plain).strip()


def concept(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 -- any JSON value of a record
    """A CodeableConcept that has words only: the vault keeps what a source said, not its codes."""
    shown = text(value)
    return {"text": shown} if shown else None


def coded(system: str, code: str | None) -> dict[str, Any] | None:
    """A CodeableConcept of one of HL7's own code systems."""
    return {"coding": [{"system": _TERMINOLOGY + system, "code": code}]} if code else None


def found(words: str, among: Mapping[str, str]) -> str | None:
    """The code whose words *words* begin with, or hold as one of their parts."""
    parts = [part.strip() for part in words.split(",")]
    return next((code for said, code in among.items() if said in parts or words.startswith(said)), None)


def is_date(value: object) -> bool:
    """Whether *value* is a FHIR date or dateTime."""
    return isinstance(value, str) and bool(_DATE.fullmatch(value) or _MOMENT.fullmatch(value))


def dated(stem: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value of a record
    """*value* as the choice *stem*: ``…DateTime`` where it is a date, else ``…String``; empty where it says nothing."""
    if isinstance(value, Mapping):
        value = value.get("from") or value.get("about") or ""
    if is_date(value):
        return {f"{stem}DateTime": value}
    shown = text(value)
    return {f"{stem}String": shown} if shown else {}


def period(value: Any) -> dict[str, str] | None:  # noqa: ANN401 -- any JSON value of a record
    """A Period of the dates in *value*; nothing where there is none."""
    if not isinstance(value, Mapping):
        return {"start": value} if is_date(value) else None
    ends = (("start", value.get("from")), ("end", value.get("to")))
    return {name: str(held) for name, held in ends if is_date(held)} or None


def filled(**members: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    """Only those of *members* that say something: FHIR has no empty element."""
    return {name: held for name, held in members.items() if held not in (None, "", [], {}, [None])}
