"""A copy of what a search finds: named beforehand, made on the button, logged, and sent as one zip file."""

import io
import zipfile
from collections.abc import Mapping

from flask import Response, request
from flask.typing import ResponseReturnValue

from vault import trail
from vault.errors import InvalidInputError
from vault.trail.exporting import MOST
from web.pages.auditor.searching import Search, bp
from web.pages.common import page, reading

FOLDER = "log-export"


@bp.get("/export")
def before_export() -> ResponseReturnValue:
    """What the copy would hold. Nothing is made yet."""
    asked = _asked(Search(request.args))
    with reading() as ctx:
        entries = trail.holding(ctx, filters=asked.filters)
    return page("auditor/export.html", asked=asked, entries=min(entries, MOST), more=entries > MOST, most=MOST)


@bp.post("/export")
def export() -> Response:
    """Make the copy."""
    asked = _asked(Search(request.form))
    with reading() as ctx:
        made = trail.export(ctx, filters=asked.filters)
    answer = Response(_zip(made.files), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{FOLDER}.zip"'
    return answer


def _asked(asked: Search) -> Search:
    """*asked*, where nothing in it is wrong; the form never sends such a thing here."""
    if asked.errors:
        raise InvalidInputError("; ".join(f"{name}: {words}" for name, words in asked.errors.items()))
    return asked


def _zip(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, content in files.items():
            folder.writestr(f"{FOLDER}/{name}", content)
    return written.getvalue()
