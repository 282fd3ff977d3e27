"""The application of a witness: ``add-checkpoint`` for logs, the newest cosigned head of each for monitors."""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Flask, Response, request

from audit import errors
from audit.witness import REQUEST_MOST, Witness
from web.witness import folder

HOME: Final = "CITIZEN_VAULT_WITNESS_HOME"
NOTE: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"

STATUS: Final[Mapping[type[errors.AuditError], HTTPStatus]] = {
    errors.WitnessRequestInvalidError: HTTPStatus.BAD_REQUEST,
    errors.LogUnknownError: HTTPStatus.NOT_FOUND,
    errors.CheckpointInvalidError: HTTPStatus.FORBIDDEN,
    errors.HeadUnprovenError: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""What each refusal is over HTTP (C2SP tlog-witness, add-checkpoint); a conflict has an answer of its own."""


def make() -> Flask:
    """The application for the witness in the folder that the environment names."""
    return create_app(folder.opened(Path(os.environ[HOME])))


def create_app(witness: Witness, *, clock: Callable[[], float] = time.time) -> Flask:
    """Build the application of *witness*; *clock* tells POSIX seconds."""
    app = Flask("witness", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_MOST
    by_hash = {hashlib.sha256(origin.encode()).hexdigest(): origin for origin in witness.logs}

    @app.post("/add-checkpoint")
    def add_checkpoint() -> Response:
        """Cosign a head that extends the last one; a refusal says why in one line."""
        try:
            line = witness.add_checkpoint(request.get_data(), now=int(clock()))
        except errors.SizeConflictError as conflict:
            return _answer(f"{conflict.size}\n", HTTPStatus.CONFLICT, SIZE)
        except tuple(STATUS) as refusal:
            app.logger.warning("refused: %s", refusal)
            return _answer(f"{refusal}\n", STATUS[type(refusal)])
        return _answer(line)

    @app.get("/<log>/checkpoint")
    def checkpoint(log: str) -> Response:
        """The newest head that was cosigned for a log, by the SHA-256 of its origin in hex."""
        note = witness.latest(by_hash[log]) if log in by_hash else None
        return _answer("not found\n", HTTPStatus.NOT_FOUND) if note is None else _answer(note)

    @app.get("/healthz")
    def alive() -> Response:
        """Whether this process answers."""
        return _answer("ok\n")

    return app


def _answer(text: str, status: HTTPStatus = HTTPStatus.OK, kind: str = NOTE) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(text, status=status, content_type=kind, headers=headers)
