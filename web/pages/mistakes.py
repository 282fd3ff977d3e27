"""The page for an error: what happened, what was kept, what to do next. Never a value, never a trace."""

from http import HTTPStatus
from typing import Final

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_login import current_user

from vault.errors import NotFoundError
from web import errors
from web.auth import log_refused_page

Said = tuple[object, object]

WORDS: Final[dict[HTTPStatus, Said]] = {
    HTTPStatus.BAD_REQUEST: (
        _("Something in that page was out of date"),
        _("Nothing was changed. Go back, reload the page and try again."),
    ),
    HTTPStatus.UNAUTHORIZED: (_("You are not signed in"), _("Nothing was changed. Sign in and try again.")),
    HTTPStatus.FORBIDDEN: (
        _("You cannot do this"),
        _("This page is not for you, or the rules do not allow it. Nothing was changed."),
    ),
    HTTPStatus.NOT_FOUND: (
        _("Page not found"),
        _("If you typed the web address, check it is right. If you pasted it, check you copied all of it."),
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (_("That does not work here"), _("Nothing was changed. Go back to the start.")),
    HTTPStatus.CONFLICT: (
        _("This was decided already"),
        _("Somebody decided this before, or it has ended. Nothing was changed just now."),
    ),
    HTTPStatus.GONE: (
        _("This link does not work any more"),
        _("A link works once, and for a short time. Ask for a new one."),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (_("That is too long"), _("Nothing was kept. Go back and write less.")),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        _("Something is not right"),
        _("Nothing was changed. Go back and check your answers."),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (_("Too many tries"), _("Wait a minute, then try again.")),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        _("Sorry, there is a problem with this service"),
        _("It is our mistake. Nothing was shown to anybody. Try again later."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        _("Sorry, this service is not working just now"),
        _("Nothing was shown to anybody and nothing was kept. Try again later."),
    ),
}


def init_app(app: Flask) -> None:
    """Answer errors outside the API with a page."""
    errors.use_error_page(app, error_page)


def error_page(status: HTTPStatus, code: str) -> ResponseReturnValue:
    """The page for *status*; statuses without words of their own get those of 400 or 500.

    What is not there, or is somebody else's, is refused alike, and the log says that somebody asked.
    """
    if code == NotFoundError.code and current_user.is_authenticated:
        log_refused_page()
    general = HTTPStatus.BAD_REQUEST if status < HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus.INTERNAL_SERVER_ERROR
    title, words = WORDS.get(status, WORDS[general])
    plain = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return render_template("mistake.html", title=title, words=words, code=code, status=int(status), plain=plain), status
