"""Showing an entry of the log to its citizen later: asked for by one, approved by another, and never for long.

What a delay does to what a citizen reads is `vault.hiding`; here it is proposed, decided, lifted and seen by staff.
"""

from vault.delays.deciding import approve, lift, open_due, reject, take_back
from vault.delays.judging import stands
from vault.delays.laws import LAWS
from vault.delays.proposing import Wanted, may_be_delayed, propose
from vault.delays.views import REVIEW_AFTER, DelayView, everything, find, waiting

__all__ = [
    "LAWS",
    "REVIEW_AFTER",
    "DelayView",
    "Wanted",
    "approve",
    "everything",
    "find",
    "lift",
    "may_be_delayed",
    "open_due",
    "propose",
    "reject",
    "stands",
    "take_back",
    "waiting",
]
