"""One entry: what it says, what the rules said, whether it stands in the signed log, and the proof to take along."""

from typing import Final

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from vault import trail
from vault.catalogue import CATALOGUE
from vault.errors import NotFoundError
from vault.trail import Checked, Line
from web.pages.activity import proof_file
from web.pages.auditor.searching import bp
from web.pages.common import because, reading
from web.pages.lines import describe

_SHOWN: Final = {"fields", "refused", "service", "grant", "by", "acting", "because", "case"}  # in rows of their own


@bp.get("/entries/<leaf:leaf_hash>")
def entry(leaf_hash: bytes) -> ResponseReturnValue:
    """One entry, as far as an auditor may read it."""
    line, checked = _look(leaf_hash)
    others = {name: held for name, held in line.facts.items() if name not in _SHOWN}
    return render_template(
        "auditor/entry.html",
        line=line,
        look=describe(line),
        checked=checked,
        others=others,
        rules=_rules(line),
        known=CATALOGUE.has,
    )


@bp.get("/entries/<leaf:leaf_hash>/verify")
def verify(leaf_hash: bytes) -> ResponseReturnValue:
    """Check the entry now, and say what was checked."""
    line, checked = _look(leaf_hash)
    verified = checked.included and line.opened
    return render_template("auditor/verify.html", line=line, checked=checked, verified=verified)


@bp.get("/entries/<leaf:leaf_hash>/proof")
def proof(leaf_hash: bytes) -> Response:
    """
    The proof as a file that programs written by others can verify (C2SP tlog-proof).

    Raises:
        NotFoundError: There is no such entry in this auditor's part of the log, or it has no proof yet.
    """
    _line, checked = _look(leaf_hash)
    if not checked.proof:
        raise NotFoundError("this entry has no proof yet")
    return proof_file(leaf_hash, checked)


def _look(leaf_hash: bytes) -> tuple[Line, Checked]:
    with reading() as ctx:
        line = trail.entry(ctx, leaf_hash=leaf_hash)
        return line, trail.check(ctx, leaf_hash=leaf_hash)


def _rules(line: Line) -> list[tuple[str, str]]:
    """Each rule that decided: its id, and what it says to staff."""
    return [(name, because([name], staff=True)) for name in line.because]
