"""The parts of a value by name: what sources call them, in a reader's words and language."""

from collections.abc import Mapping
from typing import Final

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
