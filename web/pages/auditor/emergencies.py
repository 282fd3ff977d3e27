"""Emergencies that no supervisor looked at in time, or one named wrong. Whom they were about stays closed."""

from flask.typing import ResponseReturnValue

from vault import emergencies, trail
from web.pages.auditor.searching import bp
from web.pages.common import page, reading
from web.pages.emergency import REASONS


@bp.get("/emergencies")
def unsettled() -> ResponseReturnValue:
    """What is unsettled in this auditor's part of the log; that they looked is an entry itself."""
    with reading() as ctx:
        part = trail.begin_review(ctx, what="emergencies")
        found = emergencies.unsettled(ctx, organisation_id=part.organisation_id)
    return page("auditor/emergencies.html", found=found, reasons=REASONS)
