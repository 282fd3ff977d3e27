"""Webhooks in words: what a service is told of, what became of it, and why it failed."""

from typing import Final

from flask import Flask
from flask_babel import lazy_gettext

from vault.webhooks import DeliveryFault, DeliveryState, HookEvent

EVENTS: Final = {
    HookEvent.GRANT_MADE: lazy_gettext("A share was made"),
    HookEvent.GRANT_NARROWED: lazy_gettext("A share was made smaller"),
    HookEvent.GRANT_RENEWED: lazy_gettext("A share goes on for longer"),
    HookEvent.GRANT_WITHDRAWN: lazy_gettext("A share was stopped"),
    HookEvent.GRANT_PAUSED: lazy_gettext("A share is paused"),
    HookEvent.GRANT_RESUMED: lazy_gettext("A share works again"),
    HookEvent.GRANT_EXPIRED: lazy_gettext("A share has ended"),
    HookEvent.GRANT_USED_UP: lazy_gettext("A share is used up"),
    HookEvent.GRANT_EXPIRING: lazy_gettext("A share ends in a week"),
    HookEvent.DATA_CHANGED: lazy_gettext("Something shared has changed"),
    HookEvent.DATA_ERASED: lazy_gettext("A record was erased"),
    HookEvent.TEST: lazy_gettext("A test"),
}
TAGS: Final = {
    DeliveryState.WAITING: (lazy_gettext("Waiting"), "govuk-tag--blue"),
    DeliveryState.DELIVERED: (lazy_gettext("Told"), "govuk-tag--green"),
    DeliveryState.GIVEN_UP: (lazy_gettext("Given up"), "govuk-tag--red"),
}
FAULTS: Final = {
    DeliveryFault.NO_ANSWER: lazy_gettext("Nobody answered at its address. Check that its receiver runs."),
    DeliveryFault.NO_NAME: lazy_gettext("The name in its address leads nowhere. Check how it is spelled."),
    DeliveryFault.TOO_SLOW: lazy_gettext("It took too long to answer. It must say yes first, and work afterwards."),
    DeliveryFault.TOO_LONG: lazy_gettext("It answered with too much. An answer needs no content."),
    DeliveryFault.CERTIFICATE: lazy_gettext("Its certificate cannot be trusted. Check its name and dates."),
    DeliveryFault.ADDRESS_REFUSED: lazy_gettext("Its address is inside a private network. It must be a public one."),
    DeliveryFault.STATUS: lazy_gettext("It answered with an error."),
    DeliveryFault.GONE: lazy_gettext("It said that it wants nothing more at this address (410)."),
    DeliveryFault.SUSPENDED: lazy_gettext("It is suspended, so it is told nothing."),
    DeliveryFault.NO_ADDRESS: lazy_gettext("It has no address to be told at any more."),
}


def init_app(app: Flask) -> None:
    """Let templates say what became of an event."""
    app.jinja_env.globals.update(hook_events=EVENTS, hook_tags=TAGS, hook_faults=FAULTS)
