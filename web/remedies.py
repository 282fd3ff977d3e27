"""Every code that a service can be answered with: what it means and what to do about it.

The one table behind the OpenAPI document, the page for developers and ``docs/guides/errors.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final


@dataclass(frozen=True, slots=True)
class Remedy:
    """One code: its status, what happened, and the next step of whoever reads it."""

    status: HTTPStatus
    means: str
    do: str


_OURS: Final = "Something is wrong on our side; nothing was released."
_TELL_US: Final = "Try once more after a minute; if it stays, tell the council, with the time."
_WAIT: Final = "Wait as long as Retry-After says, or a minute, and send the same again."

DATA_API: Final[Mapping[str, Remedy]] = {
    "malformed_request": Remedy(
        HTTPStatus.BAD_REQUEST, "A header or the body cannot be read.", "Mend the part that `detail` names."
    ),
    "bad_request": Remedy(
        HTTPStatus.BAD_REQUEST, "The request is not HTTP as it should be.", "Look at how it is put together."
    ),
    "invalid_client": Remedy(
        HTTPStatus.UNAUTHORIZED,
        "The client's assertion does not hold, or the service is suspended.",
        "Sign a fresh one: audience the issuer alone, at most 60 seconds, its `jti` used once.",
    ),
    "token_missing": Remedy(
        HTTPStatus.UNAUTHORIZED,
        "No access token was shown, or not as `Authorization: DPoP`.",
        "Show the token in that header alone, with a proof in `DPoP`.",
    ),
    "token_invalid": Remedy(
        HTTPStatus.UNAUTHORIZED,
        "The token has ended, is not yours, or the person changed what they share.",
        "Refresh it with the same key; where that fails, ask the person again.",
    ),
    "invalid_dpop_proof": Remedy(
        HTTPStatus.UNAUTHORIZED,
        "The proof is missing, or is for another method, address, token, key or minute.",
        "Make a fresh proof for this very call (RFC 9449, section 4.2), and check your clock.",
    ),
    "use_dpop_nonce": Remedy(
        HTTPStatus.UNAUTHORIZED,
        "The proof lacks the nonce of now.",
        "Make the proof again with the nonce in the `DPoP-Nonce` header, and send the same call.",
    ),
    "replayed": Remedy(
        HTTPStatus.UNAUTHORIZED, "This proof was shown before.", "Make a proof of its own for each call."
    ),
    "insufficient_user_authentication": Remedy(
        HTTPStatus.UNAUTHORIZED,
        "The sign-in behind the grant is too old, or too weak, for this purpose; it is in the log.",
        "Ask the person again, with the `acr_values` and `max_age` of `WWW-Authenticate` (RFC 9470).",
    ),
    "refused": Remedy(
        HTTPStatus.FORBIDDEN,
        "The rules said no; it is in the log, and the person sees it.",
        "Read `detail` and `because`. Asking again the same way gets the same answer.",
    ),
    "beyond_grant": Remedy(
        HTTPStatus.FORBIDDEN,
        "You asked for more than was granted.",
        "Ask for less: `missing` lists the fields that are not granted.",
    ),
    "not_allowed": Remedy(
        HTTPStatus.FORBIDDEN,
        "The rules do not let you do this under this grant; it is in the log.",
        "Check that the purpose may do it, that the fields are its own, and that the grant is active.",
    ),
    "not_found": Remedy(
        HTTPStatus.NOT_FOUND,
        "There is no such thing for you; absent and not yours look the same.",
        "Check the address and the id; ids are names for your service alone.",
    ),
    "method_not_allowed": Remedy(
        HTTPStatus.METHOD_NOT_ALLOWED, "This address does not take this method.", "Use one that `Allow` lists."
    ),
    "wrong_state": Remedy(
        HTTPStatus.CONFLICT, "That is not possible in the state it is in now.", "Read it again, then decide anew."
    ),
    "key_destroyed": Remedy(
        HTTPStatus.GONE, "The record was made unreadable for good.", "Stop asking; the person's record is closed."
    ),
    "version_passed": Remedy(
        HTTPStatus.PRECONDITION_FAILED,
        "The item is at another version than the one in `If-Match`; nothing was written.",
        "Read it again, look at what changed, and send the change on the version of now.",
    ),
    "precondition_needed": Remedy(
        HTTPStatus.PRECONDITION_REQUIRED,
        "A change must say which version it was made on.",
        'Send `If-Match` with the version that you read, as in `"3"`.',
    ),
    "idempotency_key_reused": Remedy(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This `Idempotency-Key` came before with another request; nothing was written.",
        "Make a key of its own for each thing you write; send the same key only to repeat the same request.",
    ),
    "request_too_large": Remedy(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is larger than this address takes.", "Send less at once."
    ),
    "request_entity_too_large": Remedy(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is larger than this address takes.", "Send less at once."
    ),
    "no_more": Remedy(
        HTTPStatus.FORBIDDEN,
        "The document may not be read any further: the person stopped sharing, or something it rested on changed.",
        "Throw away what came of it: it is not whole. Ask again only if you still need it.",
    ),
    "too_large": Remedy(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The document is larger than one may be.", "Send one of at most 100 MiB."
    ),
    "wrong_media_type": Remedy(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body is of another media type than this address takes.",
        "Send it with the `Content-Type` that the description names.",
    ),
    "invalid_input": Remedy(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A parameter or a member of the body is not as described.",
        "Mend what `detail` names; values are never quoted.",
    ),
    "unknown_field": Remedy(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A field is not in the catalogue.",
        "Use the names that the description lists for `fields`.",
    ),
    "too_many_requests": Remedy(HTTPStatus.TOO_MANY_REQUESTS, "Too many calls in too short a time.", _WAIT),
    "too_fast": Remedy(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Your service calls more often than it may, in all or about one person; nothing was opened.",
        "Wait as long as `Retry-After` says. `RateLimit` says with each answer how many calls are left.",
    ),
    "internal_error": Remedy(HTTPStatus.INTERNAL_SERVER_ERROR, _OURS, _TELL_US),
    "seal_broken": Remedy(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something in the record does not open; nothing was released.", _TELL_US
    ),
    "row_forged": Remedy(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something in the database was changed from outside.", _TELL_US
    ),
    "key_not_found": Remedy(HTTPStatus.INTERNAL_SERVER_ERROR, _OURS, _TELL_US),
    "unlogged_change": Remedy(HTTPStatus.INTERNAL_SERVER_ERROR, _OURS, _TELL_US),
    "key_store_unusable": Remedy(HTTPStatus.SERVICE_UNAVAILABLE, "The keys cannot be reached now.", _WAIT),
    "wrong_root_key": Remedy(HTTPStatus.SERVICE_UNAVAILABLE, "The keys cannot be reached now.", _WAIT),
    "commit_uncertain": Remedy(
        HTTPStatus.SERVICE_UNAVAILABLE, "Nobody knows whether it was kept; nothing was released.", _WAIT
    ),
    "database_read_only": Remedy(
        HTTPStatus.SERVICE_UNAVAILABLE, "Nothing can be logged now, so nothing is released.", _WAIT
    ),
    "busy": Remedy(HTTPStatus.SERVICE_UNAVAILABLE, "The database had no turn for this; nothing was kept.", _WAIT),
    "overloaded": Remedy(
        HTTPStatus.SERVICE_UNAVAILABLE, "As much is being answered as can be; nothing was begun.", _WAIT
    ),
    "schema_outdated": Remedy(HTTPStatus.SERVICE_UNAVAILABLE, "The vault is being brought up to date.", _WAIT),
}
"""Codes of problem details (RFC 9457), by the last part of ``type``."""

OAUTH: Final[Mapping[str, Remedy]] = {
    "invalid_request": Remedy(
        HTTPStatus.BAD_REQUEST, "A member of the form is missing, doubled or wrong.", "Mend what the text names."
    ),
    "invalid_client": DATA_API["invalid_client"],
    "invalid_scope": Remedy(HTTPStatus.BAD_REQUEST, "A scope other than `openid`.", "Ask with `scope=openid`."),
    "invalid_authorization_details": Remedy(
        HTTPStatus.BAD_REQUEST,
        "More than the purpose may have, or not as described (RFC 9396).",
        "Ask for less, or mend the member that the text names.",
    ),
    "invalid_binding_message": Remedy(
        HTTPStatus.BAD_REQUEST, "The message is not up to 20 plain characters.", "Shorten it to a reference."
    ),
    "invalid_dpop_proof": DATA_API["invalid_dpop_proof"],
    "use_dpop_nonce": Remedy(HTTPStatus.BAD_REQUEST, DATA_API["use_dpop_nonce"].means, DATA_API["use_dpop_nonce"].do),
    "invalid_grant": Remedy(
        HTTPStatus.BAD_REQUEST,
        "The handle is not known, not yours, used already, or its grant has ended.",
        "Ask the person again.",
    ),
    "unsupported_grant_type": Remedy(
        HTTPStatus.BAD_REQUEST, "This way to a token is not offered.", "Use one that the metadata lists."
    ),
    "authorization_pending": Remedy(
        HTTPStatus.BAD_REQUEST, "The person has not decided yet.", "Poll again after five seconds."
    ),
    "slow_down": Remedy(HTTPStatus.BAD_REQUEST, "You poll too often.", "Wait five seconds longer each time."),
    "expired_token": Remedy(
        HTTPStatus.BAD_REQUEST, "The request ended without an answer.", "Do not press; ask again when there is need."
    ),
    "access_denied": Remedy(
        HTTPStatus.BAD_REQUEST, "The person shared nothing.", "Go on without; they can share later if they want."
    ),
    "temporarily_unavailable": Remedy(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The vault cannot answer now. With 429: too many calls, or it is too soon to ask again after a no.",
        _WAIT,
    ),
    "request_not_supported": Remedy(
        HTTPStatus.BAD_REQUEST, "A signed request object is not taken here.", "Send the members as a form."
    ),
    "invalid_request_object": Remedy(
        HTTPStatus.BAD_REQUEST,
        "The signed request object does not hold (RFC 9101).",
        "Sign a fresh one: issuer your client id, audience the issuer, every member inside.",
    ),
    "unknown_user_id": Remedy(
        HTTPStatus.BAD_REQUEST,
        "The hint is not of a form that is taken.",
        "Use `ref:SYSTEM:VALUE` or `nhs:NUMBER:YYYY-MM-DD`.",
    ),
    "unauthorized_client": Remedy(
        HTTPStatus.BAD_REQUEST, "The service may not use this way to a token.", "Use one it is registered for."
    ),
    "unsupported_response_type": Remedy(
        HTTPStatus.BAD_REQUEST, "Only `response_type=code` is offered.", "Ask for a code, with PKCE."
    ),
    "unsupported_token_type": Remedy(
        HTTPStatus.BAD_REQUEST, "A token of this type cannot be given back.", "Leave `token_type_hint` out."
    ),
    "server_error": Remedy(HTTPStatus.INTERNAL_SERVER_ERROR, _OURS, _TELL_US),
}
"""Codes of the OAuth endpoints' ``error`` (RFC 6749, section 5.2, and what builds on it)."""
