"""One entry: what it says, what the rules said, whether it stands in the signed log, and the proof to take along."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from vault import delays, trail
from vault.catalogue import CATALOGUE
from vault.errors import EntryDamagedError, NotFoundError
from vault.trail import Checked, Line
from web.pages.activity import proof_file
from web.pages.auditor.searching import bp
from web.pages.common import reading
from web.pages.lines import describe

# In rows of their own.
_SHOWN: Final = {"fields", "refused", "service", "grant", "by", "acting", "because", "case", "judged", "rules"}


@bp.errorhandler(EntryDamagedError)
def damaged(_error: EntryDamagedError) -> ResponseReturnValue:
    """Say honestly that an entry was changed outside, and what to do."""
    leaf_hash = (request.view_args or {}).get("leaf_hash", b"")
    return render_template("auditor/damaged.html", leaf_hash=leaf_hash)


@bp.get("/entries/<leaf:leaf_hash>")
def entry(leaf_hash: bytes) -> ResponseReturnValue:
    """One entry, as far as an auditor may read it."""
    line, checked = _look(leaf_hash)
    with reading() as ctx:
        why = trail.explained(ctx, line)
        may_delay = delays.may_be_delayed(ctx, line)
    others = {name: held for name, held in line.facts.items() if name not in _SHOWN}
    return render_template(
        "auditor/entry.html",
        line=line,
        look=describe(line),
        checked=checked,
        others=others,
        why=why,
        may_delay=may_delay,
        facts=[facts_of(each.then.facts) for each in why.decisions],
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


def facts_of(held: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What was judged as lines: the path of each fact, as in ``grant.uses``, and its value as the rules had it."""
    return [] if held is None else [(path, _written(value)) for path, value in _flat(held["context"], "")]


def _flat(held: Mapping[str, Any], before: str) -> Iterator[tuple[str, object]]:
    for name, value in sorted(held.items()):
        if isinstance(value, dict) and value.keys() == {"type", "id"}:
            yield before + name, value["id"]
        elif isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) or "–" if isinstance(value, list) else str(value)
