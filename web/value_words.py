"""The parts of a value by name: what sources call them, in a reader's words and language."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext

_PARTS: Final[Mapping[str, object]] = {
    "a week": lazy_gettext("A week"),
    "about": lazy_gettext("About"),
    "account": lazy_gettext("Account"),
    "arrived": lazy_gettext("Arrived"),
    "as": lazy_gettext("As"),
    "assessed by": lazy_gettext("Assessed by"),
    "award": lazy_gettext("Award"),
    "balance": lazy_gettext("Balance"),
    "band": lazy_gettext("Band"),
    "because": lazy_gettext("Because"),
    "channels": lazy_gettext("Do not use"),
    "content": lazy_gettext("What it says"),
    "date": lazy_gettext("Date"),
    "decision": lazy_gettext("Decision"),
    "detail": lazy_gettext("More about it"),
    "discount": lazy_gettext("Discount"),
    "for": lazy_gettext("For"),
    "from": lazy_gettext("From"),
    "joint tenants": lazy_gettext("Joint tenants"),
    "kind": lazy_gettext("Kind"),
    "landlord": lazy_gettext("Landlord"),
    "led by": lazy_gettext("Led by"),
    "left": lazy_gettext("Left"),
    "next review": lazy_gettext("Next review"),
    "on": lazy_gettext("Date"),
    "others living here": lazy_gettext("Others living here"),
    "outcome": lazy_gettext("What came of it"),
    "plan": lazy_gettext("Plan"),
    "proof seen by": lazy_gettext("Proof seen by"),
    "proof seen on": lazy_gettext("Proof seen on"),
    "questions to": lazy_gettext("Questions to"),
    "registered as": lazy_gettext("Registered as"),
    "review on": lazy_gettext("Next review"),
    "tenure": lazy_gettext("Tenure"),
    "text": lazy_gettext("Text"),
    "title": lazy_gettext("Title"),
    "to": lazy_gettext("To"),
    "until": lazy_gettext("Until"),
    "what": lazy_gettext("What"),
    "who": lazy_gettext("Who"),
    "why": lazy_gettext("Why"),
    "words": lazy_gettext("More to know"),
}
_WAYS: Final[Mapping[str, object]] = {
    "letter": lazy_gettext("letters"),
    "email": lazy_gettext("e-mails"),
    "phone": lazy_gettext("phone calls"),
    "text": lazy_gettext("text messages"),
}
"""Ways of contact, as `vault.contact_wishes.WAYS` names them."""


_LEADS: Final = ("what", "title", "decision", "award", "who", "account")
"""Parts that say what a value is about."""
_FIRST: Final = (*_LEADS, "detail", "outcome", "kind", "content", "why", "plan")
"""Parts that stand before the others, in this order: what it is, then what is said of it."""


def in_reading_order(parts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The (name, value) pairs of a value's *parts*, what it is about first."""
    return sorted(parts.items(), key=lambda pair: _FIRST.index(pair[0]) if pair[0] in _FIRST else len(_FIRST))


def lead_of(parts: Mapping[str, Any]) -> str:
    """What a value is about, in a word or two; empty where none of its parts says so."""
    found = next(((name, held) for name, held in in_reading_order(parts) if name in _LEADS), ("", ""))
    return found[1] if isinstance(found[1], str) else ""


def part_words(name: str) -> str:
    """What the part *name* of a value is called; its own name where a source brought one that nobody here knows."""
    plain = name.replace("_", " ")
    return str(_PARTS.get(plain) or plain.capitalize())


def knows(name: str) -> bool:
    """Whether the part *name* has words in every language."""
    return name.replace("_", " ") in _PARTS


def way_words(name: str) -> str:
    """A way of contact within a sentence; any other text as it is."""
    return str(_WAYS.get(name) or name)
