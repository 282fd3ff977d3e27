"""Lawful bases in plain words; the article stands beside, for those who want to look it up."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext

_BASES: Final[Mapping[str, object]] = {
    "6(1)(a)": lazy_gettext("You agree to it. You can take that back at any time."),
    "6(1)(b)": lazy_gettext("It is needed for a contract that you have with them."),
    "6(1)(c)": lazy_gettext("The law says that they must do this work."),
    "6(1)(d)": lazy_gettext("It is needed to save a life."),
    "6(1)(e)": lazy_gettext("It is part of the work that the law gives them."),
    "6(1)(f)": lazy_gettext("They have a good reason, and it does not weigh more than your rights."),
}
"""UK GDPR, Article 6(1)."""

_CONDITIONS: Final[Mapping[str, object]] = {
    "9(2)(a)": lazy_gettext("For private things, such as health, you agree to this use."),
    "9(2)(b)": lazy_gettext("For private things, such as health: the law on jobs and social care allows it."),
    "9(2)(c)": lazy_gettext("For private things, such as health: it is needed to save a life."),
    "9(2)(f)": lazy_gettext("For private things, such as health: it is needed for a claim in law."),
    "9(2)(g)": lazy_gettext("For private things, such as health: the law allows it for the good of everyone."),
    "9(2)(h)": lazy_gettext("For private things, such as health: the law allows it to give you care."),
    "9(2)(i)": lazy_gettext("For private things, such as health: the law allows it to keep everyone well."),
    "9(2)(j)": lazy_gettext("For private things, such as health: the law allows it to learn from the past."),
}
"""UK GDPR, Article 9(2)."""


def basis_words(basis: str, condition: str | None = None) -> list[str]:
    """Why the law lets a purpose use data, sentence by sentence, with the articles last."""
    said = [str(found) for found in (_BASES.get(basis), _CONDITIONS.get(condition or "")) if found]
    articles = basis if condition is None else str(_("%(first)s and %(last)s", first=basis, last=condition))
    return [*said, str(_("The law: UK GDPR, Article %(articles)s", articles=articles))]
