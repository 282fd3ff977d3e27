"""The provisions by which an entry may be shown later, each with its section.

What stands here is how the project reads the law. A lawyer of the council must confirm each before it is relied on, and
strike what does not hold for them: docs/guides/auditors.md says so to whoever sets a vault up.
"""

from collections.abc import Mapping
from typing import Final

LAWS: Final[Mapping[str, str]] = {
    "crime": "Data Protection Act 2018, Schedule 2, paragraph 2",
    "tipping-off": "Proceeds of Crime Act 2002, sections 333A and 342",
    "legal-claims": "Data Protection Act 2018, Schedule 2, paragraph 5(3)",
    "protecting-the-public": "Data Protection Act 2018, Schedule 2, paragraph 7",
    "serious-harm": "Data Protection Act 2018, Schedule 3, paragraphs 5 and 11",
    "child-abuse": "Data Protection Act 2018, Schedule 3, paragraph 21",
}
"""Where each stands, by the name that a delay keeps; names are stored and never renamed."""
