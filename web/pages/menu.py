"""What an officer's menu leads to beyond what every officer has: only what they may open."""

from flask import Flask

from vault import emergencies
from vault.at_the_desk import is_of_the_council
from web.pages.common import reading
from web.pages.emergency import REASONS


def officer_may() -> dict[str, bool]:
    """Whether the officer who is signed in may help residents to sign in, and acts in or looks at emergencies."""
    with reading() as ctx:
        return {"desk": is_of_the_council(ctx), "emergency": emergencies.concern(ctx)}


def init_app(app: Flask) -> None:
    """Let the frame of every page ask, and every page say why somebody spoke of an emergency."""
    app.jinja_env.globals.update(officer_may=officer_may, emergency_reasons=REASONS)
