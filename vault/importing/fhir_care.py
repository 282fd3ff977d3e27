"""CarePlan, Goal, CareTeam, Flag, Device, DocumentReference, QuestionnaireResponse: plans, needs, papers, decisions."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from vault.documents import MEDIA_TYPES, Content
from vault.documents.kinds import check_beginning
from vault.errors import InvalidInputError
from vault.importing.bundle import Bundle, Entry
from vault.importing.dates import fhir_date
from vault.importing.fhir_values import (
    Resource,
    choice,
    code,
    codes,
    codings,
    filled,
    part,
    parts,
    period,
    phrase,
    phrases,
    quantity,
    sentence,
    when,
    word,
)
from vault.importing.found import NO_HOME, Found, LeftOut, first_day, status_of
from vault.importing.items import words_of
from vault.importing.text import clean, from_markup

_PLAN_OVER: Final = ("completed", "revoked", "inactive", "cancelled", "rejected", "suspended", "proposed")
_FLAGS: Final = {
    "diet": "care_needs.eating_drinking",
    "safety": "care_needs.risks",
    "behavioral": "care_needs.risks",
    "NRAF": "communication.support",
    "reasonable-adjustment": "communication.support",
}
_REFUSAL: Final = re.compile(r"advance decision to refuse|ADRT|refuse treatment", re.IGNORECASE)
_CONSENT: Final = re.compile(r"consent", re.IGNORECASE)
_END_OF_LIFE: Final = re.compile(r"EOL-?Plan|end-of-life|ReSPECT|DNACPR|advance-care-plan", re.IGNORECASE)
_ITEMS_DEEP: Final = 16
_TEXTS: Final = frozenset({"text/plain", "text/html", "application/xhtml+xml"})


def care_plan(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A care plan: what is done, from when to when, led by whom. Goals given as resources are items of their own."""
    held = entry.resource
    activities = [_activity(bundle, held, each) for each in parts(held, "activity")]
    what = [*phrases(held, "category"), word(held, "title"), word(held, "description"), *activities]
    goals = [bundle.name_of(held, each) for each in parts(held, "goal") if bundle.find(each) is None]
    dates = {day: shown[:10] for day, shown in period(part(held, "period")).items()}
    led_by = sentence([*bundle.names(held, "careTeam"), bundle.name_of(held, part(held, "author"))])
    fields = filled(
        care_plan__goals=sentence(goals, "; "),
        care_plan__what_we_do=sentence(list(dict.fromkeys(what)), "; "),
        care_plan__dates={**dates, **({"led by": led_by} if led_by else {})},
    )
    reasons = [part(bundle.resource(held, each), "code") for each in parts(held, "addresses")]
    return [
        Found(
            category="care_plan",
            fields=fields,
            as_of=first_day(word(held, "created"), dates.get("from", "")),
            status=status_of(held, *_PLAN_OVER),
            codes=(*codes(*parts(held, "category")), *words_of(fields)),
            reason_codes=codes(*reasons),
        )
    ]


def _activity(bundle: Bundle, held: Resource, activity: Resource) -> str:
    detail = part(activity, "detail")
    not_to = "do not: " if detail.get("doNotPerform") is True else ""
    name = phrase(detail.get("code")) or word(detail, "description")
    return f"{not_to}{name}" if name else bundle.name_of(held, part(activity, "reference"))


