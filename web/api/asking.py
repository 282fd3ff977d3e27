"""What both ways of asking a citizen share: checks of common members, and the words for what is refused."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from vault import requests
from vault.errors import (
    AskedTooSoonError,
    BeyondPurposeError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    UnknownFieldError,
)
from web.api.authlib_core import Client, OAuthRefusedError
from web.api.edge import edge
from web.schemas.access_details import DetailsRefusedError

SCOPE: Final = "openid"
_PLAIN: Final = re.compile(r"[A-Za-z0-9 .,:/()'-]*")
_REASONS: Final[Mapping[type[Exception], str]] = {
    BeyondPurposeError: "beyond-purpose",
    UnknownFieldError: "field-unknown",
}
"""What the log calls details that were refused."""


def check_client(form: Mapping[str, str], client: Client) -> None:
    """
    Refuse a form that speaks for another client than the one that authenticated.

    Raises:
        OAuthRefusedError: It does.
    """
    if form.get("client_id", client.slug) != client.slug:
        raise OAuthRefusedError("invalid_request", "client_id is not the client that authenticated")


def check_scope(form: Mapping[str, str]) -> None:
    """
    Refuse every scope but `SCOPE`.

    Raises:
        OAuthRefusedError: It is another one, or none.
    """
    if form.get("scope") != SCOPE:
        raise OAuthRefusedError(
            "invalid_scope", "the scope is `openid`; what is asked for stands in authorization_details"
        )


def check_message(form: Mapping[str, str]) -> None:
    """
    Refuse a binding message that is too long or not plain (CIBA Core 1.0, section 13).

    Raises:
        OAuthRefusedError: It is.
    """
    message = form.get("binding_message", "")
    if len(message) > requests.MOST_MESSAGE or not _PLAIN.fullmatch(message):
        raise OAuthRefusedError(
            "invalid_binding_message", f"a binding message has at most {requests.MOST_MESSAGE} plain characters"
        )


@contextmanager
def oauth_words() -> Iterator[None]:
    """
    Say in OAuth's words what the vault refuses of a request.

    Raises:
        OAuthRefusedError: It was refused.
    """
    try:
        yield
    except (DetailsRefusedError, BeyondPurposeError, UnknownFieldError) as error:
        reason = _REASONS.get(type(error))
        raise OAuthRefusedError("invalid_authorization_details", str(error), reason=reason) from error
    except AskedTooSoonError as error:
        seconds = max(1, math.ceil((error.until - edge().vault.clock()).total_seconds()))
        raise OAuthRefusedError(
            "temporarily_unavailable",
            "the answer was no: wait as long as Retry-After says before asking again",
            status=HTTPStatus.TOO_MANY_REQUESTS,
            headers={"Retry-After": str(seconds)},
            reason=error.code,
        ) from error
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
