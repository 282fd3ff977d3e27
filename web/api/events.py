"""The events that services are told, as the OpenAPI document describes them (OpenAPI 3.1, ``webhooks``)."""

from typing import Any, Final

from vault.webhooks import HookEvent
from web.message_signatures import ALGORITHM
from web.webhooks import GOOD_FOR, TAG

_MEANS: Final = {
    HookEvent.GRANT_MADE: "A grant was made for this service.",
    HookEvent.GRANT_NARROWED: "It opens fewer fields; tokens of before are worthless.",
    HookEvent.GRANT_RENEWED: "It goes on for longer; tokens of before are worthless.",
    HookEvent.GRANT_WITHDRAWN: "It opens nothing any more.",
    HookEvent.GRANT_PAUSED: "It opens nothing while a case about it is open.",
    HookEvent.GRANT_RESUMED: "It opens what it did before it was paused.",
    HookEvent.GRANT_EXPIRED: "Its period is over.",
    HookEvent.GRANT_USED_UP: "Its uses are spent.",
    HookEvent.GRANT_EXPIRING: "It ends in a week, unless it is renewed. Not sent for grants shorter than a week.",
    HookEvent.DATA_CHANGED: "Something that it opens changed: read again. Many changes are one event.",
    HookEvent.DATA_ERASED: "The record is gone for good: erase copies as agreed (UK GDPR Art. 19).",
    HookEvent.TEST: "Nothing happened: an administrator tries whether word arrives.",
}

DESCRIPTION: Final = (
    "Sent by `POST` to the `webhook_uri` that is registered for the service; https alone, and no redirect is followed."
    " Answer with any 2xx within five seconds, and work afterwards. Anything else is tried again, later each time, for"
    " three days, under the same `id`; 410 ends it at once. An event may come twice, and two may come in another order"
    " than they happened: what counts is what the next call is answered. Every request is signed (RFC 9421) with a key"
    f" of `/jwks`, `{ALGORITHM}`, tag `{TAG}`, over method, address, content type and content digest (RFC 9530), good"
    f" for {GOOD_FOR} seconds. It names nobody and holds nothing of a record. "
)


def _body() -> dict[str, Any]:
    texts = {
        "id": "The event: remember it for three days, and take each once.",
        "event": "What happened.",
        "at": "When (RFC 3339, UTC).",
        "iss": "This vault.",
        "aud": "The client id of the service that is told.",
        "grant_id": "Which grant, as the token response named it; absent from a test.",
    }
    members: dict[str, dict[str, Any]] = {
        name: {"type": "string", "description": words} for name, words in texts.items()
    }
    members["id"]["format"] = "uuid"
    members["event"]["enum"] = [str(each) for each in HookEvent]
    members["at"]["format"] = "date-time"
    members["iss"]["format"] = "uri"
    members["grant_id"]["pattern"] = "^[0-9a-f]{32}$"
    required = [name for name in texts if name != "grant_id"]
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _header(name: str, words: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": True, "description": words, "schema": {"type": "string"}}


def described() -> dict[str, Any]:
    """The member ``webhooks`` of the document."""
    means = " ".join(f"`{event}`: {words}" for event, words in _MEANS.items())
    return {
        "event": {
            "post": {
                "summary": "A service is told what becomes of its grants.",
                "description": DESCRIPTION + means,
                "operationId": "event",
                "parameters": [
                    _header("Content-Digest", "SHA-256 of the body (RFC 9530)."),
                    _header("Signature-Input", "What is signed, when, by which key (RFC 9421, section 4.1)."),
                    _header("Signature", "The signature (RFC 9421, section 4.2)."),
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": _body()}}},
                "responses": {
                    "2XX": {"description": "Taken."},
                    "410": {"description": "Nothing more of this event is wanted here."},
                    "default": {"description": "Not taken: it comes again."},
                },
            }
        }
    }
