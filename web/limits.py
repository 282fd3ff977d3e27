"""How often one address may try: sign-in and one-time links. Counted in the process; nothing is stored."""

from typing import Final

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

from web.counting import SCHEME

TRIES: Final = "20 per minute"

limiter = Limiter(get_remote_address, storage_uri=f"{SCHEME}://")
"""Views name their own limit; there is none by default, so that pages and files are never cut off."""


def own_tries() -> str:
    """
    Whose tries are counted where people are signed in: their own, so that nobody uses up another's.

    The answer is kept in the process only, as long as the count.
    """
    return str(current_user.get_id()) if current_user.is_authenticated else str(get_remote_address())


def init_app(app: Flask) -> None:
    """Count for *app*."""
    limiter.init_app(app)
