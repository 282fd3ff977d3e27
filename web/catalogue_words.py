"""What the catalogue's categories and fields are called on a page: in the resident's words, or in words about them.

The catalogue speaks to the resident: “How to reach you”. On a page for anybody else (staff, or somebody who looks for
them) the same thing is “How to reach them”. A letter that staff print is for the resident.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import Flask, has_request_context, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from vault.catalogue import CATALOGUE
from vault.kinds import Role
from web.auth import ROLE_OF

TO_RESIDENTS: Final = frozenset({"spoken.letter", "said.letter"})
"""Pages that staff open and a resident reads."""

ABOUT_OTHERS: Final[Mapping[str, Any]] = {
    "Who you are": lazy_gettext("Who they are"),
    "Your full name": lazy_gettext("Full name"),
    "What you like to be called": lazy_gettext("What they like to be called"),
    "Your date of birth": lazy_gettext("Date of birth"),
    "Sex on your record": lazy_gettext("Sex on their record"),
    "Your ethnic group": lazy_gettext("Ethnic group"),
    "Your NHS number": lazy_gettext("NHS number"),
    "Your number with each council team": lazy_gettext("Number with each council team"),
    "How to reach you": lazy_gettext("How to reach them"),
    "Where you live": lazy_gettext("Where they live"),
    "The official number of your home": lazy_gettext("The official number of their home"),
    "Your phone numbers": lazy_gettext("Phone numbers"),
    "Your email": lazy_gettext("Email"),
    "How and when you like to be contacted": lazy_gettext("How and when they like to be contacted"),
    "How or when not to contact you": lazy_gettext("How or when not to contact them"),
    "How to communicate with you": lazy_gettext("How to communicate with them"),
    "The languages you use, and how well": lazy_gettext("The languages they use, and how well"),
    "Whether you need an interpreter": lazy_gettext("Whether they need an interpreter"),
    "How you need letters: large print, easy read, braille": lazy_gettext(
        "How they need letters: large print, easy read, braille"
    ),
    "Help you need with hearing, sight or speech": lazy_gettext("Help they need with hearing, sight or speech"),
    "People close to you": lazy_gettext("People close to them"),
    "Who they are to you": lazy_gettext("Who these people are to them"),
    "Decisions about you, and who may make them": lazy_gettext("Decisions about them, and who may make them"),
    "Who may legally decide for you, for what, proof seen": lazy_gettext(
        "Who may legally decide for them, for what, proof seen"
    ),
    "Assessments of a decision you needed help with": lazy_gettext("Assessments of a decision they needed help with"),
    "Treatments you have refused in advance": lazy_gettext("Treatments they have refused in advance"),
    "Your resuscitation and emergency care plan": lazy_gettext("Resuscitation and emergency care plan"),
    "About you, in your own words": lazy_gettext("About them, in their own words"),
    "What matters most to me": lazy_gettext("What matters most to them"),
    "How to talk with me": lazy_gettext("How to talk with them"),
    "How and when to support me": lazy_gettext("How and when to support them"),
    "What a good day is, how I stay well": lazy_gettext("What a good day is, how they stay well"),
    "Your GP": lazy_gettext("GP"),
    "Your GP practice": lazy_gettext("GP practice"),
    "Your health conditions": lazy_gettext("Health conditions"),
    "Whether you still have it": lazy_gettext("Whether they still have it"),
    "Your allergies": lazy_gettext("Allergies"),
    "What you are allergic to": lazy_gettext("What they are allergic to"),
    "Your medicines": lazy_gettext("Medicines"),
    "Help you need to take it": lazy_gettext("Help they need to take it"),
    "Your vaccinations": lazy_gettext("Vaccinations"),
    "When you had them": lazy_gettext("When they had them"),
    "Your operations and procedures": lazy_gettext("Operations and procedures"),
    "Your tests and measurements": lazy_gettext("Tests and measurements"),
    "Your hospital stays": lazy_gettext("Hospital stays"),
    "When you went in and came out": lazy_gettext("When they went in and came out"),
    "Why you were there, what was found": lazy_gettext("Why they were there, what was found"),
    "Where you went after": lazy_gettext("Where they went after"),
    "What you need help with": lazy_gettext("What they need help with"),
    "Risks to you or to others": lazy_gettext("Risks to them or to others"),
    "Your care plan": lazy_gettext("Care plan"),
    "What you want to achieve": lazy_gettext("What they want to achieve"),
    "Your care visits": lazy_gettext("Care visits"),
    "Getting into your home": lazy_gettext("Getting into their home"),
    "Things to know at your home: pets, oxygen, stairs": lazy_gettext(
        "Things to know at their home: pets, oxygen, stairs"
    ),
    "Your personal alarm and who answers it": lazy_gettext("Personal alarm and who answers it"),
    "Your home": lazy_gettext("Their home"),
    "Your home: rented, owned; landlord; since when": lazy_gettext("Their home: rented, owned; landlord; since when"),
    "Others who live with you": lazy_gettext("Others who live with them"),
    "Changes made for you at home": lazy_gettext("Changes made for them at home"),
    "Your rent account": lazy_gettext("Rent account"),
    "Your council tax": lazy_gettext("Council tax"),
    "Your account and band": lazy_gettext("Account and band"),
    "Your benefits": lazy_gettext("Benefits"),
    "Your National Insurance number": lazy_gettext("National Insurance number"),
    "What you get, how much, until when": lazy_gettext("What they get, how much, until when"),
    "Income of your household": lazy_gettext("Income of the household"),
    "Your letters and papers": lazy_gettext("Letters and papers"),
}
"""The catalogue's words to the resident → the same about them. A test proves that none is missing."""


def speaks_to_others() -> bool:
    """Whether the page that is made now is read by anybody but the resident."""
    if not has_request_context() or request.endpoint in TO_RESIDENTS:
        return False
    return ROLE_OF.get(request.blueprint or "", Role.CITIZEN) is not Role.CITIZEN


def catalogue_words(words: str) -> str:
    """The catalogue's *words*, in the language of the page and for whoever reads it."""
    return str(ABOUT_OTHERS.get(words, "") if speaks_to_others() else "") or str(_(words))


def field_words(name: str) -> str:
    """What the field *name* is called; the name itself where an old entry names a field that is gone."""
    return catalogue_words(CATALOGUE.field(name).words) if CATALOGUE.has(name) else name


def by_category(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The fields *names* as (words of the category, words of its fields), in the catalogue's order."""
    wanted = set(names)
    grouped = [(each.words, [f.words for f in each.fields if f.name in wanted]) for each in CATALOGUE.categories]
    return [(catalogue_words(words), list(map(catalogue_words, fields))) for words, fields in grouped if fields]


def by_why(whys: Mapping[str, str]) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """The fields of *whys* as (words of the category, pairs of (why, words of the fields asked for that reason))."""
    found = []
    for category in CATALOGUE.categories:
        reasons: dict[str, list[str]] = {}
        for each in category.fields:
            if each.name in whys:
                reasons.setdefault(whys[each.name], []).append(catalogue_words(each.words))
        if reasons:
            found.append((catalogue_words(category.words), list(reasons.items())))
    return found


def in_order(fields: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The (name, value) pairs of an item's *fields*, in the catalogue's order."""
    known = {each.name: place for place, each in enumerate(CATALOGUE.fields)}
    return sorted(fields.items(), key=lambda pair: known.get(pair[0], len(known)))


def init_app(app: Flask) -> None:
    """Give templates these words."""
    for each in (catalogue_words, field_words, by_category, by_why, in_order):
        app.jinja_env.filters[each.__name__] = each
