"""The form of a purpose: what is asked, and the answers as a definition's content."""

from datetime import date
from typing import Any, Final

from flask_babel import gettext as _

from vault import purposes
from vault.catalogue import CATALOGUE
from vault.lawful import BASES, CONDITIONS
from vault.purposes import Choice, Definition
from web.catalogue_words import catalogue_words
from web.pages.common import Answers
from web.pages.purpose_texts import TEXT_MOST, by_name, welsh_of
from web.pages.questions import Field, Item, items_of
from web.registry_words import CHOICES, SENSITIVITIES
from web.runtime import runtime

TEXTS: Final = ("name", "why", "without", "agreement", "dpia", "receiver_keeps")
FLAGS: Final = ("history", "pauses_on_objection", "receives", "batch", "emergency")
NUMBERS: Final = {"max_days": purposes.LONGEST_DAYS, "max_uses": 1_000_000}
NONE: Final = "none"
UNASKED: Final = frozenset({"writes", "sign_in_max_age", "sign_in_acr"})
"""What the form does not ask: a definition in a file alone says it, and a new version by the form keeps it."""


def text_fields(held: Definition | None) -> tuple[Field, ...]:
    """What is said of it in words."""

    def text(name: str, label: str, hint: str = "", kind: str = "text") -> Field:
        return Field(kind=kind, name=name, label=label, hint=hint, value=getattr(held, name) if held else "")

    return (
        text("name", _("Name"), _("As residents know it, like “Care at home”.")),
        text("why", _("Why is it asked for?"), _("A sentence that a resident understands."), "area"),
        text("without", _("What happens if they share none of it?"), "", "area"),
        Field(
            kind="area",
            name="controllers",
            label=_("Who answers for it?"),
            hint=_("The controllers, one a line."),
            value="\n".join(held.controllers) if held else "",
        ),
        text("agreement", _("Agreement"), _("The number of the sharing agreement.")),
        text("dpia", _("Impact assessment"), _("The number of the data protection impact assessment.")),
        text(
            "receiver_keeps",
            _("How long does the receiver keep its copies?"),
            _("In plain words, like “8 years after care ends”."),
        ),
    )


def law_fields(held: Definition | None) -> tuple[Field, ...]:
    """What makes it lawful, and what the person may do."""

    def grounds(table: Any) -> tuple[Item, ...]:  # noqa: ANN401 -- of grounds
        return tuple(Item(code, _(each.words), f"{each.article} · {each.dpv}") for code, each in table.items())

    none = Item(NONE, _("None: nothing asked for is that private"))
    return (
        Field(
            kind="radios",
            name="basis",
            label=_("What makes it lawful?"),
            heading=_("The law"),
            items=grounds(BASES),
            value=held.basis if held else "",
        ),
        Field(
            kind="radios",
            name="condition",
            label=_("What makes the use of private things lawful?"),
            items=(*grounds(CONDITIONS), none),
            value=(held.condition or NONE) if held else "",
        ),
        Field(
            kind="text",
            name="schedule_1",
            label=_("Data Protection Act 2018, Schedule 1 (if needed)"),
            hint=_("Like “paragraph 2 (health or social care)”."),
            value=(held.schedule_1 or "") if held else "",
        ),
        Field(
            kind="radios",
            name="choice",
            label=_("What may the person do?"),
            hint=_("This is not the same as what makes it lawful. It fixes the buttons that residents see."),
            items=items_of((str(each), CHOICES[each]) for each in Choice),
            value=str(held.choice) if held else "",
        ),
    )


def limit_fields(held: Definition | None) -> tuple[Field, ...]:
    """How long, how often, how private, and when it is looked at again."""
    review = Field(
        kind="day",
        name="review_on",
        label=_("When must it be looked at again?"),
        value=held.review_on if held else None,
    )
    return (*_how_much(held), _how_private(held), _flags(held), review)


def _how_much(held: Definition | None) -> tuple[Field, ...]:
    narrow = "govuk-input--width-5"
    return (
        Field(
            kind="text",
            name="max_days",
            label=_("How many days may a share last at most?"),
            heading=_("The most it may ask for"),
            width=narrow,
            value=held.max_days if held else "",
        ),
        Field(
            kind="text",
            name="max_uses",
            label=_("How many looks at most?"),
            width=narrow,
            value=held.max_uses if held else "",
        ),
        Field(
            kind="text",
            name="until_words",
            label=_("Until when, in the person's words? (optional)"),
            hint=_("Like “until this care ends”."),
            value=held.until_words if held else "",
        ),
    )


