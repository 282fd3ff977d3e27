"""Until when: as long as may be, for 30 days, or until a day of one's own; never for ever."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from flask_babel import gettext as _

from web.pages.common import Answers
from web.words import day

SHORT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Period:
    """What may be picked."""

    after: date
    """The last day must be later than this one: today, or the day on which a share ends now."""
    last: date
    """The last day at the latest."""

    @property
    def short(self) -> date | None:
        """The last day of 30 days from today, where that is between."""
        found = today() + timedelta(days=SHORT_DAYS)
        return found if self.after < found < self.last else None

    @property
    def short_days(self) -> int:
        """How many days the short choice has."""
        return SHORT_DAYS

    def take(self, answers: Answers) -> str:
        """Which choice was picked: ``longest``, ``short`` or ``day``; else an error says so."""
        allowed = {"longest", "day"} | ({"short"} if self.short else set())
        return answers.choice("until", allowed, _("Select until when you want to share"))

    def take_day(self, answers: Answers) -> date | None:
        """The day that was written; else an error says what is wrong with it."""
        found = _read(answers)
        if found is None:
            answers.errors["day"] = _("Enter a real date, for example 14 3 2027")
        elif not self.after < found <= self.last:
            bounds = {"first": day(self.after), "last": day(self.last)}
            answers.errors["day"] = _("Enter a date after %(first)s and not after %(last)s", **bounds)
        return None if answers.errors else found


def today() -> date:
    """The day it is."""
    return datetime.now(UTC).date()


def _read(answers: Answers) -> date | None:
    parts = [answers.form.get(f"day-{part}", "").strip() for part in ("year", "month", "day")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    try:
        return date(*map(int, parts))
    except (ValueError, OverflowError):
        return None
