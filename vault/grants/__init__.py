"""Grants: what was allowed, to whom, for what and until when; narrowed, paused or withdrawn at once.

Whoever uses grants imports this package; its parts are its own.
"""

from vault.grants.changing import end, narrow, pause, resume, sweep, withdraw
from vault.grants.making import NewGrant, make
from vault.grants.states import state_at
from vault.grants.views import GrantView, by_id, facts_of, of_citizen, of_service, view

__all__ = [
    "GrantView",
    "NewGrant",
    "by_id",
    "end",
    "facts_of",
    "make",
    "narrow",
    "of_citizen",
    "of_service",
    "pause",
    "resume",
    "state_at",
    "sweep",
    "view",
    "withdraw",
]
