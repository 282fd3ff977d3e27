"""An administrator's pages: the services that may ask, suspending one, and the purposes they ask for."""

from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from vault import purposes, services
from vault.errors import NotFoundError
from vault.kinds import ServiceStatus
from web.pages.common import changing, reading

bp: Final = Blueprint("administrator", __name__, url_prefix="/admin")
BLUEPRINTS: Final = (bp,)


@bp.get("")
def home() -> ResponseReturnValue:
    """Every service and every purpose."""
    with reading() as ctx:
        found = services.registered(ctx)
        owners = {each.organisation_id: each.name for each in services.organisations(ctx)}
        known = purposes.registered(ctx)
    return render_template("administrator/home.html", services=found, owners=owners, purposes=known)


@bp.get("/services/<slug>")
def service(slug: str) -> ResponseReturnValue:
    """One service, with the purposes it may ask for."""
    with reading() as ctx:
        found = services.by_slug(ctx, slug=slug)
        owner = services.organisation_by_id(ctx, organisation_id=found.organisation_id)
        known = purposes.of_service(ctx, service_id=found.service_id)
    return render_template("administrator/service.html", service=found, owner=owner, purposes=known)


@bp.post("/services/<slug>/<status>")
def set_status(slug: str, status: str) -> ResponseReturnValue:
    """
    Suspend a service at once, or let it work again.

    Raises:
        NotFoundError: There is no such service or status.
    """
    if status not in set(ServiceStatus):
        raise NotFoundError("there is no such status")
    with changing() as ctx:
        services.set_status(ctx, slug=slug, status=ServiceStatus(status))
    return redirect(url_for("administrator.service", slug=slug), 303)


@bp.get("/purposes/<slug>")
def purpose(slug: str) -> ResponseReturnValue:
    """One purpose, in full."""
    with reading() as ctx:
        found = purposes.find(ctx, slug=slug)
    return render_template("administrator/purpose.html", purpose=found)
