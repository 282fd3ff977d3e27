"""The language of pages: English or Welsh.

What a visitor chose is kept in a cookie of its own; until then the browser's wish decides. Numbers, dates and plurals
follow the language; what people wrote stays in the language they wrote it in.
"""

from typing import Final

from flask import Flask, current_app, request
from flask_babel import get_locale
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from web.session import cookie_name

LANGUAGES: Final = {"en": "English", "cy": "Cymraeg"}
"""Each language by its code (BCP 47), in its own words."""

COOKIE: Final = "vault_language"
COOKIE_SECONDS: Final = 365 * 24 * 3600
_SECRET_ADDRESSES: Final = frozenset({"joining.ask", "sign_in.link"})
"""Pages whose address is itself a secret: it is put into no other address."""


def chosen() -> str:
    """The code of the language to answer in (a ``locale_selector`` of Flask-Babel)."""
    kept = request.cookies.get(cookie_name(current_app, COOKIE), "")
    if kept in LANGUAGES:
        return kept
    wished = (code.partition("-")[0].lower() for code in request.accept_languages.values())
    return next((code for code in wished if code in LANGUAGES), "en")


def current() -> str:
    """The code of the language of this answer."""
    return str(get_locale() or "en").partition("_")[0]


def here() -> str:
    """This page's address, to come back to it in another language; empty where it must not be repeated."""
    if request.endpoint in _SECRET_ADDRESSES or not is_own_page(request.path):
        return ""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def is_own_page(path: str) -> bool:
    """Whether *path*, without its query, is a page of this portal that can be opened: never another host."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return False
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    return True


def init_app(app: Flask) -> None:
    """Tell templates which languages there are, and which one this page is in."""
    app.jinja_env.globals.update(languages=LANGUAGES, language=current, here=here)
