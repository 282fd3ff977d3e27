"""A service asks an absent citizen: CIBA Core 1.0 in poll mode, with rich authorization requests (RFC 9396)."""

import re
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from vault import access, purposes, requests
from vault.errors import BeyondPurposeError, InvalidInputError, NotAllowedError, NotFoundError, UnknownFieldError
from web.api.authlib_core import AUTH_METHOD, Client, Endpoint, OAuthRefusedError
from web.api.edge import API_PATH, edge
from web.api.forms import form as sent_form
from web.schemas import access_details
from web.schemas.access_details import DetailsRefusedError, Wanted

NAME: Final = "backchannel_authentication"
SCOPE: Final = "openid"
LONGEST_WAIT: Final = int(requests.LONGEST_WAIT.total_seconds())
_PLAIN: Final = re.compile(r"[A-Za-z0-9 .,:/()'-]*")
_DIGITS: Final = re.compile(r"[0-9]{1,7}")


class BackchannelAuthentication(Endpoint):  # type: ignore[misc] # Authlib carries no types
    """``POST /oauth/bc-authorize``. Known and unknown people get the same answer."""

    ENDPOINT_NAME = NAME

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:  # noqa: ANN401 -- Authlib's own request
        """Authenticate the client, read what it asks for, and put that before the citizen."""
        form = sent_form()
        client: Client = self.server.authenticate_client(request, [AUTH_METHOD], NAME)
        _check_form(form, client)
        asked = _ask(form, client)
        return (
            HTTPStatus.OK,
            {"auth_req_id": asked.handle, "expires_in": asked.expires_in, "interval": asked.interval},
            [],
        )


def _check_form(form: dict[str, str], client: Client) -> None:
    if form.get("client_id", client.slug) != client.slug:
        raise OAuthRefusedError("invalid_request", "client_id is not the client that authenticated")
    if "request" in form:
        raise OAuthRefusedError("request_not_supported", "signed request objects are not taken")
    if form.get("scope") != SCOPE:
        raise OAuthRefusedError(
            "invalid_scope", "the scope is `openid`; what is asked for stands in authorization_details"
        )
    if "login_hint_token" in form or "id_token_hint" in form or "login_hint" not in form:
        raise OAuthRefusedError("invalid_request", "name the person by login_hint, and by nothing else")
    message = form.get("binding_message", "")
    if len(message) > requests.MOST_MESSAGE or not _PLAIN.fullmatch(message):
        raise OAuthRefusedError(
            "invalid_binding_message", f"a binding message has at most {requests.MOST_MESSAGE} plain characters"
        )


def _ask(form: dict[str, str], client: Client) -> requests.Asked:
    try:
        wanted = access_details.parse(form.get(access_details.PARAMETER, ""), location=edge().url(API_PATH))
        hint = _hint(form["login_hint"])
        confirmed = access.confirm_hint(edge().vault, actor=client.actor, hint=hint)
        with edge().vault.transaction(client.actor) as ctx:
            purpose = purposes.find(ctx, slug=wanted.purpose)
            ask = _asked(form, client, wanted, wanted.fields_for(purpose), hint, confirmed)
            return requests.ask(ctx, asked=ask)
    except (DetailsRefusedError, BeyondPurposeError, UnknownFieldError) as error:
        raise OAuthRefusedError("invalid_authorization_details", str(error), reason=_reason(error)) from error
    except NotAllowedError as error:
        raise OAuthRefusedError(
            "access_denied",
            "this service may not ask for that purpose",
            status=HTTPStatus.FORBIDDEN,
            reason="purpose-not-registered",
            logged=error.logged,
        ) from error
    except NotFoundError as error:
        raise OAuthRefusedError(
            "invalid_authorization_details",
            "the purpose or the reference is not one you may name",
            reason="purpose-or-reference-unknown",
        ) from error
    except InvalidInputError as error:
        raise OAuthRefusedError("invalid_request", str(error)) from error


def _reason(error: Exception) -> str:
    """What the log calls it."""
    known: dict[type[Exception], str] = {BeyondPurposeError: "beyond-purpose", UnknownFieldError: "field-unknown"}
    return known.get(type(error), "invalid_authorization_details")


def _asked(
    form: dict[str, str],
    client: Client,
    wanted: Wanted,
    fields: frozenset[str],
    hint: requests.Hint,
    confirmed: UUID | None,
) -> requests.Ask:
    return requests.Ask(
        service_id=client.service_id,
        hint=hint,
        purpose=wanted.purpose,
        fields=fields,
        days=wanted.days,
        uses=wanted.uses,
        binding_message=form.get("binding_message", ""),
        reason=wanted.reason,
        case_reference=wanted.case_reference,
        expires_in=_expiry(form.get("requested_expiry")),
        confirmed=confirmed,
    )


def _hint(text: str) -> requests.Hint:
    """The hint, if it has a form at all. Whether it names anyone is not said here (CIBA Core 1.0, section 15)."""
    try:
        return requests.Hint.parse(text)
    except InvalidInputError as error:
        raise OAuthRefusedError("unknown_user_id", str(error)) from error


def _expiry(text: str | None) -> int | None:
    if text is None:
        return None
    if not _DIGITS.fullmatch(text) or not 0 < int(text) <= LONGEST_WAIT:
        raise OAuthRefusedError("invalid_request", f"requested_expiry is 1 to {LONGEST_WAIT} seconds")
    return int(text)
