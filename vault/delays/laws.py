"""The provisions by which an entry may be shown later. A council's lawyer looks at this list before it is relied on."""

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
