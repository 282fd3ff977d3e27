"""What residents read of a purpose, in the form of it: why each thing is asked for, and all of it in Welsh."""

from collections.abc import Collection, Mapping
from typing import Final

from flask_babel import gettext as _

from vault.purpose_definitions import TEXTS
from vault.purposes import Definition
from web.pages.common import Answers
from web.pages.questions import Field

TEXT_MOST: Final = 500  # characters


def why_each_field(held: Definition | None) -> Field:
    """Why each thing is asked for, a line for each."""
    return Field(
        kind="area",
        name="whys",
        label=_("Why is each thing asked for?"),
        hint=_("One a line, like “contact: To send the badge.” Use the name of a group, or of one thing in it."),
        value=by_line(held.whys if held else {}),
    )


def welsh_fields(held: Definition | None) -> tuple[Field, ...]:
    """The same words in Welsh; what is left out is shown in English and marked so."""
    labels = {
        "name": _("Name in Welsh"),
        "why": _("Why is it asked for, in Welsh?"),
        "without": _("What happens if they share none of it, in Welsh?"),
        "receiver_keeps": _("How long does the receiver keep its copies, in Welsh?"),
        "until_words": _("Until when, in Welsh?"),
    }
    kept = held.welsh if held else {}
    texts = tuple(
        Field(
            kind="area" if name in {"why", "without"} else "text",
            name=f"welsh_{name}",
            label=label,
            heading=_("In Welsh (optional)") if name == "name" else "",
            hint=_("Residents who read Welsh see what you leave out in English.") if name == "name" else "",
            value=kept.get(name, ""),
        )
        for name, label in labels.items()
    )
    reasons = {name.removeprefix("whys."): words for name, words in kept.items() if name.startswith("whys.")}
    hint = _("One a line, with the same names as in English.")
    whys = Field(kind="area", name="welsh_whys", label=_("Why each thing, in Welsh"), hint=hint, value=by_line(reasons))
    return (*texts, whys)


def by_line(texts: Mapping[str, str]) -> str:
    """*texts* by name, a line for each."""
    return "\n".join(f"{name}: {words}" for name, words in sorted(texts.items()))


def by_name(answers: Answers, field: str, allowed: Collection[str], otherwise: str) -> dict[str, str]:
    """The lines of *field* as name → words; *otherwise* is the error where one is not so, or names what it may not."""
    found: dict[str, str] = {}
    for line in answers.form.get(field, "").splitlines():
        name, colon, words = (part.strip() for part in line.partition(":"))
        if not name and not words:
            continue
        if not colon or not words or name not in allowed or name in found:
            answers.errors[field] = otherwise
            return {}
        found[name] = words
    return found


def welsh_of(answers: Answers, whys: Mapping[str, str]) -> dict[str, str]:
    """The Welsh words that were given; *whys* are the reasons in English."""
    texts = {name: answers.form.get(f"welsh_{name}", "").strip()[:TEXT_MOST] for name in sorted(TEXTS)}
    otherwise = _("Write “name: reason” on each line, only for what has a reason in English")
    reasons = by_name(answers, "welsh_whys", whys, otherwise)
    if texts["until_words"] and not answers.form.get("until_words", "").strip():
        answers.errors["welsh_until_words"] = _("Say it in English too")
    return {
        **{name: words for name, words in texts.items() if words},
        **{f"whys.{name}": words for name, words in reasons.items()},
    }
