"""For those who run the vault, and for those who check it: is it alive, is it ready, and what is public of the log."""

from typing import Final

from flask import Blueprint, Flask, Response

from audit import public, read
from audit.errors import CheckpointNotFoundError, TileNotFoundError
from vault.context import SYSTEM
from vault.errors import NotFoundError
from web.api.edge import edge

PLAIN: Final = "text/plain; charset=utf-8"
FOR_GOOD: Final = "public, max-age=31536000, immutable"
"""A tile under a published head never changes (C2SP tlog-tiles)."""

blueprint = Blueprint("operations", __name__)


def init_app(app: Flask) -> None:
    """Offer these addresses; none of them needs a sign-in, and none tells of anyone."""
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


@blueprint.get("/log/tile/<path:path>")
def tile(path: str) -> Response:
    """A tile of hashes (C2SP tlog-tiles). Entries are for auditors: their bundles are not found here."""
    try:
        with edge().vault.reading(SYSTEM) as ctx:
            hashes = public.hash_tile(ctx.session, path)
    except TileNotFoundError as error:
        raise NotFoundError(str(error)) from error
    return Response(hashes, content_type="application/octet-stream", headers={"Cache-Control": FOR_GOOD})


def _head() -> str | None:
    try:
        with edge().vault.reading(SYSTEM) as ctx:
            return read.checkpoint(ctx.session.connection())
    except CheckpointNotFoundError:
        return None


def _plain(text: str) -> Response:
    return Response(text, content_type=PLAIN, headers={"Cache-Control": "no-store"})
