"""For those who run the vault, and for those who check it: is it alive, is it ready, and the log's signed head."""

from typing import Final

from flask import Blueprint, Flask, Response

from audit import read
from audit.errors import CheckpointNotFoundError
from vault.context import SYSTEM
from vault.errors import NotFoundError
from web.api.edge import edge

PLAIN: Final = "text/plain; charset=utf-8"

blueprint = Blueprint("operations", __name__)


def init_app(app: Flask) -> None:
    """Offer the three addresses; none of them needs a sign-in, and none tells of anyone."""
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
def alive() -> Response:
    """Whether this process answers."""
    return _plain("ok\n")


@blueprint.get("/readyz")
def ready() -> Response:
    """Whether the database and the key store answer too; 503 otherwise."""
    _head()
    edge().vault.keyring.store.describe()
    return _plain("ready\n")


@blueprint.get("/log/checkpoint")
def checkpoint() -> Response:
    """The newest signed head of the log (C2SP tlog-checkpoint), byte for byte as it was signed."""
    note = _head()
    if note is None:
        raise NotFoundError("the log has no signed head yet")
    return _plain(note)


def _head() -> str | None:
    try:
        with edge().vault.reading(SYSTEM) as ctx:
            return read.checkpoint(ctx.session.connection())
    except CheckpointNotFoundError:
        return None


def _plain(text: str) -> Response:
    return Response(text, content_type=PLAIN, headers={"Cache-Control": "no-store"})
