"""Searching the log: a form that is sent by GET, and the lines it finds."""

from collections.abc import Collection, Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from audit.events import ABOUT_THE_LOG, Event
from vault import purposes, services, trail
from vault.context import Context
from vault.errors import NotFoundError
from vault.trail import Filters
from web.auth import me
from web.pages.common import reading
from web.pages.lines import describe

bp: Final = Blueprint("auditor", __name__, url_prefix="/audit")

PAGE: Final = 50
MOST_CHARACTERS: Final = 400  # of one answer; a person's handle has about 250
OUTCOMES: Final = ("done", "refused")
NAMES: Final = ("since", "until", "event", "outcome", "purpose", "service", "reference", "person", "share", "case")
"""What a search may be narrowed by, in an address."""


class Search:
    """What an address asks for, and what is wrong with it: field → sentence."""

    def __init__(self, given: Mapping[str, str]) -> None:
        """Read the known names of *given*; what is too long counts as not given."""
        held = {name: given.get(name, "").strip() for name in NAMES}
        self.given = {name: value for name, value in held.items() if 0 < len(value) <= MOST_CHARACTERS}
        self.errors: dict[str, str] = {}
        self.filters = Filters(
            since=self._day("since"),
            until=self._day("until"),
            event=self._one_of("event", [str(event) for event in Event]),
            outcome=self._one_of("outcome", OUTCOMES),
            purpose=self.given.get("purpose", ""),
            service_id=self._id("service"),
            reference=self.given.get("reference", ""),
            person=self.given.get("person", ""),
            grant_id=self._id("share"),
            case_id=self._id("case"),
        )
        if self.filters.since and self.filters.until and self.filters.since > self.filters.until:
            self.errors["until"] = _("The last day must be the same as or after the first day")

    def _day(self, name: str) -> date | None:
        try:
            found = date.fromisoformat(self.given[name]) if name in self.given else None
        except ValueError:
            found = None
            self.errors[name] = _("Enter a real day, like 2026-11-24")
        if found is not None and not 1970 <= found.year < 2200:  # noqa: PLR2004 -- the log counts from 1970
            self.errors[name] = _("Enter a day between 1970 and 2199")
            return None
        return found

    def _one_of(self, name: str, known: Collection[str]) -> str:
        picked = self.given.get(name, "")
        if picked and picked not in known:
            self.errors[name] = _("Choose one of the list")
            return ""
        return picked

    def _id(self, name: str) -> UUID | None:
        try:
            return UUID(self.given[name]) if name in self.given else None
        except ValueError:
            self.errors[name] = _("This is not a reference of ours")
            return None


@bp.get("")
def home() -> ResponseReturnValue:
    """The form, and the newest lines that it finds."""
    asked = Search(request.args)
    before = request.args.get("before")
    found: trail.Found | None = None
    with reading() as ctx:
        choices = _choices(ctx)
        if not asked.errors:
            try:
                found = trail.search(ctx, filters=asked.filters, before=before, limit=PAGE)
            except NotFoundError:
                asked.errors["person"] = _("Your search for one person has ended. Find the person again.")
                del asked.given["person"]
    shown = {
        "asked": asked,
        "errors": asked.errors,
        "looks": [describe(line) for line in found.lines] if found else [],
        "older": found.older if found else None,
        "before": before,
        "mine": {"event": str(Event.AUDIT_SEARCHED), "reference": str(me().account.account_id)},
        **choices,
    }
    answer = render_template("auditor/home.html", **shown)
    return (answer, HTTPStatus.UNPROCESSABLE_ENTITY) if asked.errors else answer


def _choices(ctx: Context) -> dict[str, Any]:
    """What the form offers: the services whose part this auditor may read, the purposes, the events."""
    whole = trail.sees_everything(ctx)
    own = ctx.actor.organisation_id
    offered = [each for each in services.registered(ctx) if whole or each.organisation_id == own]
    return {
        "whole": whole,
        "services": [(str(each.service_id), each.name) for each in offered],
        "purposes": [(each.slug, each.name) for each in purposes.registered(ctx)],
        "events": [(str(event), str(event)) for event in Event if event not in ABOUT_THE_LOG],
    }
