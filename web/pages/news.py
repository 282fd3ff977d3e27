"""What each message says now: what waits while it waits, and afterwards what came of it; and where one goes from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import url_for
from flask_babel import gettext as _

from vault import authorities, emergencies, grants, requests
from vault.context import Context
from vault.errors import NotFoundError
from vault.grants import GrantView
from vault.kinds import Decider, GrantState, NoticeKind, RequestState
from vault.notices import NoticeView
from vault.requests import RequestView
from web.pages.lines import FOUND, REASONS
from web.words import day, last_day


@dataclass(frozen=True, slots=True)
class News:
    """One message in words, and the page that goes with it."""

    words: str
    link: str
    href: str


def news_of(ctx: Context, notice: NoticeView) -> News:
    """What *notice* says now."""
    told = _TOLD.get(notice.kind)
    try:
        return told(ctx, notice) if told else _PLAIN[notice.kind]()
    except NotFoundError:
        return _PLAIN[notice.kind]()


# --- requests -------------------------------------------------------------------------------------------------------


def _request(ctx: Context, notice: NoticeView) -> News:
    asked = requests.view(ctx, citizen_id=notice.citizen_id, request_id=notice.about)
    here = url_for("decision.show", request_id=asked.request_id)
    if asked.state is RequestState.PENDING:
        return News(
            _("%(service)s asks to see some of your data", service=asked.service.name), _("Decide what to share"), here
        )
    if asked.decided_at and asked.state is not RequestState.CANCELLED:
        here = url_for("requests.receipt", request_id=asked.request_id)
        return News(_decided(asked), _("Your receipt"), here)
    return News(_decided(asked), _("See the request"), here)


def _decided(asked: RequestView) -> str:
    named = {"service": asked.service.name, "day": day(asked.decided_at or asked.expires_at)}
    match asked.state:
        case RequestState.APPROVED:
            return str(_("%(service)s asked to see some of your data. You shared all of it on %(day)s", **named))
        case RequestState.PARTLY_APPROVED:
            return str(_("%(service)s asked to see some of your data. You shared some of it on %(day)s", **named))
        case RequestState.DENIED:
            return str(_("%(service)s asked to see some of your data. You shared nothing", **named))
        case RequestState.CANCELLED:
            return str(_("%(service)s asked to see some of your data, and took that back", **named))
        case _:
            return str(_("%(service)s asked to see some of your data. It ran out without an answer", **named))


# --- shares ---------------------------------------------------------------------------------------------------------


def _share(ctx: Context, notice: NoticeView) -> News:
    grant = grants.view(ctx, citizen_id=notice.citizen_id, grant_id=notice.about)
    here = url_for("sharing.show", grant_id=grant.grant_id)
    return News(_ending(grant, notice.occasion), _("See this share"), here)


def _ending(grant: GrantView, occasion: int) -> str:
    named = {"service": grant.service.name, "day": last_day(grant.not_after)}
    if grant.state is GrantState.WITHDRAWN:
        return str(_("Your share with %(service)s was about to end. It was stopped", **named))
    if not grant.is_live:
        return str(_("Your share with %(service)s has ended", **named))
    if grant.version != occasion:
        return str(_("Your share with %(service)s was about to end. Now it goes on until %(day)s", **named))
    return str(_("Your share with %(service)s ends on %(day)s", **named))


def _written_down(ctx: Context, notice: NoticeView) -> News:
    """What an officer wrote down of a share; of a request where nothing came of it."""
    try:
        grant = grants.view(ctx, citizen_id=notice.citizen_id, grant_id=notice.about)
    except NotFoundError:
        asked = requests.view(ctx, citizen_id=notice.citizen_id, request_id=notice.about)
        receipt = url_for("requests.receipt", request_id=asked.request_id)
        words = _("%(service)s wrote down that you share nothing with it", service=asked.service.name)
        return News(words, _("Your receipt"), receipt)
    named = {"service": grant.service.name}
    if notice.occasion == 0:
        words = _("%(service)s wrote down that you share some of your data with it", **named)
        undone = grant.decided_by is not Decider.SPOKEN or not grant.is_live
        return _to_share(grant, words) if undone else _to_undo(grant, words)
    words = _("%(service)s wrote down a change of your share as you told it", **named)
    return _to_undo(grant, words) if grant.was_said and grant.version == notice.occasion else _to_share(grant, words)


def _to_undo(grant: GrantView, words: str) -> News:
    return News(words, _("See what was written down, and undo it"), url_for("undoing.ask", grant_id=grant.grant_id))


def _to_share(grant: GrantView, words: str) -> News:
    return News(words, _("See this share"), url_for("sharing.show", grant_id=grant.grant_id))


# --- family ---------------------------------------------------------------------------------------------------------


def _family(ctx: Context, notice: NoticeView) -> News:
    held = authorities.find(ctx, citizen_id=notice.citizen_id, authority_id=notice.about)
    named = {"name": held.name, "relationship": held.relationship}
    words = (
        _("%(name)s, your %(relationship)s, can now see some of your data for you", **named)
        if held.is_live
        else _("%(name)s, your %(relationship)s, could see some of your data for you. That has ended", **named)
    )
    return News(words, _("See who may look for me"), url_for("family.overview"))


# --- emergencies ----------------------------------------------------------------------------------------------------


def _emergency(ctx: Context, notice: NoticeView) -> News:
    held = emergencies.of_citizen(ctx, citizen_id=notice.citizen_id, emergency_id=notice.about)
    plain = _PLAIN[notice.kind]()
    named = {"service": held.service.name, "reason": str(REASONS[held.reason]).rstrip(".")}
    return News(_("%(service)s opened your data in an emergency. %(reason)s", **named), plain.link, plain.href)


def _judged(ctx: Context, notice: NoticeView) -> News:
    held = emergencies.of_citizen(ctx, citizen_id=notice.citizen_id, emergency_id=notice.about)
    plain = _PLAIN[notice.kind]()
    if held.outcome is None:
        return plain
    named = {"service": held.service.name, "found": str(FOUND[held.outcome]).rstrip(".")}
    words = _("A supervisor of %(service)s looked at the emergency in which your data was opened. %(found)s", **named)
    return News(words, plain.link, plain.href)


_TOLD: Final[Mapping[NoticeKind, Callable[[Context, NoticeView], News]]] = {
    NoticeKind.REQUEST_WAITS: _request,
    NoticeKind.SHARE_ENDS: _share,
    NoticeKind.FAMILY: _family,
    NoticeKind.EMERGENCY: _emergency,
    NoticeKind.EMERGENCY_JUDGED: _judged,
    NoticeKind.WRITTEN_DOWN: _written_down,
}
_PLAIN: Final[Mapping[NoticeKind, Callable[[], News]]] = {
    NoticeKind.REQUEST_WAITS: lambda: News(
        _("Somebody asked to see some of your data"), _("See the requests"), url_for("requests.inbox")
    ),
    NoticeKind.SHARE_ENDS: lambda: News(
        _("A share was about to end"), _("See who can see my data"), url_for("sharing.overview")
    ),
    NoticeKind.NEW_PASSKEY: lambda: News(
        _("A new passkey was added to your account"), _("See how you sign in"), url_for("security.overview")
    ),
    NoticeKind.RECOVERY: lambda: News(
        _("Somebody asked for a new way into your account"), _("See how you sign in"), url_for("security.overview")
    ),
    NoticeKind.WAY_REMOVED: lambda: News(
        _("A way to sign in was removed from your account"), _("See how you sign in"), url_for("security.overview")
    ),
    NoticeKind.FAMILY: lambda: News(
        _("Somebody can now see some of your data for you"), _("See who may look for me"), url_for("family.overview")
    ),
    NoticeKind.EMERGENCY: lambda: News(
        _("Somebody opened your data in an emergency"),
        _("See who it was, what they saw and why"),
        url_for("activity.overview", outcome="emergency"),
    ),
    NoticeKind.SHOWN_LATE: lambda: News(
        _("You can see something now that the law kept from you for a time"),
        _("See who looked"),
        url_for("activity.overview"),
    ),
    NoticeKind.EMERGENCY_JUDGED: lambda: News(
        _("A supervisor looked at an emergency in which your data was opened"),
        _("See what they decided"),
        url_for("activity.overview", all="1"),
    ),
    NoticeKind.WRITTEN_DOWN: lambda: News(
        _("Staff wrote down what you said about a share"), _("See who can see my data"), url_for("sharing.overview")
    ),
}
"""What is said of ways in, and where nothing can be said of the row that a message is about."""
