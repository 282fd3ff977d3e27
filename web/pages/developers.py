"""A page for those who build services: the data API as its own description has it, and every code with its remedy."""

from typing import Final

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from web.api import reference
from web.remedies import DATA_API, OAUTH

bp: Final = Blueprint("developers", __name__)
BLUEPRINTS: Final = (bp,)


@bp.get("/developers")
def overview() -> ResponseReturnValue:
    """Everything on one page, so that a browser's search finds it."""
    told = reference.document(current_app)
    return render_template(
        "developers/overview.html",
        operations=list(reference.operations(told)),
        shapes=list(reference.shapes(told)),
        tables={"data": DATA_API, "oauth": OAUTH},
    )
