"""``/sandbox``: who lives there, how each answers, and one click to be one of them. Only a sandbox loads this."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Flask, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from vault import sign_ins
from vault.context import SYSTEM
from web.auth import let_in, me
from web.runtime import Runtime, runtime
from web.sandbox import answering, note, setting_up

ASKED_AT: Final = "/oauth/bc-authorize"

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox")


def init_app(app: Flask) -> None:
    """Offer the sandbox's page, and say on every other that nobody here is real."""
    held = note.read(Runtime.of(app).config.home)
    app.register_blueprint(blueprint)

    @app.after_request
    def answer(response: Response) -> Response:
        if request.path == ASKED_AT and response.status_code == HTTPStatus.OK:
            answering.answer_waiting(runtime().vault, held)
        return response

    app.context_processor(lambda: {"sandbox": True})


@blueprint.get("")
def people() -> ResponseReturnValue:
    """Say who lives here and how each answers."""
    held = note.read(runtime().config.home)
    return render_template("sandbox/people.html", held=held, client=setting_up.CLIENT, purposes=setting_up.PURPOSES)


@blueprint.post("/be/<slug>")
def be(slug: str) -> ResponseReturnValue:
    """Sign out, and sign in as *slug*: what a person does who is present."""
    found = {one.slug: one for one in note.read(runtime().config.home).residents}.get(slug)
    if found is None:
        abort(404)
    if current_user.is_authenticated:
        with runtime().vault.transaction(SYSTEM) as ctx:
            sign_ins.end(ctx, cookie=me().cookie)
        runtime().names.drop(me().cookie)
    return let_in(found.account_id, method="demo")
