"""A service asks an absent citizen: CIBA Core 1.0 by poll and ping, with rich authorization requests (RFC 9396)."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from vault import access, pings, purposes, requests
from vault.errors import InvalidInputError
from web.api import jar
from web.api.asking import check_client, check_message, check_scope, oauth_words
from web.api.authlib_core import AUTH_METHOD, Client, Endpoint, OAuthRefusedError
from web.api.edge import API_PATH, edge
from web.api.forms import form as sent_form
from web.schemas import access_details
from web.schemas.access_details import Wanted

NAME: Final = "backchannel_authentication"
LONGEST_WAIT: Final = int(requests.LONGEST_WAIT.total_seconds())
NOTIFY: Final = "client_notification_token"
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,1024}=*")
"""RFC 6750, section 2.1; CIBA Core 1.0, section 7.1."""
_DIGITS: Final = re.compile(r"[0-9]{1,7}")


class BackchannelAuthentication(Endpoint):  # type: ignore[misc] # Authlib carries no types
    """``POST /oauth/bc-authorize``. Known and unknown people get the same answer."""

    ENDPOINT_NAME = NAME

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:  # noqa: ANN401 -- Authlib's own request
        """Authenticate the client, read what it asks for, and put that before the citizen."""
        form = sent_form()
        client: Client = self.server.authenticate_client(request, [AUTH_METHOD], NAME)
        form = jar.read(form, client)
        _check_form(form, client)
        asked = _ask(form, client)
        return (
            HTTPStatus.OK,
            {"auth_req_id": asked.handle, "expires_in": asked.expires_in, "interval": asked.interval},
            [],
        )


def _check_form(form: dict[str, str], client: Client) -> None:
    check_client(form, client)
    check_scope(form)
    if "login_hint_token" in form or "id_token_hint" in form or "login_hint" not in form:
        raise OAuthRefusedError("invalid_request", "name the person by login_hint, and by nothing else")
    check_message(form)
    if NOTIFY in form and (client.notification_endpoint is None or not _TOKEN.fullmatch(form[NOTIFY])):
        raise OAuthRefusedError(
            "invalid_request", f"{NOTIFY} needs a registered address, and has at most 1024 plain characters"
        )


def _ask(form: dict[str, str], client: Client) -> requests.Asked:
    with oauth_words():
        wanted = access_details.parse(form.get(access_details.PARAMETER, ""), location=edge().url(API_PATH))
        hint = _hint(form["login_hint"])
        confirmed = access.confirm_hint(edge().vault, actor=client.actor, hint=hint)
        with edge().vault.transaction(client.actor) as ctx:
            purpose = purposes.find(ctx, slug=wanted.purpose)
            ask = _asked(form, client, wanted, wanted.fields_for(purpose), hint, confirmed)
            asked = requests.ask(ctx, asked=ask)
            if token := form.get(NOTIFY):
                waits = timedelta(seconds=asked.expires_in)
                pings.promise(ctx, service_id=client.service_id, handle=asked.handle, token=token, waits=waits)
            return asked


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
