"""The local address: plain HTTP on this machine alone, for whoever knows the secret or may open the socket."""

import hmac
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from web.client import ClientError, ProblemError
from web.connector.jobs import Job, JobRefusedError
from web.connector.store import IdReusedError, Row, State
from web.connector.working import Worker

MOST_BYTES: Final = 64 * 1024


def app_for(worker: Worker, *, secret: str | None) -> Flask:
    """
    The application.

    Args:
        worker: What does the work.
        secret: What callers show as ``Authorization: Bearer``; None where a socket's permissions say who may call.
    """
    app = Flask("connector", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    here = _Calls(worker, secret)
    app.before_request(here.check)
    for method, path, view in (
        ("PUT", "/requests/<string:name>", here.ask),
        ("GET", "/requests/<string:name>", here.stands),
        ("GET", "/requests/<string:name>/records", here.records),
        ("DELETE", "/requests/<string:name>", here.give_back),
    ):
        app.add_url_rule(path, f"{method} {path}", view, methods=[method], provide_automatic_options=False)
    app.register_error_handler(ClientError, _vault_says)
    app.register_error_handler(HTTPException, _http)
    return app


@dataclass(frozen=True, slots=True)
class _Calls:
    """The four calls."""

    worker: Worker
    secret: str | None = field(repr=False)

    def check(self) -> tuple[Response, int] | None:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.secret is not None and not hmac.compare_digest(shown.encode(), self.secret.encode()):
            return _no("not_known", "show the connector's secret as `Authorization: Bearer`", HTTPStatus.UNAUTHORIZED)
        return None

    def ask(self, name: str) -> tuple[Response, int]:
        try:
            job = Job.of({**_body(), "id": name})
            self.worker.store.take([job], by_file=False, now=self.worker.clock())
        except JobRefusedError as error:
            return _no("invalid_input", str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
        except IdReusedError as error:
            return _no("id_reused", str(error), HTTPStatus.CONFLICT)
        row = self.worker.store.find(name)
        return _told(row, HTTPStatus.ACCEPTED) if row else _no("forgotten", "it came to its end", HTTPStatus.GONE)

    def stands(self, name: str) -> tuple[Response, int]:
        row = self.worker.store.find(name)
        return _told(row, HTTPStatus.OK) if row else _absent()

    def records(self, name: str) -> tuple[Response, int]:
        row = self.worker.store.find(name)
        if row is None or not row.is_shared:
            return _not_shared(row)
        return jsonify(self.worker.read(row)), HTTPStatus.OK

    def give_back(self, name: str) -> tuple[Response, int]:
        row = self.worker.store.find(name)
        if row is None or not row.is_shared:
            return _not_shared(row)
        self.worker.give_back(row)
        return jsonify({"id": name, "state": State.ENDED}), HTTPStatus.OK


def _not_shared(row: Row | None) -> tuple[Response, int]:
    return _no("not_shared", f"the request is `{row.state}`", HTTPStatus.CONFLICT) if row else _absent()


def _body() -> dict[str, Any]:
    held = request.get_json(silent=True)
    if not isinstance(held, dict):
        raise JobRefusedError("send a JSON object")
    return held


def _told(row: Row, status: HTTPStatus) -> tuple[Response, int]:
    more = {"code": row.code} if row.code else {}
    return jsonify({"id": row.job.id, "state": row.state, **more}), status


def _no(code: str, detail: str, status: int) -> tuple[Response, int]:
    return jsonify({"code": code, "detail": detail}), status


def _absent() -> tuple[Response, int]:
    return _no("not_found", "no such request is held here", HTTPStatus.NOT_FOUND)


def _vault_says(error: ClientError) -> tuple[Response, int]:
    """The vault's own no, with its code and remedy; 502 where there was no answer."""
    code, status = (error.code, error.status) if isinstance(error, ProblemError) else ("no_answer", 502)
    return jsonify({"code": code, "remedy": error.remedy}), status


def _http(error: HTTPException) -> tuple[Response, int]:
    return _no("bad_request", error.name, error.code or HTTPStatus.BAD_REQUEST)
