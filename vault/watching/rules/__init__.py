"""The rules, one module each kind: evidence and threshold stand at the head of each.

A day rule judges an officer's day each time something is added to it; a settled rule judges one look when the time for
explaining it has passed. A rule says that something may be wrong, never that it is: a person works that out.
"""

from typing import Final

from vault.watching.rules import (
    bulk,
    emergencies,
    nearness,
    out_of_hours,
    refusals,
    relationship,
    sudden_change,
)
from vault.watching.rules.base import Day, Rule, Settled, Suspicion
from vault.watching.rules.relationship import explains

DAY_RULES: Final = (
    bulk.RULE,
    out_of_hours.RULE,
    sudden_change.RULE,
    refusals.RULE,
    nearness.OWN,
    nearness.COLLEAGUE,
    nearness.WELL_KNOWN,
)
SETTLED_RULES: Final = (relationship.RULE, *nearness.SETTLED)
EMERGENCY_RULES: Final = (emergencies.RULE,)
RULES: Final = {rule.slug: rule for rule in (*DAY_RULES, *SETTLED_RULES, *EMERGENCY_RULES)}
"""Every rule by its slug."""

__all__ = ["DAY_RULES", "EMERGENCY_RULES", "RULES", "SETTLED_RULES", "Day", "Rule", "Settled", "Suspicion", "explains"]
