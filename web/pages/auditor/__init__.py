"""An auditor's pages: searching the log, one entry with its proof, one person's lines, and a copy to take along.

Names and values of residents stay closed. Every search, look and copy is in the log itself.
"""

from web.pages.auditor import copying, emergencies, entries, people, proofs, saved, searching
from web.pages.auditor.searching import bp

BLUEPRINTS = (bp,)

__all__ = ["BLUEPRINTS", "copying", "emergencies", "entries", "people", "proofs", "saved", "searching"]
