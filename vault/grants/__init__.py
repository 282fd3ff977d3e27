"""Grants: what was allowed, to whom, for what and until when; narrowed, paused or withdrawn at once.

Whoever uses grants imports this package; its parts are its own.
"""

from vault.grants.changing import end, narrow, pause, resume, sweep, withdraw
from vault.grants.making import NewGrant, make
from vault.grants.renewing import Renewal, renew, renewal
from vault.grants.spoken import Act, Spoken, narrow_as_said, renew_as_said, stop_as_said
from vault.grants.states import end_of, state_at
from vault.grants.unsaid import WrittenDown, undo, written_down
from vault.grants.views import SOON, GrantView, by_id, ending_soon, facts_of, of_citizen, of_service, to_read, view

__all__ = [
    "SOON",
    "Act",
    "GrantView",
    "NewGrant",
    "Renewal",
    "Spoken",
    "WrittenDown",
    "by_id",
    "end",
    "end_of",
    "ending_soon",
    "facts_of",
    "make",
    "narrow",
    "narrow_as_said",
    "of_citizen",
    "of_service",
    "pause",
    "renew",
    "renew_as_said",
    "renewal",
    "resume",
    "state_at",
    "stop_as_said",
    "sweep",
    "to_read",
    "undo",
    "view",
    "withdraw",
    "written_down",
]
