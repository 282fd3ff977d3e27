"""Who looked: the log as a citizen, or an auditor, may read it.

A citizen finds their lines by the pseudonyms that their audit key gives for each month, and opens them with that key.
An auditor opens only what the month's accountability key opens: never what names a citizen. An auditor of the council
reads the whole log, one of another organisation what that organisation's services and staff did.
"""

from vault.trail.citizens import line, of_citizen, pseudonyms, shown_late
from vault.trail.explaining import Explained, explain, explained
from vault.trail.exporting import Exported, export, holding
from vault.trail.held import hold_places
from vault.trail.lines import Line, Who
from vault.trail.places import catch_up
from vault.trail.proving import Checked, check, leaf_of, log_key
from vault.trail.replaying import Replayed, replay
from vault.trail.review import Filters, Found, entry, search, sees_everything
from vault.trail.saved import (
    LAST_DAYS,
    NAME_MOST,
    Saved,
    forget_leavers_searches,
    forget_search,
    rename_search,
    save_search,
    saved_search,
    saved_searches,
)
from vault.trail.scope import begin_review
from vault.trail.subjects import find_person, may_search, person_behind, person_found

__all__ = [
    "LAST_DAYS",
    "NAME_MOST",
    "Checked",
    "Explained",
    "Exported",
    "Filters",
    "Found",
    "Line",
    "Replayed",
    "Saved",
    "Who",
    "begin_review",
    "catch_up",
    "check",
    "entry",
    "explain",
    "explained",
    "export",
    "find_person",
    "forget_leavers_searches",
    "forget_search",
    "hold_places",
    "holding",
    "leaf_of",
    "line",
    "log_key",
    "may_search",
    "of_citizen",
    "person_behind",
    "person_found",
    "pseudonyms",
    "rename_search",
    "replay",
    "save_search",
    "saved_search",
    "saved_searches",
    "search",
    "sees_everything",
    "shown_late",
]
