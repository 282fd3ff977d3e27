"""MedicationRequest and MedicationStatement: what someone takes, how much, whether still, what for, and who says so."""

from collections.abc import Mapping
from typing import Final

from vault.importing.bundle import Bundle, Entry
from vault.importing.dates import fhir_date
from vault.importing.fhir_dose import dosages, dose
from vault.importing.fhir_values import (
    Resource,
    codes,
    filled,
    is_true,
    part,
    parts,
    phrase,
    phrases,
    sentence,
    when,
    word,
)
from vault.importing.found import Found, LeftOut, first_day, status_of

NOT_NAMED: Final = "medicine not named by the source: ask"
_OVER: Final = ("stopped", "completed", "cancelled", "not-taken", "ended")
_STATUS: Final[Mapping[str, str]] = {
    "active": "taking now",
    "on-hold": "paused",
    "cancelled": "cancelled before it was taken",
    "completed": "finished",
    "entered-in-error": "entered by mistake",
    "stopped": "stopped",
    "draft": "not prescribed yet",
    "intended": "not started yet",
    "not-taken": "not taken",
}
_NOT_ORDERS: Final = frozenset({"proposal", "plan", "option"})


def medication(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """One medicine, as ordered or as said to be taken."""
    held = entry.resource
    concept = _concept(bundle, held)
    name = phrase(concept) or word(part(held, "medicationReference"), "display") or NOT_NAMED
    reasons = _reasons(bundle, held)
    dates = when(held, "effective")
    return [
        Found(
            category="medication",
            fields=filled(
                medication__name=f"Do not give: {name}" if is_true(held, "doNotPerform") else name,
                medication__dose=dose(dosages(held)),
                medication__status=_status(held, dates),
                medication__reason=sentence(_reason_words(bundle, held), "; "),
                medication__prescriber=_said_by(bundle, held),
            ),
            as_of=first_day(word(held, "dateAsserted"), word(held, "authoredOn"), dates.get("from", "")),
            status=status_of(held, *_OVER),
            codes=codes(concept),
            reason_codes=codes(*reasons),
        )
    ]


def _concept(bundle: Bundle, held: Resource) -> Resource:
    return part(held, "medicationCodeableConcept") or part(
        bundle.resource(held, part(held, "medicationReference")), "code"
    )


def _reasons(bundle: Bundle, held: Resource) -> list[Resource]:
    referred = [part(bundle.resource(held, each), "code") for each in parts(held, "reasonReference")]
    needed = [part(each, "asNeededCodeableConcept") for each in dosages(held)]
    shown = [{"text": word(each, "display")} for each in parts(held, "reasonReference") if word(each, "display")]
    return [each for each in [*parts(held, "reasonCode"), *referred, *needed, *shown] if each]


def _reason_words(bundle: Bundle, held: Resource) -> list[str]:
    return list(dict.fromkeys([*phrases(held, "reasonCode"), *bundle.names(held, "reasonReference")]))


def _status(held: Resource, dates: Mapping[str, str]) -> str:
    given = word(held, "status")
    if given == "active" and word(held, "intent") in _NOT_ORDERS:
        return "proposed, not prescribed"
    since = dates.get("from") or fhir_date(word(held, "authoredOn")) or fhir_date(word(held, "dateAsserted"))
    status = _STATUS.get(given, "not known whether it is taken")
    if given in _OVER and (ended := dates.get("to")):
        return f"{status}, {ended}"
    begun = "since" if given == "active" else "prescribed"
    return f"{status}, {begun} {since}" if since else status


def _said_by(bundle: Bundle, held: Resource) -> str:
    for member in ("requester", "informationSource"):
        reference = part(held, member)
        if "Patient/" not in word(reference, "reference") and (name := bundle.name_of(held, reference)):
            return name
    return ""
