"""The watchers: rules that read the log for what a curious or corrupt insider does, and what becomes of what they find.

They open no record: they read what an auditor may read, and know people by keyed marks. A finding is a question to a
person, not a verdict: it names its evidence, is logged, and is worked off by an auditor who says what it was.
"""

from vault.watching.findings import assign, assignable, close, explain, mine_and_open, of_scope, read
from vault.watching.limits import LIMITS, Limits
from vault.watching.scan import Scanned, begin_anew, scan
from vault.watching.ties import mark_person, note_staff
from vault.watching.views import FindingLine, FindingView, Wanted

__all__ = [
    "LIMITS",
    "FindingLine",
    "FindingView",
    "Limits",
    "Scanned",
    "Wanted",
    "assign",
    "assignable",
    "begin_anew",
    "close",
    "explain",
    "mark_person",
    "mine_and_open",
    "note_staff",
    "of_scope",
    "read",
    "scan",
]
