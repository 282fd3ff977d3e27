"""Visits: a citizen comes from a service, signs in, decides, and goes back to it with a code or with a no.

The service never says who comes: the citizen is found by their own sign-in. Whoever uses visits imports this package.
"""

from vault.visits.arriving import PUSHED, Visitor, arrive, coming, open_pushed, push, visiting
from vault.visits.errand import Errand
from vault.visits.leaving import Back, go_back, leave
from vault.visits.redeeming import CODE, Redeemed, redeem, sweep

__all__ = [
    "CODE",
    "PUSHED",
    "Back",
    "Errand",
    "Redeemed",
    "Visitor",
    "arrive",
    "coming",
    "go_back",
    "leave",
    "open_pushed",
    "push",
    "redeem",
    "sweep",
    "visiting",
]
