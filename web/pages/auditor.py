"""An auditor's pages: the newest entries of the log, and one entry with its check. Names and values stay closed."""

from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from vault import trail
from vault.catalogue import CATALOGUE
from web.pages.activity import describe, older
from web.pages.common import reading

bp: Final = Blueprint("auditor", __name__, url_prefix="/audit")
BLUEPRINTS: Final = (bp,)

PAGE: Final = 50
_SHOWN: Final = {"fields", "refused", "service", "grant", "by", "acting"}  # shown in rows of their own


@bp.get("")
def home() -> ResponseReturnValue:
    """The newest entries."""
    before = request.args.get("before")
    with reading() as ctx:
        lines = trail.latest(ctx, limit=PAGE, before=before)
    return render_template(
        "auditor/home.html", looks=[describe(line) for line in lines], older=older(lines, PAGE), before=before
    )


@bp.get("/entries/<leaf:leaf_hash>")
def entry(leaf_hash: bytes) -> ResponseReturnValue:
    """One entry, as far as an auditor may read it, and whether it stands in the signed log."""
    with reading() as ctx:
        line = trail.entry(ctx, leaf_hash=leaf_hash)
        checked = trail.check(ctx, leaf_hash=leaf_hash)
    others = {name: held for name, held in line.facts.items() if name not in _SHOWN}
    return render_template(
        "auditor/entry.html", line=line, look=describe(line), checked=checked, others=others, known=CATALOGUE.has
    )
