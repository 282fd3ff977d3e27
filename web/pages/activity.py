"""Who looked: every line of the log about the resident, by day, each of which can be checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import to_user_timezone
from werkzeug.routing import BaseConverter, ValidationError

from audit.events import Event
from vault import grants, trail
from vault.context import Context
from vault.errors import NotFoundError
from vault.trail import Line
from web.auth import me
from web.pages.common import reading

bp: Final = Blueprint("activity", __name__, url_prefix="/activity")
BLUEPRINTS: Final = (bp,)

PAGE: Final = 25
LINES: Final = 50  # lines that are read at once to find the looks among them
TURNS: Final = 20


class LeafConverter(BaseConverter):
    """A line of the log in an address: its leaf hash as 64 hex digits."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> bytes:
        """The 32 bytes."""
        if len(value) != 64:  # noqa: PLR2004 -- as the pattern says
            raise ValidationError
        return bytes.fromhex(value)

    def to_url(self, value: bytes) -> str:
        """The 64 hex digits."""
        return value.hex()


@dataclass(frozen=True, slots=True)
class Look:
    """A line in the resident's words."""

    line: Line
    who: str
    what: str
    is_look: bool
    """Whether somebody else looked, or tried to."""
    by_me: bool


def _who(line: Line) -> str:
    who = line.who
    if who.kind == "citizen":
        return str(_("You"))
    place = who.service_name or who.organisation_name
    person = ", ".join(part for part in (who.role, who.team) if part)
    if not person and who.kind in {"auditor", "administrator"}:
        person = _staff()[who.kind]
    if place and person:
        return str(_("%(person)s, %(place)s", person=person[:1].upper() + person[1:], place=place))
    return place or _staff().get(who.kind, str(_("The council’s system")))


def _staff() -> dict[str, str]:
    return {"auditor": _("An auditor"), "administrator": _("An administrator"), "officer": _("A member of staff")}


def _sayings() -> dict[str, str]:
    """What each event is called on a resident's pages."""
    return {
        "record:opened": _("looked at your data"),
        "record:viewed": _("looked at your data"),
        "record:exported": _("took a copy of your data"),
        "record:refused": _("asked to look and was refused"),
        "record:written": _("added to your record"),
        "record:resealed": _("locked your record with a new key"),
        "record:disposed": _("deleted something that is no longer kept"),
        "record:shown-again": _("showed you something that was held back for a time"),
        "record:unseal-failed": _("tried to open something that did not open"),
        "request:made": _("asked to see some of your data"),
        "request:decided": _("decided a request"),
        "grant:made": _("began sharing"),
        "grant:narrowed": _("shared less"),
        "grant:renewed": _("shared for longer"),
        "grant:withdrawn": _("stopped sharing"),
        "grant:expired": _("sharing ended on its last day"),
        "grant:used-up": _("sharing ended because it was used up"),
        "grant:paused": _("paused sharing"),
        "grant:resumed": _("began sharing again"),
        "token:issued": _("got a key to look for five minutes"),
        "sign-in:made": _("signed in"),
        "sign-in:ended": _("signed out"),
        "sign-in:refused": _("could not sign in"),
        "account:made": _("made your account"),
        "account:closed": _("closed your account"),
        "passkey:added": _("added a passkey"),
        "passkey:removed": _("removed a passkey"),
        "link:made": _("made a sign-in link for you"),
        "link:used": _("used a sign-in link"),
        "case:opened": _("told us something was wrong"),
        "case:read": _("read what you told us"),
        "case:acknowledged": _("took up what you told us"),
        "case:extended": _("needs longer to answer what you told us"),
        "case:answered": _("answered what you told us"),
        "case:withdrawn": _("took back what you told us"),
        "contact:checked": _("checked how not to contact you"),
        "citizen:made": _("began your record here"),
        "citizen:changed": _("changed your record’s status"),
        "key:made": _("made a new key for your record"),
    }


def saying(event: str) -> str:
    """What *event* is called on a resident's pages; its own name where there is no word for it."""
    return _sayings().get(event, event.replace(":", " "))


def _is_own(line: Line) -> bool:
    return line.who.kind == "citizen"


def describe(line: Line) -> Look:
    """*line* in the resident's words."""
    look = line.event in {Event.RECORD_OPENED, Event.RECORD_REFUSED} and not _is_own(line)
    return Look(line, _who(line), saying(line.event), look, _is_own(line))


def by_day(looks: Sequence[Look]) -> list[tuple[date, list[Look]]]:
    """*looks* by the day on which they happened, as it was in the council's time zone."""
    return [(day, list(found)) for day, found in groupby(looks, key=lambda look: to_user_timezone(look.line.at).date())]


@bp.get("")
def overview() -> ResponseReturnValue:
    """The newest lines; ``?all=1`` shows what the resident and the system did too."""
    before = request.args.get("before")
    everything = request.args.get("all") == "1"
    with reading() as ctx:
        looks, more = looks_at(ctx, me().citizen_id, before=before, everything=everything)
    return render_template("activity/overview.html", days=by_day(looks), everything=everything, more=more)


def looks_at(
    ctx: Context, citizen_id: UUID, *, before: str | None = None, everything: bool = False, most: int = PAGE
) -> tuple[list[Look], str | None]:
    """About *most* looks at a citizen's data, newest first, and where the next page begins (None at the end)."""
    found: list[Look] = []
    for _turn in range(TURNS):
        lines = trail.of_citizen(ctx, citizen_id=citizen_id, limit=LINES, before=before)
        found += [look for line in lines if (look := describe(line)).is_look or everything]
        before = older(lines, LINES)
        if before is None or len(found) >= most:
            break
    return found, before


def older(lines: Sequence[Line], most: int) -> str | None:
    """Where the next page begins after *lines*, or None when this page was not full."""
    return lines[-1].position if len(lines) == most else None


def _line(leaf_hash: bytes) -> Line:
    with reading() as ctx:
        return trail.line(ctx, citizen_id=me().citizen_id, leaf_hash=leaf_hash)


@bp.get("/<leaf:leaf_hash>")
def show(leaf_hash: bytes) -> ResponseReturnValue:
    """One line in full, with what the resident can do about it."""
    line = _line(leaf_hash)
    grant = None
    if line.grant_id is not None:
        with reading() as ctx:
            grant = grants.view(ctx, citizen_id=me().citizen_id, grant_id=line.grant_id)
    return render_template("activity/show.html", look=describe(line), line=line, grant=grant)


@bp.get("/<leaf:leaf_hash>/check")
def check(leaf_hash: bytes) -> ResponseReturnValue:
    """Check that the line stands in the log as it was written."""
    line = _line(leaf_hash)
    with reading() as ctx:
        checked = trail.check(ctx, leaf_hash=leaf_hash)
    return render_template("activity/check.html", look=describe(line), line=line, checked=checked)


@bp.get("/<leaf:leaf_hash>/proof.txt")
def proof(leaf_hash: bytes) -> ResponseReturnValue:
    """
    The proof as a file that programs written by others can verify (C2SP tlog-proof).

    Raises:
        NotFoundError: The line waits for its place in the log.
    """
    _line(leaf_hash)
    with reading() as ctx:
        checked = trail.check(ctx, leaf_hash=leaf_hash)
    if not checked.proof:
        raise NotFoundError("this line has no proof yet")
    answer = Response(checked.proof, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="line-{leaf_hash.hex()[:8]}.tlog-proof"'
    return answer
