"""``docs/guides/errors.md`` and the client's own copy of the remedies, written from the one table of codes.

python -m tests.error_guide
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from web.remedies import DATA_API, OAUTH, Remedy

GUIDE: Final = Path(__file__).parent.parent / "docs" / "guides" / "errors.md"
REMEDIES: Final = GUIDE.parents[2] / "web" / "client" / "remedies.json"
_BEGIN: Final = """# Answers that are a no, and what to do

This page is written from the table in `web/remedies.py` by `python -m tests.error_guide`, as is the page `/developers`.

The data API answers with problem details (RFC 9457): `code` is stable, `detail` names what to mend and quotes nothing.
"""


def text() -> str:
    """The whole guide."""
    oauth = "\n## OAuth endpoints\n\nThese answer with `error` and `error_description` (RFC 6749, section 5.2).\n"
    return "\n".join([_BEGIN, "## Data API\n", *_rows(DATA_API), oauth, *_rows(OAUTH), ""])


def remedies() -> str:
    """The next step for each code, as the client for services carries it."""
    told = {code: remedy.do for table in (DATA_API, OAUTH) for code, remedy in table.items()}
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _rows(table: Mapping[str, Remedy]) -> Iterator[str]:
    yield "| code | status | what happened | what to do |\n|---|---|---|---|"
    for code, remedy in table.items():
        yield f"| `{code}` | {remedy.status.value} | {remedy.means} | {remedy.do} |"


if __name__ == "__main__":
    GUIDE.write_text(text(), encoding="utf-8")
    REMEDIES.write_text(remedies(), encoding="utf-8")
