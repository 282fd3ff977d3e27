"""Coming from a service and going back: where its pushed request is opened, and how the answer gets back to it.

What is in between is the portal's own: sign-in, and the pages of a request (`web.pages.decision`). The service is told
nothing about who came before they have decided.
"""

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from vault import visits
from vault.context import SYSTEM
from vault.errors import NotFoundError, WrongStateError
from vault.sums import Refused
from vault.visits import Back, Visitor
from web import proving
from web.api.edge import service_actor
from web.auth import me
from web.limits import limiter
from web.pages.common import changing, reading
from web.runtime import runtime

bp: Final = Blueprint("visiting", __name__)
door: Final = Blueprint("visit", __name__)
"""What whoever came is shown before they have signed in."""
BLUEPRINTS: Final = (bp, door)

URN: Final = "urn:ietf:params:oauth:request_uri:"
"""What a ``request_uri`` begins with (RFC 9126, section 2.2)."""
_OPENINGS: Final = "60 per minute"
_MISSING: Final = "unmet_authentication_requirements"


@door.get("/oauth/authorize")
@limiter.limit(_OPENINGS)
def authorize() -> ResponseReturnValue:
    """Open a pushed request, once (RFC 9126, section 4); no other form of a request is taken."""
    asked = {name: request.args.getlist(name) for name in ("client_id", "request_uri")}
    if any(len(values) != 1 for values in asked.values()) or not asked["request_uri"][0].startswith(URN):
        return _ended()
    handle = asked["request_uri"][0].removeprefix(URN)
    try:
        with runtime().vault.transaction(SYSTEM) as ctx:
            page = visits.open_pushed(ctx, client_id=asked["client_id"][0], handle=handle)
    except NotFoundError:
        return _ended()
    return redirect(url_for("visit.start", handle=page), 303)


def _ended() -> ResponseReturnValue:
    runtime().vault.count_refused(Refused.REQUEST)
    return render_template("visiting/ended.html"), 400


@door.get("/visit/<handle>")
def start(handle: str) -> ResponseReturnValue:
    """Say who asks, and offer to sign in; who is signed in already goes on at once."""
    with runtime().vault.reading(SYSTEM) as ctx:
        visitor = visits.coming(ctx, handle=handle)
    if proving.is_resident():
        return redirect(url_for("visiting.decide", handle=handle), 303)
    return render_template("visiting/start.html", visitor=visitor, handle=handle)


@bp.get("/visit/<handle>/decide")
def decide(handle: str) -> ResponseReturnValue:
    """Put the request before the resident who is signed in, once they have proved themselves as the service asked."""
    person = me()
    with reading() as ctx:
        visitor = visits.coming(ctx, handle=handle)
    if not visitor.arrived and not _is_proven(visitor):
        if person.actor.can_prove:
            return proving.lead(again=True)
        return _sent_back(_left(handle), error=_MISSING)
    service = visitor.service
    with runtime().vault.transaction(service_actor(service.service_id, service.organisation_id)) as ctx:
        request_id = visits.arrive(
            ctx,
            handle=handle,
            citizen_id=person.citizen_id,
            proven_at=person.actor.proven_at,
            proven_by=person.actor.proven_by or "",
        )
    return redirect(url_for("decision.show", request_id=request_id), 303)


def _is_proven(visitor: Visitor) -> bool:
    """Whether the sign-in is as fresh, and as strong, as the service asked (RFC 9470, section 4)."""
    errand, proven_at = visitor.errand, me().actor.proven_at
    if errand.acr_values and me().actor.proven_by not in errand.acr_values:
        return False
    if errand.max_age is None:
        return True
    oldest = min(visitor.opened_at, runtime().vault.clock() - timedelta(seconds=errand.max_age))
    return proven_at is not None and proven_at >= oldest


def _left(handle: str) -> Back:
    with runtime().vault.transaction(SYSTEM) as ctx:
        return visits.leave(ctx, handle=handle)


@door.get("/visit/<handle>/leave")
def leave(handle: str) -> ResponseReturnValue:
    """Go back without signing in; whoever signed in says no in the request itself."""
    try:
        return _sent_back(_left(handle))
    except WrongStateError:
        return redirect(url_for("visiting.decide", handle=handle), 303)


@bp.get("/requests/<uuid:request_id>/back")
def back(request_id: UUID) -> ResponseReturnValue:
    """Go back to the service with what was decided."""
    try:
        with changing() as ctx:
            found = visits.go_back(ctx, citizen_id=me().citizen_id, request_id=request_id)
    except WrongStateError:
        return redirect(url_for("decision.show", request_id=request_id), 303)
    except NotFoundError:
        return render_template("visiting/ended.html"), 410
    return _sent_back(found)


@door.errorhandler(NotFoundError)
@bp.errorhandler(NotFoundError)
def gone(_error: NotFoundError) -> ResponseReturnValue:
    """Say that the visit is over: whether there ever was one is not told."""
    return render_template("visiting/ended.html"), 404


def _sent_back(found: Back, *, error: str = "access_denied") -> ResponseReturnValue:
    """The answer to the service (RFC 6749, section 4.1.2), with its issuer (RFC 9207)."""
    said = {"code": found.code} if found.code else {"error": error}
    more = {"state": found.state} if found.state is not None else {}
    query = urlencode({**said, **more, "iss": runtime().config.issuer})
    joint = "&" if "?" in found.redirect_uri else "?"
    return redirect(f"{found.redirect_uri}{joint}{query}", 303)


def way_back(request_id: UUID) -> str:
    """The address that leads back to the service from a request that was asked on a visit; else empty."""
    with reading() as ctx:
        found = visits.visiting(ctx, citizen_id=me().citizen_id, request_id=request_id)
    return url_for("visiting.back", request_id=request_id) if found else ""
