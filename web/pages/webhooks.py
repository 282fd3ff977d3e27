"""What a service was told, and what could not be told it; and a test of whether word arrives at all."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from vault import registry, webhooks
from web import proving
from web.pages import paging
from web.pages.common import changing, reading
from web.pages.services import sheet_of

bp: Final = Blueprint("webhooks", __name__, url_prefix="/admin/services/<slug>/events")
BLUEPRINTS: Final = (bp,)


@bp.get("")
def show(slug: str) -> ResponseReturnValue:
    """Every event that is kept, newest first."""
    sheet, after = sheet_of(slug), paging.after()
    with reading() as ctx:
        found, more = webhooks.of_service(ctx, service_id=sheet.service_id, after=_id(after), limit=paging.PAGE)
        lost = webhooks.recently_given_up(ctx, service_id=sheet.service_id)
    return render_template("administrator/events.html", service=sheet, found=found, after=after, more=more, lost=lost)


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@bp.post("/test")
@proving.first
def test(slug: str) -> ResponseReturnValue:
    """Put an event on its way that says nothing."""
    with changing() as ctx:
        registry.send_test_event(ctx, slug=slug)
    return redirect(url_for("webhooks.show", slug=slug), 303)
