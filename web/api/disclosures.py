"""A service reports that it passed on what it was shown."""

from http import HTTPStatus
from typing import Final

import orjson
from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint

from vault import access
from vault.access import Disclosure, Once
from web.api import openapi, reading, receipts
from web.api.described import ACTOR, PACE, PROMISE, PROOF, View, described, problems
from web.api.edge import API_PATH, edge
from web.api.pace import Tally
from web.api.proofs import nonce_of, shown_proof, shown_token
from web.api.records import KEY, once_each
from web.api.returning import MEDIA_TYPE, key_of, load, read_json
from web.limits import limiter
from web.schemas.records import PassedOn, Reported
from web.session import csrf

_PASSED_ON: Final = PassedOn()

blueprint = Blueprint("disclosures", __name__, url_prefix=API_PATH, description="Report what was passed on.")
limiter.limit(lambda: str(current_app.config["RECORDS_CALLS"]))(blueprint)


def init_app(app: Flask) -> None:
    """Offer the address; a token and its proof count here, no cookie."""
    csrf.exempt(blueprint)
    openapi.describe(app, blueprint)


def _described(view: View) -> View:
    body = {"required": True, "content": {MEDIA_TYPE: {"schema": PassedOn}}}
    return described(
        view,
        blueprint.doc(security=[{"dpop": []}], parameters=[KEY], requestBody=body),
        blueprint.response(HTTPStatus.CREATED, Reported, headers={**PROMISE, **PACE}),
        *problems(blueprint, "idempotency_key_reused", "wrong_media_type", "request_too_large"),
    )


class Disclosures(MethodView):
    """What a service passed on."""

    @_described
    def post(self) -> Response:
        """
        Report that you passed something on.

        The citizen reads in who looked: your service, what, to whom, why and when. The same `Idempotency-Key` with the
        same request is one report.
        """
        once_each(request.args)
        here, tally = edge(), Tally.of(current_app)
        handle = shown_token()
        proof, acting = shown_proof(handle), reading.acting_in(request.headers)
        key, body = key_of(request), read_json(request)
        loaded = load(_PASSED_ON, body)
        said = orjson.dumps([request.path, body], option=orjson.OPT_SORT_KEYS)
        told = Disclosure(
            fields=frozenset(loaded["fields_"]),
            recipient=loaded["recipient"].strip(),
            why=loaded["why"].strip(),
            on=loaded["on"],
            once=Once(key=key, request=said),
        )
        kept = access.report_with_token(
            here.vault, handle=handle, proof=proof, acting=acting, told=told, admit=tally.admit
        )
        headers = {receipts.HEADER: receipts.of(here.vault, kept), **nonce_of(here), **tally.headers}
        answer = orjson.dumps({"entry": kept.leaf_hash.hex()})
        return Response(answer, status=HTTPStatus.CREATED, mimetype=MEDIA_TYPE, headers=headers)


blueprint.route("/disclosures", parameters=[ACTOR, PROOF])(Disclosures)
