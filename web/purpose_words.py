"""A purpose's own words, which a council registers: in Welsh where it registered them, else in English, marked as such.

A screen reader reads a text that is marked as English with an English voice (WCAG 2.2, 3.1.2).
"""

from collections.abc import Iterable
from typing import Final

from flask import Flask
from markupsafe import Markup, escape

from vault.purposes import Definition
from web.language import current

ENGLISH: Final = "en"


def in_english(words: str) -> Markup:
    """*words* that there are in English alone, as HTML; marked on a page in another language."""
    if not words or current() == ENGLISH:
        return escape(words)
    return Markup('<span lang="en">{}</span>').format(words)


def in_either(english: str, welsh: str) -> Markup:
    """The Welsh words on a Welsh page, where there are any, as HTML."""
    return escape(welsh) if welsh and current() == "cy" else in_english(english)


def said(purpose: Definition, part: str) -> Markup:
    """One of a purpose's texts, such as its ``name``, in the language of the page."""
    return in_either(getattr(purpose, part), purpose.welsh.get(part, ""))


def said_alone(purpose: Definition, part: str) -> Markup:
    """`said`, of a text that begins inside a sentence, made to stand alone."""
    return in_either(sentence(getattr(purpose, part)), sentence(purpose.welsh.get(part, "")))


def sentence(words: str) -> str:
    """*words* that begin inside a sentence, made one of their own."""
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def said_until(purpose: Definition) -> Markup:
    """Until when, in the resident's words, as what one can choose."""
    words, welsh = purpose.until_words, purpose.welsh.get("until_words", "")
    return in_either(words[:1].upper() + words[1:], welsh[:1].upper() + welsh[1:])


def said_why(purpose: Definition, name: str) -> Markup:
    """Why the field *name* is asked for, in the language of the page; empty where nothing is registered."""
    key = name if name in purpose.whys else name.partition(".")[0]
    return in_either(purpose.whys.get(key, ""), purpose.welsh.get(f"whys.{key}", ""))


def said_whys(purpose: Definition, names: Iterable[str]) -> dict[str, Markup]:
    """Each of the fields *names* and why it is asked for, in the language of the page."""
    return {name: said_why(purpose, name) for name in sorted(names)}


def init_app(app: Flask) -> None:
    """Give templates these words."""
    for each in (in_english, in_either, said, said_alone, said_until, said_why, said_whys, sentence):
        app.jinja_env.filters[each.__name__] = each
