"""Setting a paper as PDF: tagged for screen readers, real text, fonts inside, and nothing that runs.

Typst sets it. The words reach it as data and never as markup, so whatever a source wrote stays text. It runs in a
process of its own for each file: what was set is gone with it, and what takes too long is stopped.
"""

import subprocess  # one short-lived child, our own module
import sys
from typing import Final

import orjson

from web.faults import TypesettingFailedError
from web.paper import Paper

PATIENCE_SECONDS: Final = 60


def to_pdf(paper: Paper) -> bytes:
    """
    *paper* as a tagged PDF.

    Raises:
        TypesettingFailedError: It took too long or could not be set.
    """
    command = [sys.executable, "-m", "web.typesetting"]
    try:
        done = subprocess.run(  # noqa: S603 -- our own module, no word of a record in the arguments
            command, input=orjson.dumps(paper), capture_output=True, timeout=PATIENCE_SECONDS, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise TypesettingFailedError("the PDF could not be made; choose another kind of file") from error
    return done.stdout
