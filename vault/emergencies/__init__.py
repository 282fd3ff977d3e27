"""Emergencies: an officer opens a record at once, to prevent harm; the resident is told, and a supervisor looks at it.

Stating one needs a purpose that allows it, a reason from a list, words, and a fresh proof of who the officer is. It
ends by itself. Whoever stated it never judges it; what nobody judged in time is shown to auditors (`unsettled`).
"""

from vault.emergencies.following import FOLLOWED_UP_WITHIN, follow_up, to_follow_up, to_judge, unsettled
from vault.emergencies.stating import LASTS, MOST_A_DAY, close, state, stated_most
from vault.emergencies.views import (
    WORDS_MOST,
    EmergencyLine,
    EmergencyView,
    concern,
    facts_of,
    logged,
    of_citizen,
    of_officer,
    own,
    own_row,
)

__all__ = [
    "FOLLOWED_UP_WITHIN",
    "LASTS",
    "MOST_A_DAY",
    "WORDS_MOST",
    "EmergencyLine",
    "EmergencyView",
    "close",
    "concern",
    "facts_of",
    "follow_up",
    "logged",
    "of_citizen",
    "of_officer",
    "own",
    "own_row",
    "state",
    "stated_most",
    "to_follow_up",
    "to_judge",
    "unsettled",
]
