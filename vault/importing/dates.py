"""Dates as silos write them: FHIR's partial dates and instants, and the council's own formats.

A moment keeps the day that was written: 23:30 in New York stays that day. Nothing is moved to another time zone.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

_FHIR: Final = re.compile(
    r"(?P<day>\d{4}(-\d{2}(-\d{2})?)?)"
    r"(T(?P<time>\d{2}:\d{2})(:\d{2}(\.\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:\d{2})?)?"
)
_WHOLE_DAY: Final = len("2011-08-02")
_MIDNIGHT: Final = "00:00"
_SENSIBLE_YEARS: Final = range(1850, 2201)


def fhir_day(written: str) -> date | None:
    """The day of a FHIR date, dateTime or instant; the first day of a partial one; None where it is none."""
    shown = fhir_date(written)
    return None if shown is None else date.fromisoformat((shown + "-01-01")[:_WHOLE_DAY])


def fhir_date(written: str) -> str | None:
    """A FHIR date, dateTime or instant as ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, as precise as it was written."""
    found = _FHIR.fullmatch(written)
    if found is None or not _is_day(found["day"]):
        return None
    return found["day"]


def fhir_moment(written: str) -> str | None:
    """The same with the time where one was written and is not midnight: ``2019-12-10 13:00``."""
    day = fhir_date(written)
    found = _FHIR.fullmatch(written)
    if day is None or found is None or found["time"] in {None, _MIDNIGHT}:
        return day
    return f"{day} {found['time']}"


def _is_day(written: str) -> bool:
    try:
        return date.fromisoformat((written + "-01-01")[:_WHOLE_DAY]).year in _SENSIBLE_YEARS
    except ValueError:
        return False


def in_formats(written: str, formats: Iterable[str]) -> datetime | None:
    """*written* read by the first of *formats* (as of `datetime.strptime`) that fits, or None."""
    for each in formats:
        try:
            read = datetime.strptime(written, each)  # noqa: DTZ007 -- a council's local day or hour, kept as written
        except ValueError:
            continue
        if read.year in _SENSIBLE_YEARS:
            return read
    return None
