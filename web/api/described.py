"""How an operation of the data API describes itself: its problems with their remedies, and the headers all share.

What stands here goes into the OpenAPI document; what is enforced is enforced by the views and their schemas.
"""

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, Final, TypeVar

from flask_smorest import Blueprint

from web.api import dpop, receipts, structured
from web.errors import PROBLEM_TYPE
from web.remedies import DATA_API
from web.schemas.problems import Problem

View = TypeVar("View", bound=Callable[..., Any])
Decorate = Callable[[View], View]

EVERYWHERE: Final = (
    "malformed_request",
    "bad_request",
    "token_missing",
    "token_invalid",
    "invalid_dpop_proof",
    "use_dpop_nonce",
    "replayed",
    "insufficient_user_authentication",
    "refused",
    "not_allowed",
    "key_destroyed",
    "invalid_input",
    "too_many_requests",
    "too_fast",
    "internal_error",
    "seal_broken",
    "row_forged",
    "key_not_found",
    "unlogged_change",
    "key_store_unusable",
    "wrong_root_key",
    "commit_uncertain",
    "database_read_only",
    "busy",
    "schema_outdated",
)
"""What every call under a token can be answered with."""

ACTOR: Final = {
    "in": "header",
    "name": structured.HEADER,
    "required": False,
    "description": "Who acts, vouched for by the service (RFC 9651 dictionary of `reference`, `role` and `team`)."
    " Only a batch purpose may do without.",
    "schema": {
        "type": "string",
        "pattern": '^reference="[A-Za-z0-9-]{1,64}", role="[a-z-]{1,64}"(, team="[a-z-]{1,64}")?$',
        "examples": ['reference="hc-0417", role="care-worker", team="north"'],
    },
}
PROOF: Final = {
    "in": "header",
    "name": dpop.HEADER,
    "required": True,
    "description": "A proof of the token's key for this very call (RFC 9449, section 4.2).",
    "schema": {"type": "string"},
}
PROMISE: Final = {
    receipts.HEADER: {
        "description": "A signed promise that this call stands in the log: origin, leaf hash, time.",
        "schema": {"type": "string"},
    }
}
PACE: Final = {
    name: {"description": words, "schema": {"type": "string"}}
    for name, words in (
        (
            "RateLimit-Policy",
            "How many calls may be made, by service and by person (RateLimit header fields draft).",
        ),
        ("RateLimit", "How many are left until when, of the one that is nearest to its end."),
    )
}
_OF_STATUS: Final[dict[HTTPStatus, dict[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: {
        "WWW-Authenticate": {
            "description": "Which scheme, and which fault.",
            "schema": {"type": "string"},
            "required": True,
        }
    },
    HTTPStatus.TOO_MANY_REQUESTS: {
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}
    },
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}
    },
    HTTPStatus.METHOD_NOT_ALLOWED: {
        "Allow": {"description": "The methods there are.", "schema": {"type": "string"}, "required": True}
    },
}


def problems(blueprint: Blueprint, *codes: str, leaving_out: Collection[str] = ()) -> list[Decorate[Any]]:
    """Decorators that list what an operation can be refused with: *codes*, and those of every call."""
    by_status: dict[HTTPStatus, list[str]] = {}
    for code in dict.fromkeys([*(one for one in EVERYWHERE if one not in leaving_out), *codes]):
        by_status.setdefault(DATA_API[code].status, []).append(code)
    return [
        blueprint.alt_response(
            status,
            schema=Problem,
            content_type=PROBLEM_TYPE,
            description=" ".join(f"`{code}`: {DATA_API[code].means} {DATA_API[code].do}" for code in found),
            headers=_OF_STATUS.get(status),
        )
        for status, found in sorted(by_status.items())
    ]


def described(view: View, *decorators: Decorate[Any]) -> View:
    """*view* under *decorators*, the first of them outermost (flask-smorest's carry no types)."""
    for decorate in reversed(decorators):
        view = decorate(view)
    return view