def _how_private(held: Definition | None) -> Field:
    return Field(
        kind="radios",
        name="max_sensitivity",
        label=_("How private may the things be?"),
        items=items_of(SENSITIVITIES.items()),
        value=str(held.max_sensitivity) if held else "0",
    )


def _flags(held: Definition | None) -> Field:
    items = (
        Item("history", _("Past things too, like medicines that were stopped")),
        Item("pauses_on_objection", _("A share pauses when the person objects")),
        Item("receives", _("Data may be brought into the vault under it")),
        Item("batch", _("Services may run without a named person")),
        Item("emergency", _("Officers may use it in an emergency, with a reason")),
    )
    ticked = [name for name in FLAGS if held and getattr(held, name)]
    return Field(kind="boxes", name="flags", label=_("What else?"), items=items, value=ticked)


def most_fields(held: Definition | None) -> tuple[Field, ...]:
    """One group of boxes for each category that may be asked for at all."""
    found = []
    for category in CATALOGUE.categories:
        names = [each for each in category.fields if not each.never_shared]
        if names:
            ticked = [each.name for each in names if held and each.name in held.most]
            items = items_of((each.name, catalogue_words(each.words)) for each in names)
            found.append(
                Field(kind="boxes", name="most", label=catalogue_words(category.words), items=items, value=ticked)
            )
    return tuple(found)


def content_of(answers: Answers) -> dict[str, Any]:
    """The answers to all of it, save the short name; what is wrong stands in *answers*."""
    texts = {name: answers.text(name, _("Fill this in"), most=TEXT_MOST) for name in TEXTS}
    lines = [line.strip() for line in answers.text("controllers", _("Name at least one")).splitlines() if line.strip()]
    basis = answers.choice("basis", BASES, _("Select what makes it lawful"))
    condition = answers.choice("condition", {*CONDITIONS, NONE}, _("Select a condition, or none"))
    most = sorted(
        frozenset(answers.form.getlist("most")) & {each.name for each in CATALOGUE.fields if not each.never_shared}
    )
    special = any(CATALOGUE.field(name).is_special for name in most)
    if condition == NONE and special:
        answers.errors["condition"] = _("Select a condition: some of what it asks for is very private")
    allowed = {*most, *(name.partition(".")[0] for name in most)}
    otherwise = _("Write “name: reason” on each line, once for each thing that it asks for")
    whys = by_name(answers, "whys", allowed, otherwise)
    welsh = welsh_of(answers, whys)
    ticked = frozenset(answers.form.getlist("flags"))
    return {
        **texts,
        "controllers": lines,
        "basis": basis,
        "condition": None if condition == NONE else condition,
        "schedule_1": answers.form.get("schedule_1", "").strip()[:200] or None,
        "choice": answers.choice("choice", {str(each) for each in Choice}, _("Select what the person may do")),
        "max_sensitivity": int(answers.choice("max_sensitivity", SENSITIVITIES, _("Select how private")) or 0),
        "until_words": answers.form.get("until_words", "").strip()[:200],
        "review_on": _day(answers),
        "most": most,
        **({"whys": whys} if whys else {}),
        **({"welsh": welsh} if welsh else {}),
        **{name: _number(answers, name, highest) for name, highest in NUMBERS.items()},
        **{name: name in ticked for name in FLAGS},
    }


def _number(answers: Answers, name: str, highest: int) -> int:
    said = answers.form.get(name, "").strip()
    if not (said.isascii() and said.isdigit() and int(said[:9]) <= highest):
        answers.errors[name] = _("Enter a number from 0 to %(highest)s", highest=highest)
        return 0
    return int(said)


def _day(answers: Answers) -> str:
    try:
        found = date(*(int(answers.form.get(f"review_on-{part}", "")) for part in ("year", "month", "day")))
    except ValueError:
        answers.errors["review_on"] = _("Enter a real date")
        return ""
    if found <= runtime().vault.clock().date():
        answers.errors["review_on"] = _("Enter a date in the future")
    return found.isoformat()
