"""What a browser keeps between two pages: a signed note of form tokens and drafts. Never a record's value.

Who is signed in is not in it: that is the sign-in cookie of `web.auth`, which stands for a row that can be revoked.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, TypedDict, cast

from flask import Flask, session
from flask_wtf import CSRFProtect

csrf = CSRFProtect()
"""Form tokens on every unsafe request; blueprints that prove their caller otherwise exempt themselves."""

SIGNING: Final = "web-session"  # the purpose under which the root key derives the signing key: 32 bytes
LONGEST: Final = timedelta(hours=12)
BODY_MOST: Final = 1024 * 1024  # bytes
FORM_PARTS_MOST: Final = 500

_DRAFTS: Final = "drafts"
_DRAFTS_MOST: Final = 4


class Draft(TypedDict, total=False):
    """Answers on the way to a decision: which fields, and until when (ISO 8601; empty means as long as may be)."""

    fields: list[str]
    until: str
    answers: dict[str, str]
    """Short answers of a form that goes over several pages."""


def cookie_name(app: Flask, name: str) -> str:
    """*name*, bound to this host and to https by its prefix, where people come over https (RFC 6265bis, 4.1.3)."""
    return f"__Host-{name}" if app.config["SESSION_COOKIE_SECURE"] else name


def init_app(app: Flask) -> None:
    """Sign the browser's note with a key derived from the root key, and guard every form."""
    runtime = app.extensions["vault"]
    app.config.update(
        SECRET_KEY=runtime.vault.keyring.derived(SIGNING),
        SESSION_COOKIE_SECURE=runtime.config.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LONGEST,
        MAX_CONTENT_LENGTH=BODY_MOST,
        MAX_FORM_MEMORY_SIZE=BODY_MOST,
        MAX_FORM_PARTS=FORM_PARTS_MOST,
        WTF_CSRF_TIME_LIMIT=None,  # a form token lives as long as the session
        WTF_CSRF_SSL_STRICT=False,  # our Referrer-Policy sends no referrer to compare with
    )
    app.config["SESSION_COOKIE_NAME"] = cookie_name(app, "vault_note")
    csrf.init_app(app)


def draft_of(key: str) -> Draft:
    """The unfinished answers kept under *key*; empty when there are none."""
    return cast("Draft", dict(session.get(_DRAFTS, {}).get(key, {})))


def keep_draft(
    key: str,
    *,
    fields: Sequence[str] | None = None,
    until: str | None = None,
    answers: Mapping[str, str] | None = None,
) -> None:
    """Keep answers under *key* until `drop_draft`, beside those kept before; only the newest four drafts are kept."""
    draft = draft_of(key)
    if fields is not None:
        draft["fields"] = sorted(fields)
    if until is not None:
        draft["until"] = until
    if answers is not None:
        draft["answers"] = {**draft.get("answers", {}), **answers}
    others = [(name, held) for name, held in session.get(_DRAFTS, {}).items() if name != key]
    session[_DRAFTS] = dict([*others, (key, draft)][-_DRAFTS_MOST:])


def drop_draft(key: str) -> None:
    """Forget the answers kept under *key*."""
    session[_DRAFTS] = {name: held for name, held in session.get(_DRAFTS, {}).items() if name != key}


def forget_all() -> None:
    """Empty the note: at sign-in, so that nothing planted before carries over, and at sign-out."""
    session.clear()
