"""Cases: what a citizen says is wrong, and what becomes of it, with a month in which it must be answered.

An objection (UK GDPR Art. 21), a challenge, a correction (Art. 16), or a look that is not recognised.
Whoever uses cases imports this package; its parts are its own.
"""

from vault.cases.opening import open_case, where_to_correct, withdraw
from vault.cases.views import (
    CaseLine,
    CaseView,
    line_of_service,
    of_citizen,
    of_service,
    one_of_citizen,
    open_by_grant,
)
from vault.cases.working import LONGEST_EXTENSION, MOST_CHARACTERS, answer, extend, read

__all__ = [
    "LONGEST_EXTENSION",
    "MOST_CHARACTERS",
    "CaseLine",
    "CaseView",
    "answer",
    "extend",
    "line_of_service",
    "of_citizen",
    "of_service",
    "one_of_citizen",
    "open_by_grant",
    "open_case",
    "read",
    "where_to_correct",
    "withdraw",
]
