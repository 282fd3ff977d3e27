"""Who looked: every line of the log about the resident, by day, each of which can be checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.routing import BaseConverter, ValidationError

from audit.events import Event
from vault import cases, grants, requests, trail
from vault.catalogue import CATALOGUE
from vault.context import Context
from vault.errors import NotFoundError
from vault.trail import Checked, Line
from web.auth import me
from web.pages.common import reading
from web.pages.lines import Look, by_day, describe

bp: Final = Blueprint("activity", __name__, url_prefix="/activity")
BLUEPRINTS: Final = (bp,)

PAGE: Final = 25
LINES: Final = 100  # lines that are read at once to find the looks among them
TURNS: Final = 3  # after which the page says that there may be more further down
LATE: Final = timedelta(days=90)
"""For how long the list says at its top what was shown late."""
OUTCOMES: Final = ("looked", "refused", "emergency")
PERIODS: Final = {"7": timedelta(days=7), "30": timedelta(days=30), "365": timedelta(days=365)}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a resident wants to see of their lines; what is empty, or not among the choices, does not narrow it."""

    everything: bool = False
    """Also what the resident and the system did, not only who looked."""
    who: str = ""
    """A service's id."""
    what: str = ""
    """A category."""
    outcome: str = ""
    period: str = ""
    """Days back from now."""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """Read the answers of the form."""
        what, outcome, period = (given.get(name, "") for name in ("what", "outcome", "period"))
        return cls(
            everything=given.get("all") == "1",
            who=given.get("who", "") if len(given.get("who", "")) <= 36 else "",  # noqa: PLR2004 -- an id's characters
            what=what if what in {each.name for each in CATALOGUE.categories} else "",
            outcome=outcome if outcome in OUTCOMES else "",
            period=period if period in PERIODS else "",
        )

    @property
    def told(self) -> dict[str, str]:
        """The same as it stands in an address."""
        held = {"who": self.who, "what": self.what, "outcome": self.outcome, "period": self.period}
        held["all"] = "1" if self.everything else ""
        return {name: value for name, value in held.items() if value}

    @property
    def narrows(self) -> bool:
        """Whether lines are left out by choice."""
        return bool(self.who or self.what or self.outcome or self.period)

    def since(self, now: datetime) -> datetime | None:
        """The oldest moment wanted."""
        return now - PERIODS[self.period] if self.period else None

    def fits(self, look: Look) -> bool:
        """Whether *look* is wanted; the period is not asked here."""
        line = look.line
        if not (look.is_look or self.everything):
            return False
        if self.who and str(line.service_id) != self.who:
            return False
        if self.what and not any(name.startswith(f"{self.what}.") for name in (*line.fields, *line.refused)):
            return False
        refused = line.event == Event.RECORD_REFUSED
        outcome = {"": True, "looked": not refused, "refused": refused, "emergency": line.emergency}
        return outcome[self.outcome]


@bp.get("")
def overview() -> ResponseReturnValue:
    """The newest lines, as the form narrows them; ``?all=1`` shows what the resident and the system did too."""
    before = request.args.get("before")
    wanted = Wanted.of(request.args)
    citizen_id = me().citizen_id
    with reading() as ctx:
        looks, more = looks_at(ctx, citizen_id, before=before, wanted=wanted)
        services = _services(ctx, citizen_id)
        plain = not (before or wanted.narrows)
        late = trail.shown_late(ctx, citizen_id=citizen_id, since=ctx.now - LATE) if plain else []
    return render_template(
        "activity/overview.html",
        days=by_day(looks),
        wanted=wanted,
        more=more,
        before=before,
        services=services,
        late=[describe(line, to_resident=True) for line in late],
        categories=[(each.name, str(_(each.words))) for each in CATALOGUE.categories],
    )


def _services(ctx: Context, citizen_id: UUID) -> list[tuple[str, str]]:
    """The services that asked for something, or were allowed something, by id and name."""
    asked = [each.service for each in requests.of_citizen(ctx, citizen_id=citizen_id)]
    allowed = [each.service for each in grants.of_citizen(ctx, citizen_id=citizen_id)]
    names = {str(each.service_id): each.name for each in (*asked, *allowed)}
    return sorted(names.items(), key=lambda pair: pair[1].casefold())


def looks_at(
    ctx: Context, citizen_id: UUID, *, before: str | None = None, wanted: Wanted | None = None, most: int = PAGE
) -> tuple[list[Look], str | None]:
    """About *most* looks at a citizen's data, newest first, and where the next page begins (None at the end)."""
    wanted = wanted or Wanted()
    since = wanted.since(ctx.now)
    found: list[Look] = []
    for _turn in range(TURNS):
        lines = trail.of_citizen(ctx, citizen_id=citizen_id, limit=LINES, before=before)
        within = [line for line in lines if since is None or line.at >= since]
        found += [look for line in within if wanted.fits(look := describe(line, to_resident=True))]
        before = older(lines, LINES) if len(within) == len(lines) else None
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
    grant = case = None
    if line.grant_id is not None:
        with reading() as ctx:
            grant = grants.view(ctx, citizen_id=me().citizen_id, grant_id=line.grant_id)
            case = cases.open_by_grant(ctx, citizen_id=me().citizen_id).get(line.grant_id)
    look = describe(line, to_resident=True)
    return render_template("activity/show.html", look=look, line=line, grant=grant, case=case)


@bp.get("/<leaf:leaf_hash>/check")
def check(leaf_hash: bytes) -> ResponseReturnValue:
    """Check that the line stands in the log as it was written."""
    line = _line(leaf_hash)
    with reading() as ctx:
        checked = trail.check(ctx, leaf_hash=leaf_hash)
    return render_template("activity/check.html", look=describe(line, to_resident=True), line=line, checked=checked)


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
    return proof_file(leaf_hash, checked)


def proof_file(leaf_hash: bytes, checked: Checked) -> Response:
    """The proof as a download, named by the line it proves."""
    answer = Response(checked.proof, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="{leaf_hash.hex()}.tlog-proof"'
    return answer
