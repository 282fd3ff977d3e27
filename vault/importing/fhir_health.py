"""Condition, AllergyIntolerance, Immunization, Procedure: what the health service wrote about a body."""

from collections.abc import Mapping
from typing import Final

from vault.importing.bundle import Bundle, Entry
from vault.importing.dates import fhir_date
from vault.importing.fhir_values import (
    Resource,
    code,
    codes,
    codings,
    filled,
    part,
    parts,
    phrase,
    sentence,
    when,
    word,
)
from vault.importing.found import Found, LeftOut, first_day, status_of
from vault.importing.items import Code

_NONE_KNOWN: Final = frozenset(
    {
        "716186003",  # SNOMED CT: no known allergy
        "409137002",  # no known drug allergy
        "428607008",  # no known environmental allergy
        "429625007",  # no known food allergy
        "428197003",  # no known insect allergy
        "1003774007",  # no known latex allergy
        "no-known-allergies",  # HL7 IPS, absent or unknown
        "no-known-medication-allergies",
        "no-known-environmental-allergies",
        "no-known-food-allergies",
    }
)
_NO_INFORMATION: Final = frozenset({"no-allergy-info", "1631000175102"})  # not asked: that is no “none known”
_NULL_FLAVOR: Final = "v3-NullFlavor"
_CLINICAL: Final[Mapping[str, str]] = {
    "active": "have it now",
    "recurrence": "have it again",
    "relapse": "have it again",
    "inactive": "do not have it now",
    "remission": "in remission",
    "resolved": "no longer have it",
}
_VERIFIED: Final[Mapping[str, str]] = {
    "unconfirmed": "not confirmed",
    "provisional": "not confirmed",
    "differential": "one of several possibilities",
    "refuted": "ruled out",
    "entered-in-error": "entered by mistake",
}
_ALLERGY: Final[Mapping[str, str]] = {"active": "active", "inactive": "past", "resolved": "past"}


def condition(_: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A health condition, whether the person still has it, and since when."""
    held = entry.resource
    name = phrase(held.get("code"))
    if not name:
        return [LeftOut("names no condition")]
    began, ended = when(held, "onset"), when(held, "abatement")
    dates = {**began, **({"to": end} if (end := ended.get("to") or ended.get("from") or ended.get("about")) else {})}
    clinical = _CLINICAL.get(code(held.get("clinicalStatus")), "")
    return [
        Found(
            category="condition",
            fields=filled(
                condition__name=name,
                condition__status=sentence([clinical, _VERIFIED.get(code(held.get("verificationStatus")), "")]),
                condition__dates=dates,
            ),
            as_of=first_day(word(held, "recordedDate"), began.get("from", "")),
            status=status_of(held),
            codes=codes(held.get("code")),
        )
    ]


def allergy(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """An allergy, its reaction and status; or that none is known, who said so and when."""
    held = entry.resource
    given = {word(each, "code") for each in codings(held.get("code"))}
    if given & _NO_INFORMATION:
        return [LeftOut("says that allergies were not asked about")]
    recorded = first_day(word(held, "recordedDate"), word(held, "onsetDateTime"))
    if given & _NONE_KNOWN:
        fields = filled(allergy__none_known=_none_known(bundle, held))
    else:
        fields = filled(
            allergy__to_what=_to_what(held),
            allergy__reaction=_reaction(held),
            allergy__status=_allergy_status(held),
        )
    status = status_of(held)
    return [Found(category="allergy", fields=fields, as_of=recorded, status=status, codes=_allergy_codes(held))]


def _none_known(bundle: Bundle, held: Resource) -> str:
    said_by = next((name for each in ("asserter", "recorder") if (name := bundle.name_of(held, part(held, each)))), "")
    on = fhir_date(word(held, "recordedDate"))
    source = sentence([f"said by {said_by}" if said_by else "not recorded who said so", f"on {on}" if on else ""], " ")
    return f"{phrase(held.get('code'))}, {source}"


def _to_what(held: Resource) -> str:
    substances = [phrase(each.get("substance")) for each in parts(held, "reaction")]
    return phrase(held.get("code")) or sentence(substances) or "an allergy the source does not name: ask"


def _allergy_codes(held: Resource) -> tuple[Code, ...]:
    return codes(held.get("code"), *(each.get("substance") for each in parts(held, "reaction")))


def _reaction(held: Resource) -> str:
    risk = word(held, "criticality")
    said = [_one_reaction(each) for each in parts(held, "reaction")]
    risks = {"high": "high risk to life", "low": "low risk to life", "unable-to-assess": "risk not assessed"}
    return sentence([*said, risks.get(risk, "")], "; ")


def _one_reaction(reaction: Resource) -> str:
    shown = [phrase(each) for each in parts(reaction, "manifestation") if not _says_nothing(each)]
    what = sentence(shown) or word(reaction, "description") or "reaction not recorded"
    severity = word(reaction, "severity")
    return f"{what} ({severity})" if severity else what


def _says_nothing(concept: Resource) -> bool:
    return any(word(each, "system").endswith(_NULL_FLAVOR) for each in codings(concept))


def _allergy_status(held: Resource) -> str:
    verified = _VERIFIED.get(code(held.get("verificationStatus")), "")
    return sentence([_ALLERGY.get(code(held.get("clinicalStatus")), ""), verified])


def immunisation(_: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A vaccination, or that it was not given."""
    held = entry.resource
    name = phrase(held.get("vaccineCode"))
    if not name:
        return [LeftOut("names no vaccine")]
    refused = phrase(held.get("statusReason"))
    not_given = f"{name} (not given{': ' + refused if refused else ''})"
    dates = when(held, "occurrence")
    return [
        Found(
            category="immunisation",
            fields=filled(
                immunisation__vaccine=not_given if word(held, "status") == "not-done" else name,
                immunisation__date=dates.get("from") or dates.get("about") or "",
            ),
            as_of=first_day(dates.get("from", ""), word(held, "recorded")),
            status=status_of(held),
            codes=codes(held.get("vaccineCode")),
        )
    ]


def procedure(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """An operation or procedure; one that was not done says so."""
    held = entry.resource
    name = phrase(held.get("code"))
    if not name:
        return [LeftOut("names no procedure")]
    dates = when(held, "performed")
    done = {"not-done": " (not done)", "preparation": " (planned)", "stopped": " (not finished)"}
    reasons = [part(bundle.resource(held, each), "code") for each in parts(held, "reasonReference")]
    shown = [{"text": word(each, "display")} for each in parts(held, "reasonReference")]
    return [
        Found(
            category="procedure",
            fields=filled(
                procedure__name=name + done.get(word(held, "status"), ""),
                procedure__date=dates.get("from") or dates.get("about") or "",
            ),
            as_of=first_day(dates.get("from", "")),
            status=status_of(held),
            codes=codes(held.get("code")),
            reason_codes=codes(*parts(held, "reasonCode"), *reasons, *shown),
        )
    ]