def goal(_: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """What someone wants to achieve."""
    held = entry.resource
    aim = phrase(held.get("description"))
    reached = phrase(held.get("achievementStatus")).replace("-", " ")
    began = when(held, "start")
    return [
        Found(
            category="care_plan",
            fields=filled(care_plan__goals=f"{aim} ({reached})" if aim and reached else aim),
            as_of=first_day(word(held, "statusDate"), began.get("from", "")),
            status=status_of(held, *_PLAN_OVER),
            codes=codes(held.get("description")),
        )
    ]


def care_team(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """Who leads someone's care."""
    held = entry.resource
    members = [bundle.name_of(held, part(each, "member")) for each in parts(held, "participant")]
    led_by = sentence([word(held, "name"), *dict.fromkeys(members)])
    dates = {day: shown[:10] for day, shown in period(part(held, "period")).items()}
    fields = filled(care_plan__dates={**dates, **({"led by": led_by} if led_by else {})})
    return [Found(category="care_plan", fields=fields, status=status_of(held, *_PLAN_OVER))]


def flag(_: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A warning on someone's record, where its kind has a home: diet, safety, reasonable adjustments."""
    held = entry.resource
    kinds = [word(each, "code") for concept in parts(held, "category") for each in codings(concept)]
    field = next((_FLAGS[each] for each in kinds if each in _FLAGS), "")
    concept = part(held, "code")
    shown = sentence([word(concept, "text"), *(word(each, "display") for each in codings(concept))], "; ")
    if not field or not shown:
        return [NO_HOME]
    return [
        Found(
            category=field.partition(".")[0],
            fields={field: shown},
            as_of=first_day(period(part(held, "period")).get("from", "")[:10]),
            status=status_of(held, "inactive"),
            codes=codes(concept),
        )
    ]


def device(_: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """Equipment that someone uses."""
    held = entry.resource
    names = [word(each, "name") for each in parts(held, "deviceName")]
    shown = phrase(held.get("type")) or sentence(names)
    fields = filled(care_needs__moving=shown)
    return [
        Found(category="care_needs", fields=fields, status=status_of(held, "inactive"), codes=codes(held.get("type")))
    ]


def document(bundle: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """A letter or paper: title, date and kind; its content where that is text, else its file where it is taken."""
    held = entry.resource
    attachment = part(held, "content", "attachment")
    kind = phrase(held.get("type"))
    day = fhir_date(word(held, "date")) or fhir_date(word(attachment, "creation")) or ""
    file = _file(bundle, held, attachment)
    said = {
        "title": word(attachment, "title") or word(held, "description") or kind,
        "date": day,
        "kind": kind,
        "content": "" if isinstance(file, Content) else file,
    }
    return [
        Found(
            category="document",
            fields=filled(document__file={name: words for name, words in said.items() if words}),
            as_of=first_day(day),
            status=status_of(held, "superseded"),
            codes=(*codes(held.get("type")), *words_of({"": said})),
            content=file if isinstance(file, Content) else None,
        )
    ]


def _file(bundle: Bundle, held: Resource, attachment: Resource) -> Content | str:
    """
    What an attachment holds, in it or in the Binary of the same bundle that it names: its words, or its file.

    A file of a kind that is not taken, or that is not of the kind it says, is said to be not copied.
    """
    binary = bundle.resource(held, {"reference": word(attachment, "url")}) if "data" not in attachment else attachment
    kind = (word(attachment, "contentType") or word(binary, "contentType")).partition(";")[0]
    data = binary.get("data")
    if kind not in _TEXTS and (kind not in MEDIA_TYPES or not data):
        return f"not copied: {kind}" if kind else ""
    try:
        body = base64.b64decode(data if isinstance(data, str) else "", validate=True)
        if kind not in _TEXTS:
            check_beginning(kind, body)
            return Content(kind, body)
        told = body.decode("utf-8")
    except InvalidInputError:
        return f"not copied: {kind}"
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "not copied: not readable"
    return clean(told) if kind == "text/plain" else from_markup(told)


def questionnaire(_: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """An end-of-life or emergency care plan that was filled in; other questionnaires have no home."""
    held = entry.resource
    if not _END_OF_LIFE.search(word(held, "questionnaire")):
        return [NO_HOME]
    answers = list(_answers(held, _ITEMS_DEEP))
    refused = [f"{asked}: {said}" for asked, said in answers if _REFUSAL.search(asked)]
    planned = [
        f"{asked}: {said}" for asked, said in answers if not _REFUSAL.search(asked) and not _CONSENT.search(asked)
    ]
    fields = filled(
        decisions__advance_decision=sentence(refused, "\n"), decisions__resuscitation=sentence(planned, "\n")
    )
    concepts = [found for item in parts(held, "item") for found in _coded(item, _ITEMS_DEEP)]
    status, day = status_of(held, "stopped"), word(held, "authored")
    judged = (*codes(*concepts), *words_of(fields))
    return [Found(category="decisions", fields=fields, as_of=first_day(day), status=status, codes=judged)]


def _answers(held: Resource, deep: int) -> Iterator[tuple[str, str]]:
    for item in parts(held, "item") if deep else []:
        said = sentence([_answer(each) for each in parts(item, "answer")])
        if said:
            yield word(item, "text") or word(item, "linkId"), said
        yield from _answers(item, deep - 1)
        for each in parts(item, "answer"):
            yield from _answers(each, deep - 1)


def _answer(answer: Resource) -> str:
    for name, given in choice(answer, "value"):
        if name == "valueCoding":
            return word(given, "display") or code(given)
        if name == "valueQuantity":
            return quantity(given)
        shown = word({"": given}, "")
        return fhir_date(shown) or shown
    return ""


def _coded(item: Resource, deep: int) -> Iterator[Resource]:
    yield from (part(each, "valueCoding") for each in parts(item, "answer") if part(each, "valueCoding"))
    for each in parts(item, "item") if deep else []:
        yield from _coded(each, deep - 1)
