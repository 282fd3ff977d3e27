"""Pages about the service: privacy, accessibility, cookies, contact."""

from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

bp: Final = Blueprint("about", __name__)
BLUEPRINTS: Final = (bp,)


@bp.get("/privacy")
def privacy() -> ResponseReturnValue:
    """How the vault treats what it holds."""
    return render_template("about/privacy.html")


@bp.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    """The accessibility statement."""
    return render_template("about/accessibility.html")


@bp.get("/cookies")
def cookies() -> ResponseReturnValue:
    """The cookies there are."""
    return render_template("about/cookies.html")


@bp.get("/contact")
def contact() -> ResponseReturnValue:
    """Where help is."""
    return render_template("about/contact.html")
